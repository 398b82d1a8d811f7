// Playout: the delay follows what the network asks for.
#include "media/jitter/playout_state.hpp"

namespace switchroom::media {
namespace {

constexpr double impatience = 400;  // ms of waiting for a period that can be cut, then it is cut anyhow

}  // namespace

/// Brings the delay nearer to what the network asks for, a pitch period at a time.
void Playout::State::adapt(double now) {
  trim(now);
  const double late = delay(now) - aim();
  if (late < 1) {
    stretching_ = true;
    shrinking_ = false;
  } else if (late > playout_beat + playout_margin + 7) {
    shrinking_ = true;
    stretching_ = false;
  }
  stretching_ = stretching_ && late < playout_beat + 1;
  shrinking_ = shrinking_ && late > playout_margin + 4;
  if (!stretching_ && !shrinking_) {
    since_change_ = 0;
    return;
  }
  since_change_ += playout_beat;
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
  while (over > playout_beat && packets_.size() > 0) {
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

}  // namespace switchroom::media
