// The state behind Playout. Three times meet here, all as milliseconds in doubles: arrivals and beats (our
// clock), and media time (the peer's timestamps, each divided by its clock rate). What waits as samples ends
// at media time tail_; each packet that is taken moves it on.
#include "media/jitter/playout.hpp"

#include "media/codec/comfort_noise.hpp"
#include "media/dsp/level.hpp"
#include "media/jitter/decoders.hpp"
#include "media/jitter/delay_estimator.hpp"
#include "media/jitter/packet_store.hpp"
#include "media/jitter/time_scale.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>
#include <vector>

namespace switchroom::media {
namespace {

constexpr double margin = 3;         // ms that a packet shall be there before it is needed
constexpr double beat = 20;          // ms: sound is taken in such pieces
constexpr double silent_after = 60;  // ms of concealment that a listener takes for sound
constexpr double longest_gap = 120;  // ms of loss that is filled in before what comes behind it is played
constexpr int far_numbers = 500;     // packets: a greater step is a source that began anew
constexpr double patience = 10000;   // ms for which losses are expected to go on
constexpr double impatience = 400;   // ms of waiting for a period that can be cut, then it is cut anyhow

double in_ms(base::Time now) {
  return std::chrono::duration<double, std::milli>(now.time_since_epoch()).count();
}

}  // namespace

class Playout::State {
 public:
  explicit State(const Settings& settings)
      : settings_(settings), per_ms_(settings.rate / 1000), decoders_(settings.rate), scale_{settings.rate} {
    waiting_.reserve(std::size_t{per_ms_} * 400);
    scaled_.reserve(std::size_t{per_ms_} * 400);
  }

  void put(const RtpPacket& packet, std::span<const std::uint8_t> payload, const PlayoutKind& kind,
           double now);
  void pass_over(const RtpPacket& packet, const PlayoutKind& kind, double now);
  Heard pull(std::span<std::int16_t> pcm, double now);
  void restart();
  void catch_up() { shrinking_ = true; }
  PlayoutStatistics statistics;

 private:
  // Arrival.
  void drop_waiting();
  bool place(const RtpPacket& packet, std::uint32_t clock_rate);
  void begin_anew(const RtpPacket& packet);
  void watch_delay(const PacketStore::Packet& packet);

  // Playing.
  bool ready(double now);
  void fetch(std::size_t wanted, double now);
  bool take_next();
  void take(const PacketStore::Packet& packet);
  void take_sound(const PacketStore::Packet& packet);
  void fill_gap(const PacketStore::Packet& next);
  bool recover(const PacketStore::Packet& next);
  void fade_out();
  void append_concealed(double ms);
  void underrun(std::span<std::int16_t> pcm);
  void adapt(double now);
  void trim(double now);
  [[nodiscard]] double media_ms(const PacketStore::Packet& packet) const {
    return static_cast<double>(packet.media) * 1000 / packet.kind.clock_rate;
  }
  [[nodiscard]] double waiting_ms() const { return static_cast<double>(waiting_.size()) / per_ms_; }
  /// How long after the fastest possible packet the next sample is played.
  [[nodiscard]] double delay(double now) const { return now - (tail_ - waiting_ms()) - delays_.base(); }
  [[nodiscard]] double aim() const {
    const auto most = std::chrono::duration<double, std::milli>(settings_.max_delay).count();
    return std::min(delays_.usual() + (tail_ < repair_until_ ? packet_ms_ : 0), most);
  }

  Settings settings_;
  unsigned per_ms_;  // samples
  Decoders decoders_;
  TimeScale scale_;
  DelayEstimator delays_;
  PacketStore packets_;
  ComfortNoise noise_;
  bool noisy_ = false;  // the peer described its silence

