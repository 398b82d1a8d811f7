// The media engine as call control sees it: ports that carry one leg's audio, linked in pairs.
#pragma once

#include "base/asio.hpp"
#include "base/clock.hpp"
#include "base/net.hpp"
#include "base/result.hpp"
#include "media/sound.hpp"
#include "media/tap.hpp"
#include "sdp/negotiate.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace switchroom::media {

/// What a leg's packets amounted to, for its record and for `pbxctl call show`.
struct StreamStatistics {
  std::uint64_t received = 0;  // RTP packets that were accepted
  std::uint64_t sent = 0;
  std::uint64_t lost = 0;                           // RFC 3550 A.3, never negative
  double jitter_ms = 0;                             // RFC 3550 A.8
  std::uint64_t strangers = 0;                      // packets from a source that the latching rule refused
  std::uint64_t malformed = 0;                      // not RTP, or an unknown payload type
  std::uint64_t unwanted = 0;                       // dropped because of direction (hold) or no partner
  std::uint64_t forged = 0;                         // SRTP that did not prove to be the peer's
  std::uint64_t replayed = 0;                       // SRTP that came before, or far too late
  double round_trip_ms = 0;                         // from RTCP; 0 unknown
  double remote_lost_fraction = 0;                  // what the peer's RTCP says of our stream
  bool heard = false;                               // anything was accepted at all
  base::Endpoint latched;                           // where packets come from; port 0: nothing yet
  sdp::CodecId codec = sdp::CodecId::pcmu;          // of the last packet accepted
  std::optional<sdp::CryptoSuite> handshake_suite;  // that a DTLS handshake agreed on; empty: none did yet
  // Of sound that was decoded here (zero while packets were only passed on).
  std::uint64_t played_ms = 0;
  std::uint64_t concealed_ms = 0;
  std::uint64_t recovered = 0;  // packets restored from opus FEC
  std::uint64_t late = 0;       // came too late to be played
  std::uint64_t duplicates = 0;
  std::uint64_t reordered = 0;
  std::uint64_t resets = 0;     // new SSRC, sequence or timestamp began anew
  double buffer_ms = 0;         // delay of the jitter buffer, lately
  double mos = 0;               // E-model, of what we receive (quality.hpp); 0: nothing was received
  base::Duration silent_for{};  // since the last accepted packet, or since sound was agreed on
};

/// A key press, told as it begins and again as it ends.
struct Digit {
  char key = 0;  // 0-9 * # A-D
  bool ended = false;
  base::Duration length{};  // of a press that ended
  enum class Form : std::uint8_t { event, tone } form = Form::event;
  bool relayed = false;  // the partner hears it already, in its own RFC 4733
};

/// What became of a DTLS handshake (RFC 5763). Nothing is sent or taken before it is `secured`.
struct HandshakeEnd {
  enum class Outcome : std::uint8_t {
    secured,
    overdue,  // not done in its time; it is tried again when the plan is applied again
    failed    // the peer is not who the signalling named, or shares nothing with us
  } outcome = Outcome::secured;
  base::Endpoint peer;  // whom it was made with, or was to be
  std::string what;     // in words
};

/// What a port tells its leg; called on the call thread.
struct PortEvents {
  std::function<void()> on_first_packet;                  // early or real sound arrived
  std::function<void(base::Duration silent)> on_timeout;  // nothing for rtp_timeout (or the hold one)
  std::function<void(const Digit& digit)> on_digit;
  std::function<void()> on_forged;  // once: what comes from the peer's address fails its SRTP check
  std::function<void(const HandshakeEnd& end)> on_handshake;  // of the RTP; once for each handshake
};

/// How the port guards and watches its stream; from the profile and the leg's signalling.
struct PortSettings {
  base::IpAddress local;            // bind here
  base::IpAddress signalling_peer;  // where the leg's SIP comes from: the only other address that may latch
  base::Duration rtp_timeout{};     // zero: never
  base::Duration hold_timeout{};
};

