// From a peer's packets to an even stream of sound: order, delay, decoding, concealment.
#pragma once

#include "base/clock.hpp"
#include "media/codec/codec.hpp"
#include "media/rtp/packet.hpp"

#include <cstdint>
#include <memory>
#include <span>

namespace switchroom::media {

/// What a packet that is put into a Playout carries.
struct PlayoutKind {
  enum class What : std::uint8_t { sound, comfort_noise, event };
  What what = What::sound;
  sdp::CodecId codec = sdp::CodecId::pcmu;  // of sound
  std::uint32_t clock_rate = 8000;          // Hz of the timestamps
};

/// Counted since the beginning, over all sources.
struct PlayoutStatistics {
  std::uint64_t played_ms = 0;     // pulled since the first packet, silence included
  std::uint64_t concealed_ms = 0;  // of that: made up in place of lost or late packets
  std::uint64_t recovered = 0;     // packets restored from FEC
  std::uint64_t late = 0;          // came after their time and were dropped
  std::uint64_t duplicates = 0;
  std::uint64_t reordered = 0;  // came after a later one, and in time
  std::uint64_t resets = 0;     // new source, sequence or timestamp began anew
  std::uint64_t undecodable = 0;
  std::uint64_t overflows = 0;  // dropped because too much was waiting
  double delay_ms = 0;          // from arrival to being played, lately
  double target_ms = 0;         // what the adaptation aims at

  /// The counters of both; the delays stay ours.
  void add(const PlayoutStatistics& more);
};

/// The adaptive jitter buffer with its decoders. Pure: no socket, no clock of its own, so that an hour
/// passes in a second in its tests. One owner, any thread; no allocation per packet once warm.
///
/// Sound is pulled at a steady beat, at one rate, whatever the peer sends (any codec, 10 to 120 ms, in any
/// mix). The delay adapts to the jitter that is measured, as small as it can be: a packet waits for the
/// beat and little more on a clean network. It is changed, and a peer's clock that runs fast or slow is
/// followed, by stretching or shrinking sound by whole pitch periods, or silence, never by a click.
class Playout {
 public:
  struct Settings {
    unsigned rate = 8000;  // Hz of what pull() gives: 8000, 16000, 24000 or 48000
    base::Duration max_delay = std::chrono::milliseconds(300);
  };
  explicit Playout(const Settings& settings);
  ~Playout();
  Playout(const Playout&) = delete;
  Playout& operator=(const Playout&) = delete;

  /// An accepted packet in the order of its arrival. `payload` is copied.
  void put(const RtpPacket& packet, std::span<const std::uint8_t> payload, const PlayoutKind& kind,
           base::Time now);

  /// A packet that nobody wants to hear: what waits is dropped, and so is this. Numbers, timestamps and
  /// delays are followed, so that the next put() begins as well as one after a silence does.
  void pass_over(const RtpPacket& packet, const PlayoutKind& kind, base::Time now);

  enum class Heard : std::uint8_t {
    nothing_yet,  // no packet came, or the first still waits: silence
    sound,
    concealed,  // at least partly
    comfort_noise,
    silence  // the peer sends nothing (silence suppression, key press, end): faded out
  };
  /// Fills `pcm` with the next sound: 20 ms at each beat (10 ms is right too).
  Heard pull(std::span<std::int16_t> pcm, base::Time now);

  /// What waits is dropped (end of a hold); statistics stay.
  void restart();
  /// The beat has moved: what waits longer than it must is caught up with, a pitch period at a time.
  void catch_up();

  [[nodiscard]] const PlayoutStatistics& statistics() const;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace switchroom::media