  // Numbers.
  bool started_ = false;
  std::uint32_t ssrc_ = 0;
  std::int64_t highest_ = 0;        // number of the newest packet
  std::int64_t highest_media_ = 0;  // its extended timestamp
  std::uint32_t clock_rate_ = 8000;
  std::int64_t next_ = 0;                        // number of the packet whose turn it is
  std::uint64_t taken_ = 0;                      // bit n: packet next_ - 1 - n was played
  std::optional<std::uint16_t> restart_number_;  // what would follow a packet that was far off
  std::int64_t number_ = 0;                      // of the packet that is being placed
  std::int64_t media_ = 0;

  // Sound.
  std::vector<std::int16_t> waiting_;  // decoded
  std::vector<std::int16_t> scaled_;
  double tail_ = 0;          // media time behind waiting_
  double packet_ms_ = 20;    // of the last packet
  bool begun_ = false;       // a packet was taken since this source began
  bool playing_ = false;     // sound was taken since the last silence
  bool pressed_ = false;     // a key is being pressed: its silence is no loss
  double made_up_ = 0;       // ms since the last packet was taken
  double repair_until_ = 0;  // media time until which a packet is waited for that may repair another
  bool stretching_ = false;
  bool shrinking_ = false;
  double since_change_ = 0;  // ms in which no period was found
};

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

// -- arrival -----------------------------------------------------------------------------------------

void Playout::State::begin_anew(const RtpPacket& packet) {
  statistics.resets += started_ ? 1 : 0;
  started_ = true;
  ssrc_ = packet.ssrc;
  highest_ = number_ = (std::int64_t{1} << 20) + packet.sequence;
  highest_media_ = media_ = (std::int64_t{1} << 34) + packet.timestamp;
  next_ = number_;
  taken_ = 0;
  packets_.clear();
  delays_.reset();
  restart_number_.reset();
  begun_ = false;
  pressed_ = false;
  noisy_ = false;
  made_up_ = 0;
  repair_until_ = 0;
  fade_out();
}

/// Extends number and timestamp; false: a packet from far off, which may be the first of a new count.
bool Playout::State::place(const RtpPacket& packet, std::uint32_t clock_rate) {
  if (!started_ || packet.ssrc != ssrc_) {
    begin_anew(packet);
    clock_rate_ = clock_rate;
    return true;
  }
  const auto step = static_cast<std::int16_t>(packet.sequence - static_cast<std::uint16_t>(highest_));
  if (std::abs(step) > far_numbers) {
    const bool expected = restart_number_ == packet.sequence;
    restart_number_ = static_cast<std::uint16_t>(packet.sequence + 1U);
    if (!expected) {
      return false;
    }
    begin_anew(packet);
    clock_rate_ = clock_rate;
    return true;
  }
  restart_number_.reset();
  number_ = highest_ + step;
  if (clock_rate != clock_rate_) {  // another codec: its timestamps count in other units
    highest_media_ = highest_media_ * clock_rate / clock_rate_;
    const auto low = static_cast<std::uint32_t>(highest_media_);
    // Where they stand is taken from the packet, when it is near by neither count.
    const auto off = static_cast<std::int32_t>(packet.timestamp - low);
    highest_media_ += off;
    clock_rate_ = clock_rate;
    delays_.reset();
  }
  media_ = highest_media_ +
           static_cast<std::int32_t>(packet.timestamp - static_cast<std::uint32_t>(highest_media_));
  if (step > 0) {
    highest_ = number_;
    highest_media_ = media_;
  }
  return true;
}

void Playout::State::watch_delay(const PacketStore::Packet& packet) {
  if (packet.kind.what != PlayoutKind::What::event) {  // an event's timestamp stands still
    (void)delays_.on_packet(packet.arrival_ms, media_ms(packet));
  }
}

void Playout::State::put(const RtpPacket& packet, std::span<const std::uint8_t> payload,
                         const PlayoutKind& kind, double now) {
  const std::int64_t newest = highest_;
  const bool had_started = started_;
  // An event's clock may be another than that of the sound around it: only its number counts.
  const bool event = kind.what == PlayoutKind::What::event;
  if (!place(packet, event && started_ ? clock_rate_ : kind.clock_rate)) {
    return;
  }
  const PacketStore::Packet head{.number = number_,
                                 .media = media_,
                                 .marker = packet.marker,
                                 .kind = kind,
                                 .arrival_ms = now,
                                 .payload = {}};
  if (number_ < next_) {
    const std::int64_t back = next_ - 1 - number_;
    const bool was_taken = back < 64 && ((taken_ >> static_cast<unsigned>(back)) & 1U) != 0;
    ++(was_taken ? statistics.duplicates : statistics.late);
    if (!was_taken) {
      watch_delay(head);  // so that the next one of its kind is waited for
    }
    return;
  }
  if (number_ >= next_ + PacketStore::capacity) {  // nobody pulled for more than a second
    statistics.overflows += packets_.size();
    packets_.clear();
    next_ = number_;
    taken_ = 0;
    begun_ = false;
    fade_out();
  }
  if (!packets_.put(number_, head, payload)) {
    ++statistics.duplicates;
    return;
  }
  if (had_started && number_ < newest) {
    ++statistics.reordered;
  }
  watch_delay(head);
}

void Playout::State::pass_over(const RtpPacket& packet, const PlayoutKind& kind, double now) {
  if (!place(packet, kind.clock_rate)) {
    return;
  }
  drop_waiting();
  watch_delay({.number = number_, .media = media_, .kind = kind, .arrival_ms = now, .payload = {}});
}

// -- playing -----------------------------------------------------------------------------------------

/// Whether what waits may begin to sound: the first packet has been here for the margin.
bool Playout::State::ready(double now) {
  const PacketStore::Packet* const first = packets_.first_from(next_);
  return first != nullptr && now - first->arrival_ms >= std::min(margin + delays_.usual(), 60.0);
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

/// Brings the delay nearer to what the network asks for, a pitch period at a time.
void Playout::State::adapt(double now) {
  trim(now);
  const double late = delay(now) - aim();
  if (late < 1) {
    stretching_ = true;
    shrinking_ = false;
  } else if (late > beat + margin + 7) {
    shrinking_ = true;
    stretching_ = false;
  }
  stretching_ = stretching_ && late < beat + 1;
  shrinking_ = shrinking_ && late > margin + 4;
  if (!stretching_ && !shrinking_) {
    since_change_ = 0;
    return;
  }
  since_change_ += beat;
  const bool must = since_change_ > impatience;
  const std::size_t least = std::size_t{per_ms_} * 20;
  if (waiting_.size() < least) {
    return;
  }
  if (shrinking_) {
    // Never so far that the next packet would be needed before it is here.
    const bool more = packets_.find(next_) != nullptr;
    if (!more && waiting_.size() < least + std::size_t{per_ms_} * 10) {
      shrinking_ = false;
      return;
    }
    const std::size_t shorter = scale_.shorten(waiting_, must);
    waiting_.resize(waiting_.size() - shorter);
    since_change_ = shorter > 0 ? 0 : since_change_;
    return;
  }
  scaled_.resize(waiting_.size() + std::size_t{per_ms_} * 10);
  const std::size_t longer = scale_.lengthen(waiting_, scaled_, must);
  if (longer > 0) {
    scaled_.resize(waiting_.size() + longer);
    waiting_.swap(scaled_);
    since_change_ = 0;
  }
}

/// Far too much waits (the network held packets back and then let them all go): the oldest is dropped.
void Playout::State::trim(double now) {
  const double most = aim() + 120;
  double over = delay(now) - most;
  while (over > beat && packets_.size() > 0) {
    statistics.overflows += 1;
    PacketStore::Packet* const oldest = packets_.first_from(next_);
    next_ = oldest->number + 1;
    taken_ = 0;
    fade_out();
    over -= packet_ms_;
    tail_ = media_ms(*oldest) + packet_ms_;
    packets_.drop(*oldest);
  }
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
