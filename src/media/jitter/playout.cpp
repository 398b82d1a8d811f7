// Playout: from packets that wait to sound, beat by beat. playout_state.hpp says which times there are.
#include "media/dsp/level.hpp"
#include "media/jitter/playout_state.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

namespace switchroom::media {
namespace {

constexpr double silent_after = 60;  // ms of concealment that a listener takes for sound
constexpr double longest_gap = 120;  // ms of loss that is filled in before what comes behind it is played
constexpr double patience = 10000;   // ms for which losses are expected to go on

double in_ms(base::Time now) {
  return std::chrono::duration<double, std::milli>(now.time_since_epoch()).count();
}

}  // namespace

void PlayoutStatistics::add(const PlayoutStatistics& more) {
  played_ms += more.played_ms;
  concealed_ms += more.concealed_ms;
  recovered += more.recovered;
  late += more.late;
  duplicates += more.duplicates;
  reordered += more.reordered;
  resets += more.resets;
  undecodable += more.undecodable;
  overflows += more.overflows;
}

/// Whether what waits may begin to sound: the first packet has been here for the margin.
bool Playout::State::ready(double now) {
  const PacketStore::Packet* const first = packets_.first_from(next_);
  return first != nullptr && now - first->arrival_ms >= std::min(playout_margin + delays_.usual(), 60.0);
}

void Playout::State::append_concealed(double ms) {
  const auto count = static_cast<std::size_t>(std::lround(ms)) * per_ms_;
  const std::size_t at = waiting_.size();
  waiting_.resize(at + count);
  for (std::size_t done = 0; done < count;) {
    const std::size_t piece = std::min<std::size_t>(count - done, std::size_t{per_ms_} * 20);
    decoders_.conceal(std::span(waiting_).subspan(at + done, piece));
    done += piece;
  }
  statistics.concealed_ms += static_cast<std::uint64_t>(std::lround(ms));
}

/// The packets between what was played and `next` are lost, or there was silence between, or none is.
void Playout::State::fill_gap(const PacketStore::Packet& next) {
  const double made_up = std::exchange(made_up_, 0);
  const double missing = static_cast<double>(next.number - next_) * packet_ms_;
  const bool event = next.kind.what == PlayoutKind::What::event;
  const double gap = event ? missing : media_ms(next) - tail_;
  if (pressed_ || std::fabs(gap - missing) > packet_ms_ / 2) {  // silence, or another count of time
    fade_out();
    return;
  }
  // What was made up counts for what is lost; the rest of it made the delay longer.
  statistics.concealed_ms += static_cast<std::uint64_t>(std::lround(made_up));
  const double owed = std::min(missing - made_up, longest_gap);
  if (owed <= 0) {
    const bool repairable =
        missing > 0 && !event && decoders_.carries_previous(next.kind.codec, next.payload);
    repair_until_ = repairable ? media_ms(next) + patience : repair_until_;
    return;
  }
  if (!playing_) {
    statistics.concealed_ms += static_cast<std::uint64_t>(std::lround(owed));
    return;
  }
  if (event || owed < packet_ms_ - 1 || !recover(next)) {
    append_concealed(owed);
  }
}

/// The packet before `next`, by what `next` says of it; what is lost before that is made up.
bool Playout::State::recover(const PacketStore::Packet& next) {
  if (!decoders_.carries_previous(next.kind.codec, next.payload)) {
    return false;
  }
  repair_until_ = media_ms(next) + patience;
  const double before = static_cast<double>(next.number - next_ - 1) * packet_ms_;
  append_concealed(std::min(before, longest_gap));
  const std::size_t at = waiting_.size();
  waiting_.resize(at + static_cast<std::size_t>(std::lround(packet_ms_)) * per_ms_);
  if (!decoders_.recover(next.kind.codec, next.payload, std::span(waiting_).subspan(at))) {
    waiting_.resize(at);
    append_concealed(packet_ms_);
    return true;
  }
  ++statistics.recovered;
  return true;
}

/// What waits is the last for a while: it ends without a click.
void Playout::State::fade_out() {
  const std::size_t size = std::min<std::size_t>(waiting_.size(), std::size_t{per_ms_} * 2);
  ramp(std::span(waiting_).last(size), 1, 0);
  playing_ = false;
}

void Playout::State::take_sound(const PacketStore::Packet& packet) {
  const std::size_t count = decoders_.duration(packet.kind.codec, packet.payload);
  const std::size_t at = waiting_.size();
  waiting_.resize(at + count);
  if (count == 0 || !decoders_.decode(packet.kind.codec, packet.payload, std::span(waiting_).subspan(at))) {
    waiting_.resize(at);
    ++statistics.undecodable;
    return;
  }
  packet_ms_ = static_cast<double>(count) / per_ms_;
  if (!playing_) {
    ramp(std::span(waiting_).subspan(at, std::min<std::size_t>(count, std::size_t{per_ms_} * 2)), 0, 1);
  }
  tail_ = media_ms(packet) + packet_ms_;
  playing_ = true;
  noisy_ = false;
  pressed_ = false;
}

void Playout::State::take(const PacketStore::Packet& packet) {
  switch (packet.kind.what) {
    case PlayoutKind::What::sound: take_sound(packet); break;
    case PlayoutKind::What::comfort_noise:
      noise_.describe(packet.payload);
      noisy_ = true;
      fade_out();
      break;
    case PlayoutKind::What::event:
      pressed_ = true;
      fade_out();
      break;
  }
}

/// Takes the next packet in; false: there is none.
bool Playout::State::take_next() {
  PacketStore::Packet* const packet = packets_.first_from(next_);
  if (packet == nullptr) {
    return false;
  }
  if (begun_) {
    fill_gap(*packet);
  }
  begun_ = true;
  const std::int64_t step = packet->number - next_ + 1;
  taken_ = step < 64 ? (taken_ << static_cast<unsigned>(step)) | 1U : 1U;
  next_ = packet->number + 1;
  take(*packet);
  packets_.drop(*packet);
  return true;
}

void Playout::State::fetch(std::size_t wanted, double now) {
  while (waiting_.size() < wanted) {
    PacketStore::Packet* const next = packets_.first_from(next_);
    if (next == nullptr) {
      return;
    }
    if (!playing_ && !ready(now)) {
      return;
    }
    (void)take_next();
  }
}

/// Nothing is there in time: the end of the sound, a packet that is late or lost, or silence.
void Playout::State::underrun(std::span<std::int16_t> pcm) {
  const double ms = static_cast<double>(pcm.size()) / per_ms_;
  if (noisy_) {
    noise_.make(pcm);
    return;
  }
  if (!playing_) {
    std::ranges::fill(pcm, std::int16_t{0});
    return;
  }
  decoders_.conceal(pcm);
  if (made_up_ + ms >= silent_after) {
    ramp(pcm, 1, 0);
    playing_ = false;
  }
  made_up_ += ms;
}

Playout::Heard Playout::State::pull(std::span<std::int16_t> pcm, double now) {
  if (!started_) {
    std::ranges::fill(pcm, std::int16_t{0});
    return Heard::nothing_yet;
  }
  const double asked = static_cast<double>(pcm.size()) / per_ms_;
  const std::uint64_t concealed_before = statistics.concealed_ms;
  fetch(pcm.size(), now);
  if (playing_) {
    adapt(now);
    fetch(pcm.size(), now);
    statistics.delay_ms += (delay(now) - statistics.delay_ms) / 16;
  }
  statistics.target_ms = aim();
  statistics.played_ms += static_cast<std::uint64_t>(asked);
  const std::size_t there = std::min(pcm.size(), waiting_.size());
  std::copy_n(waiting_.begin(), there, pcm.begin());
  waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(there));
  if (there == pcm.size()) {
    return statistics.concealed_ms > concealed_before ? Heard::concealed : Heard::sound;
  }
  const bool was_playing = playing_;
  underrun(pcm.subspan(there));
  if (noisy_) {
    return Heard::comfort_noise;
  }
  return was_playing && !pressed_ ? Heard::concealed : Heard::silence;
}

void Playout::State::drop_waiting() {
  packets_.clear();
  waiting_.clear();
  next_ = highest_ + 1;
  taken_ = 0;
  begun_ = playing_ = pressed_ = noisy_ = false;
  made_up_ = 0;
}

void Playout::State::restart() {
  drop_waiting();
  decoders_.reset();
  delays_.reset();
}

// -- the class ---------------------------------------------------------------------------------------

Playout::Playout(const Settings& settings) : state_(std::make_unique<State>(settings)) {}
Playout::~Playout() = default;

void Playout::put(const RtpPacket& packet, std::span<const std::uint8_t> payload, const PlayoutKind& kind,
                  base::Time now) {
  state_->put(packet, payload, kind, in_ms(now));
}

void Playout::pass_over(const RtpPacket& packet, const PlayoutKind& kind, base::Time now) {
  state_->pass_over(packet, kind, in_ms(now));
}

Playout::Heard Playout::pull(std::span<std::int16_t> pcm, base::Time now) {
  return state_->pull(pcm, in_ms(now));
}
void Playout::restart() { state_->restart(); }

void Playout::catch_up() { state_->catch_up(); }
const PlayoutStatistics& Playout::statistics() const { return state_->statistics; }

}  // namespace switchroom::media
