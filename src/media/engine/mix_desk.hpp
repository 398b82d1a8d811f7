// A mix on its media thread: the streams that sit at it, and the sum that each of them hears.
#pragma once

#include "base/asio.hpp"
#include "media/dsp/resampler.hpp"
#include "media/engine/beat_clock.hpp"
#include "media/engine/choir.hpp"
#include "media/engine/mixer.hpp"
#include "media/engine/play_handle.hpp"
#include "media/engine/tap_ring.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace switchroom::media {

class Stream;
using MixId = std::uint64_t;  // 0: none

/// What the two halves of a seat share, since either may go first.
struct SeatBlock {
  std::atomic<unsigned> energy{0};
  std::atomic<bool> talking{false};
  std::function<void(bool talking)> on_talking;  // call thread alone; emptied when the seat goes
};

/// Made by the first stream that sits down or the first sound that is played or tapped, gone when nothing
/// of that is left. Media thread.
class MixDesk final : public Beating {
 public:
  using Member = Mixer::Member;
  using Number = std::uint64_t;  // of a playing or a tap

  MixDesk(BeatClock& clock, asio::io_context& call_context, const MixSettings& settings);
  MixDesk(const MixDesk&) = delete;
  MixDesk& operator=(const MixDesk&) = delete;
  ~MixDesk() override;

  [[nodiscard]] unsigned rate() const { return mixer_.rate(); }
  [[nodiscard]] bool sends_silence() const { return settings_.sends_silence; }
  [[nodiscard]] bool empty() const { return seated_ == 0 && playings_.empty() && taps_.empty(); }

  Member sit(Stream& stream, const MixRole& role, std::shared_ptr<SeatBlock> block);
  void change(Member member, const MixRole& role) { mixer_.change(member, role); }
  void rise(Member member);

  /// What a member hears in this beat, at rate().
  [[nodiscard]] std::span<const std::int16_t> output(Member member) const { return mixer_.output(member); }
  [[nodiscard]] bool hears_shared(Member member) const { return mixer_.hears_shared(member); }
  [[nodiscard]] bool is_silent(Member member) const {
    return mixer_.hears_shared(member) && mixer_.is_silent(mixer_.audience(member));
  }
  [[nodiscard]] Mixer::Audience audience(Member member) const { return mixer_.audience(member); }
  [[nodiscard]] std::span<const std::int16_t> heard_before(Member member) const {
    return mixer_.shared_before(mixer_.audience(member));
  }

  /// The choir of those who have this in common, made if it is new; each has to leave it again.
  Choir* join_choir(const ChoirKey& key);
  void leave_choir(Choir* choir);

  void play(Number number, std::unique_ptr<Player> player, std::shared_ptr<PlayHandle> handle,
            std::uint32_t to);
  void stop(Number number);
  void pause(Number number, bool on);
  void seek(Number number, base::Duration by);
  void add_tap(Number number, std::shared_ptr<TapRing> ring, std::uint32_t hears);
  void remove_tap(Number number);
  /// Its Mix is gone: what is played ends.
  void close();

 private:
  void hear(base::Time) override {}
  void blend(base::Time now) override;
  void speak(base::Time) override {}

  struct Seat {
    Stream* stream = nullptr;          // not owned: it rises before it goes; null: free
    std::shared_ptr<SeatBlock> block;  // why shared: see SeatBlock
    std::optional<Resampler>
        resampler;            // from what the stream hears; made when it first has something to say
    bool resampling = false;  // in the beat before
  };
  struct Playing {
    Number number = 0;
    std::unique_ptr<Player> player;
    std::shared_ptr<PlayHandle> handle;  // null: it was stopped, and its end is not told
    Member member = 0;
  };
  struct TapEntry {
    Number number = 0;
    Member member = 0;
    std::unique_ptr<TapWriter> writer;
  };
  bool put(Member member, Seat& seat, std::span<const std::int16_t> frame);
  void play_on();
  void end_players();
  void tell(Member member, Seat& seat);
  Playing* find(Number number);

  BeatClock& clock_;
  asio::io_context& call_context_;
  MixSettings settings_;
  Mixer mixer_;
  std::vector<Seat> seats_;  // by member
  std::size_t seated_ = 0;
  std::vector<std::unique_ptr<Choir>> choirs_;
  std::vector<Playing> playings_;
  std::vector<TapEntry> taps_;
};

}  // namespace switchroom::media
