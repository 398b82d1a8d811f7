#include "media/engine/choir.hpp"

#include <algorithm>

namespace switchroom::media {
namespace {

constexpr unsigned silence_tail = 25;  // beats of silence that are sent before sending ceases
constexpr double forgets = 0.98;       // of the loss that was reported, at each report

}  // namespace

bool ChoirKey::operator==(const ChoirKey& other) const {
  return audience == other.audience && codec.codec == other.codec.codec && codec.rate == other.codec.rate &&
         codec.ptime == other.codec.ptime && codec.peer_fmtp == other.codec.peer_fmtp &&
         clock_rate == other.clock_rate && comfort_noise == other.comfort_noise;
}

Choir::Choir(const ChoirKey& key) : key_(key) { mouth_.agree(key.codec, key.clock_rate, key.comfort_noise); }

void Choir::begin_to_listen(std::span<const std::int16_t> before) {
  if (listeners_++ == 0) {
    mouth_.prime(before);
  }
  mouth_.begin_afresh();
}

void Choir::speak(std::span<const std::int16_t> pcm, bool sends) {
  count_ = 0;
  if (listeners_ == 0) {
    mouth_.drop_rest();
    return;
  }
  silent_beats_ = sends ? 0 : std::min(silent_beats_ + 1, silence_tail + 1);
  mouth_.say(pcm, 1, silent_beats_ > 0);
  while (const auto packet = mouth_.next()) {
    if (count_ == packets_.size()) {
      continue;
    }
    Packet& out = packets_[count_++];
    const bool sent = silent_beats_ <= silence_tail || packet->noise;
    out.size = sent ? packet->payload.size() : 0;
    out.units = packet->units;
    out.noise = packet->noise;
    std::copy_n(packet->payload.begin(), out.size, out.bytes.begin());
  }
}

void Choir::expect_loss(double fraction) {
  loss_ = std::max(fraction, loss_ * forgets);
  mouth_.expect_loss(loss_);
}

}  // namespace switchroom::media