/// Sound that is being played to a port's peer. Destroying it stops the sound, with a ramp of some
/// milliseconds, and its end is not told. Call thread.
class Playback {
 public:
  virtual ~Playback() = default;
  virtual void pause(bool on) = 0;
  /// Forward or back within the item that sounds; not past its ends.
  virtual void seek(base::Duration by) = 0;
  [[nodiscard]] virtual base::Duration position() const = 0;  // of the whole list, lately
};
struct PlaySettings {
  unsigned loops = 1;  // 0: for ever
  double gain_db = 0;
  bool over = false;  // mixed with what the peer hears anyway; otherwise instead of it
};

/// What a port does to key presses that are heard as tones.
enum class ToneKeys : std::uint8_t {
  ignored,
  told,      // on_digit; the tone goes on to the partner as sound
  taken_out  // on_digit; the partner gets silence in its place, since it hears the press in another form
};

/// A leg's media port. Owned by the leg, used on the call thread alone; the socket lives on a media
/// thread and everything here posts to it, in order. Destroying it closes the socket and unlinks; from
/// then on none of its events is delivered, not even one that was on its way.
class Port {
 public:
  virtual ~Port() = default;
  [[nodiscard]] virtual base::Endpoint local_rtp() const = 0;  // bound address and even port
  [[nodiscard]] virtual std::uint16_t local_rtcp_port() const = 0;
  /// Applies a negotiated plan (again after each re-negotiation). Packets flow from here on, or from when
  /// the handshake that it asks for is done. Applied again it gives that its full time, again.
  virtual void apply(const sdp::MediaPlan& plan) = 0;
  /// Sends each accepted packet back to its sender (application `echo`).
  virtual void echo(bool on) = 0;

  /// Plays one thing after another to the peer; newer playing takes the place of older. `on_end`: all was
  /// played (not when it was stopped or replaced), on the call thread. While it plays nothing else is sent,
  /// unless settings.over.
  virtual std::unique_ptr<Playback> play(PlayList list, const PlaySettings& settings,
                                         std::function<void()> on_end) = 0;
  /// A few tones over whatever the peer hears, which goes on; a newer chime takes the place of an older one.
  virtual void chime(const ToneScript& tones) = 0;
  /// Presses a key towards the peer: RFC 4733 if it was agreed on, else as a tone. It begins when all that
  /// were pressed before are done; `length` zero: it ends by release().
  virtual void press(char key, base::Duration length) = 0;
  void press(char key) { press(key, base::Duration::zero()); }
  virtual void release() = 0;
  virtual void listen_for_tones(ToneKeys what) = 0;
  /// Louder or softer, -40 to 40 dB: what we hear of the peer, and what it hears. 0: untouched, and then
  /// it forces no decoding.
  virtual void amplify(double received_db, double sent_db) = 0;
  /// Copies of what is received and sent, for as long as the tap lives; several at once are allowed.
  virtual std::unique_ptr<Tap> tap(const TapSettings& settings) = 0;

  [[nodiscard]] virtual StreamStatistics statistics() const = 0;  // at any time, without waiting
};

/// Two ports hear each other for as long as this lives: packets are passed on where both agreed on the
/// codec and nobody needs the sound, decoded and encoded otherwise; the engine changes over by itself. The
/// second port is moved to the media thread of the first when it lives elsewhere; no packet is lost by the
/// move. It may go before or after its ports, but before the engine; a newer link of one of its ports takes
/// that port over.
class Link {
 public:
  virtual ~Link() = default;
};

/// Who hears whom in a mix: a member hears those of whom it listens to one of the groups that they speak
/// in, and never itself. All ones: a conference. Whispering: the supervisor speaks in a group of his own
/// to which only the agent listens. Who speaks in no group (and is not watched) is not decoded.
struct MixRole {
  std::uint32_t speaks = ~0U;
  std::uint32_t hears = ~0U;
  double gain_db = 0;    // of what it says
  double listen_db = 0;  // of what it hears
  /// The mean amplitude (0 to 32767) from which on sound is speech. What is below it is left out, as are
  /// faint echoes of what the member hears. 0: everything is mixed, and nobody counts as talking.
  unsigned energy_level = 0;
  bool ungated = false;    // mixed below energy_level, too
  unsigned auto_gain = 0;  // the mean amplitude that its voice is brought to; 0: as it is
  bool watched = false;    // its talking is told even while it speaks in no group

