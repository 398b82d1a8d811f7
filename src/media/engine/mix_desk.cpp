#include "media/engine/mix_desk.hpp"

#include "media/dsp/level.hpp"
#include "media/engine/stream.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace switchroom::media {

MixDesk::MixDesk(BeatClock& clock, asio::io_context& call_context, const MixSettings& settings)
    : clock_(clock),
      call_context_(call_context),
      settings_(settings),
      mixer_(settings.rate, settings.comfort_noise) {
  clock_.join(*this, nullptr);
}
MixDesk::~MixDesk() { clock_.leave(*this); }

// -- seats -------------------------------------------------------------------------------------------

MixDesk::Member MixDesk::sit(Stream& stream, const MixRole& role, std::shared_ptr<SeatBlock> block) {
  const Member member = mixer_.join(role);
  if (member >= seats_.size()) {
    seats_.resize(member + 1);
  }
  seats_[member] = Seat{&stream, std::move(block), std::nullopt, false};
  ++seated_;
  clock_.unite(*this, stream);
  return member;
}

void MixDesk::rise(Member member) {
  mixer_.leave(member);
  seats_[member] = Seat{};
  --seated_;
}

Choir* MixDesk::join_choir(const ChoirKey& key) {
  auto found = std::ranges::find_if(choirs_, [&](const auto& one) { return one->key() == key; });
  if (found == choirs_.end()) {
    choirs_.push_back(std::make_unique<Choir>(key));
    found = choirs_.end() - 1;
  }
  (*found)->add_member();
  return found->get();
}

void MixDesk::leave_choir(Choir* choir) {
  if (!choir->remove_member()) {
    std::erase_if(choirs_, [&](const auto& one) { return one.get() == choir; });
  }
}

// -- sounds that are played, and taps ----------------------------------------------------------------

void MixDesk::play(Number number, std::unique_ptr<Player> player, std::shared_ptr<PlayHandle> handle,
                   std::uint32_t to) {
  player->change_rate(rate());
  const Member member = mixer_.join({.speaks = to, .hears = 0});
  playings_.push_back({number, std::move(player), std::move(handle), member});
}

MixDesk::Playing* MixDesk::find(Number number) {
  const auto found = std::ranges::find(playings_, number, &Playing::number);
  return found == playings_.end() ? nullptr : &*found;
}

void MixDesk::stop(Number number) {
  if (Playing* const playing = find(number)) {
    playing->handle.reset();
    playing->player->stop();
  }
}

void MixDesk::pause(Number number, bool on) {
  if (Playing* const playing = find(number)) {
    playing->player->pause(on);
  }
}

void MixDesk::seek(Number number, base::Duration by) {
  if (Playing* const playing = find(number)) {
    playing->player->seek(by);
  }
}

void MixDesk::add_tap(Number number, std::shared_ptr<TapRing> ring, std::uint32_t hears) {
  const Member member = mixer_.join({.speaks = 0, .hears = hears});
  taps_.push_back({number, member, std::make_unique<TapWriter>(std::move(ring))});
}

void MixDesk::remove_tap(Number number) {
  const auto found = std::ranges::find(taps_, number, &TapEntry::number);
  if (found != taps_.end()) {
    mixer_.leave(found->member);
    taps_.erase(found);
  }
}

void MixDesk::close() {
  for (Playing& playing : playings_) {
    mixer_.leave(playing.member);
  }
  for (TapEntry& tap : taps_) {
    mixer_.leave(tap.member);
  }
  playings_.clear();
  taps_.clear();
}

// -- the beat ----------------------------------------------------------------------------------------

/// True: its gate is open.
bool MixDesk::put(Member member, Seat& seat, std::span<const std::int16_t> frame) {
  if (!mixer_.hear(member, mean_amplitude(frame))) {
    seat.resampling = false;  // most of a room, most of the time
    return false;
  }
  const auto from = static_cast<unsigned>(frame.size() * 50);
  if (from == rate()) {
    mixer_.say(member, frame);
    return true;
  }
  if (!seat.resampler || seat.resampler->from() != from) {
    seat.resampler.emplace(from, rate());
  } else if (!seat.resampling) {
    seat.resampler->reset();
  }
  seat.resampling = true;
  std::array<std::int16_t, 960> converted;
  const auto out = std::span(converted).first(mixer_.frame_size());
  seat.resampler->convert(frame, out);
  mixer_.say(member, out);
  return true;
}

void MixDesk::play_on() {
  std::array<std::int16_t, 960> buffer;
  const auto pcm = std::span(buffer).first(mixer_.frame_size());
  for (Playing& playing : playings_) {
    if (playing.player->read(pcm)) {
      mixer_.put(playing.member, pcm);
    }
  }
}

void MixDesk::end_players() {
  for (Playing& playing : playings_) {
    if (!playing.player->over()) {
      continue;
    }
    mixer_.leave(playing.member);
    playing.player.reset();
    if (playing.handle != nullptr) {
      asio::post(call_context_, [handle = std::move(playing.handle)] {
        const auto tell = handle->on_end;
        if (tell) {
          tell();
        }
      });
    }
  }
  std::erase_if(playings_, [](const Playing& playing) { return playing.player == nullptr; });
}

void MixDesk::tell(Member member, Seat& seat) {
  seat.block->energy.store(mixer_.energy(member), std::memory_order_relaxed);
  const bool talking = mixer_.talking(member);
  if (talking == seat.block->talking.load(std::memory_order_relaxed)) {
    return;
  }
  seat.block->talking.store(talking, std::memory_order_relaxed);
  asio::post(call_context_, [block = seat.block, talking] {
    const auto tell = block->on_talking;  // a copy: the seat may go while it runs
    if (tell) {
      tell(talking);
    }
  });
}

void MixDesk::blend(base::Time) {
  for (Member member = 0; member < seats_.size(); ++member) {
    Seat& seat = seats_[member];
    if (seat.stream == nullptr) {
      continue;
    }
    bool used = false;
    if (const auto frame = seat.stream->spoken(); !frame.empty()) {
      used = put(member, seat, frame);
    } else if (const auto amplitude = seat.stream->undecoded()) {
      used = mixer_.hear(member, *amplitude);
    }
    seat.stream->end_hearing(used);
  }
  play_on();
  mixer_.mix();
  for (Member member = 0; member < seats_.size(); ++member) {
    Seat& seat = seats_[member];
    if (seat.stream != nullptr) {
      tell(member, seat);
      seat.stream->choose_words();
    }
  }
  for (const auto& choir : choirs_) {
    const Mixer::Audience audience = choir->key().audience;
    choir->speak(mixer_.shared(audience), settings_.sends_silence || !mixer_.is_silent(audience));
  }
  for (TapEntry& tap : taps_) {
    tap.writer->write(mixer_.output(tap.member), {});
  }
  if (!playings_.empty()) {
    end_players();
  }
}

}  // namespace switchroom::media
