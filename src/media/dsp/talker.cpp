#include "media/dsp/talker.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace switchroom::media {
namespace {

constexpr unsigned click_hold = 5;  // frames
constexpr unsigned longest_hold = 25;
constexpr unsigned hold_for_each = 3;             // loud frame
constexpr std::uint32_t window = (1U << 10) - 1;  // frames that are looked at for a beginning
constexpr int needed = 4;                         // loud ones among them
constexpr unsigned end_after = 40;                // frames of quiet

const float up = std::pow(10.0F, 6.0F / 20 / 50);  // for each frame
const float down = std::pow(10.0F, -20.0F / 20 / 50);
constexpr float least_factor = 0.125F;  // 18 dB each way
constexpr float greatest_factor = 8;
constexpr float memory = 1.0F / 32;  // of the level: about 0.6 s of speech

}  // namespace

void TalkDetector::hear(unsigned energy, unsigned level) {
  if (level == 0) {
    *this = {};
    open_ = loud_ = true;
    return;
  }
  // What is open closes at a lower level than it opens at: syllables end softly.
  loud_ = energy >= (open_ ? level - level * 3 / 10 : level);
  recent_ = (recent_ << 1U | (loud_ ? 1U : 0U)) & window;
  if (loud_) {
    open_ = true;
    quiet_ = 0;
    hold_ = std::min(std::max(hold_, click_hold) + hold_for_each, longest_hold);
  } else if (++quiet_ > hold_) {
    open_ = false;
    hold_ = 0;
  }
  if (!talking_) {
    talking_ = std::popcount(recent_) >= needed;
  } else if (quiet_ >= end_after) {
    talking_ = false;
    recent_ = 0;
  }
}

float AutoGain::hear(unsigned energy, unsigned target, bool speech) {
  float wanted = factor_;
  if (target == 0) {
    wanted = 1;
    level_ = 0;
  } else if (speech) {
    const auto now = static_cast<float>(energy);
    level_ = level_ == 0 ? now : level_ + (now - level_) * memory;
    wanted = std::clamp(static_cast<float>(target) / std::max(level_, 1.0F), least_factor, greatest_factor);
  }
  factor_ = std::clamp(wanted, factor_ * down, factor_ * up);
  return factor_;
}

}  // namespace switchroom::media