  [[nodiscard]] bool is_heard() const { return speaks != 0 || watched; }
  bool operator==(const MixRole&) const = default;
};

/// What is known of a member's sound, lately.
struct SeatState {
  unsigned energy = 0;  // mean amplitude of 20 ms, before any gain
  bool talking = false;
};

/// A port's place in a mix, for as long as this lives. Any link of the port is over; a newer link or seat
/// takes the port over. Call thread.
class MixSeat {
 public:
  virtual ~MixSeat() = default;
  virtual void change(const MixRole& role) = 0;
  [[nodiscard]] virtual SeatState state() const = 0;
};

/// N inputs to N outputs, each without its own. Lives on one media thread, to which its members are moved.
/// Members who hear the same in the same codec get one encoding of it. It may go before or after its
/// seats, but before the engine; what it plays and its taps go before it.
class Mix {
 public:
  virtual ~Mix() = default;
  /// `on_talking`: the member begins or ceases to talk; on the call thread, until the seat goes.
  virtual std::unique_ptr<MixSeat> join(Port& port, const MixRole& role,
                                        std::function<void(bool talking)> on_talking) = 0;
  std::unique_ptr<MixSeat> join(Port& port, const MixRole& role) { return join(port, role, {}); }
  /// Plays to all who hear one of the groups `to`, beside what is said there. Several at once are allowed.
  /// settings.over means nothing here.
  virtual std::unique_ptr<Playback> play(PlayList list, const PlaySettings& settings, std::uint32_t to,
                                         std::function<void()> on_end) = 0;
  /// All that is said and played in the groups `hears`, as `received`.
  virtual std::unique_ptr<Tap> tap(const TapSettings& settings, std::uint32_t hears) = 0;
};

struct MixSettings {
  unsigned rate = 8000;        // Hz at which it mixes: 8000, 16000, 32000 or 48000
  bool comfort_noise = false;  // a faint noise, so that nobody takes silence for a dead line
  /// Packets are sent while nothing is to be heard. Otherwise the last of them has a silence behind it.
  bool sends_silence = true;
};

class Engine {
 public:
  struct Settings {
    std::uint16_t first_port = 16384;
    std::uint16_t last_port = 32768;
    unsigned threads = 0;  // 0: one for each core
  };
  enum class OpenError : std::uint8_t { ports_used_up, cannot_bind };

  /// Starts the media threads. `call_context`: where PortEvents are delivered.
  static std::unique_ptr<Engine> start(asio::io_context& call_context, Settings settings);
  virtual ~Engine() = default;  // joins the threads; all ports and links must be gone

  /// An even RTP port and the odd one above it, picked at random in the range (a stranger cannot guess
  /// where the next call will be). Never blocks on a media thread. A port that will be linked with
  /// `beside` (may be null) is opened on that port's media thread, so that the link moves nothing.
  virtual base::result<std::unique_ptr<Port>, OpenError> open(const PortSettings& settings, PortEvents events,
                                                              const Port* beside) = 0;
  base::result<std::unique_ptr<Port>, OpenError> open(const PortSettings& settings, PortEvents events) {
    return open(settings, std::move(events), nullptr);
  }
  virtual std::unique_ptr<Link> link(Port& a, Port& b) = 0;
  virtual std::unique_ptr<Mix> mix(const MixSettings& settings) = 0;
  std::unique_ptr<Mix> mix(unsigned rate) { return mix(MixSettings{.rate = rate}); }
  /// Of the certificate that every DTLS handshake shows; made at the start, gone with the process.
  [[nodiscard]] virtual const sdp::Fingerprint& fingerprint() const = 0;
  /// New port range after a reload; open ports stay.
  virtual void configure(const Settings& settings) = 0;
  [[nodiscard]] virtual std::size_t open_ports() const = 0;
  struct Totals {
    std::uint64_t relayed = 0, dropped = 0, strangers = 0;
  };
  [[nodiscard]] virtual Totals totals() const = 0;
};

}  // namespace switchroom::media
