// Music that all hear at the same point.
#include "media/engine/player.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <memory>
#include <vector>

namespace switchroom::media {
namespace {

constexpr unsigned rate = 16000;

/// Ten seconds, of which every sample says where it stands: a slow ramp.
SoundPtr ramp() {
  Sound sound{.rate = rate, .samples = {}};
  for (int i = 0; i < 10 * 16000; ++i) {
    sound.samples.push_back(static_cast<std::int16_t>(1000 + i / 10));
  }
  return std::make_shared<const Sound>(std::move(sound));
}

Player listener(const SoundPtr& sound, unsigned at) {
  return Player({SharedStream{sound}}, {}, at, std::make_shared<PlayProgress>());
}

/// The level of the last sample of one beat.
int heard(Player& player, unsigned at) {
  std::vector<std::int16_t> pcm(at / 50);
  CHECK(player.read(pcm));
  return pcm.back();
}

TEST_CASE("who comes later, and who hears another rate, hears the same point") {
  const SoundPtr sound = ramp();
  Player first = listener(sound, rate);
  (void)heard(first, rate);
  Player second = listener(sound, rate);
  Player narrow = listener(sound, 8000);
  // A few milliseconds lie between their first beats: 16 steps of the ramp in each.
  const int here = heard(first, rate);
  const int there = heard(second, rate);
  const int slow = heard(narrow, 8000);
  const bool round_the_end = here > 16000 || there < 1500 || slow < 1500;
  CHECK((round_the_end || std::abs(here - there - 32) < 800));
  CHECK((round_the_end || std::abs(there - slow) < 800));
}

TEST_CASE("it goes round for ever") {
  const SoundPtr sound = ramp();
  Player player = listener(sound, rate);
  int rounds = 0;
  int before = 0;
  for (int beat = 0; beat < 50 * 25; ++beat) {
    const int now = heard(player, rate);
    rounds += now < before - 8000 ? 1 : 0;
    before = now;
  }
  CHECK(rounds >= 2);
  CHECK_FALSE(player.over());
  player.stop();
  std::vector<std::int16_t> pcm(rate / 50);
  (void)player.read(pcm);
  CHECK(player.over());
}

TEST_CASE("a stream of nothing is over at once") {
  Player player = listener(std::make_shared<const Sound>(), rate);
  CHECK(player.over());
}

}  // namespace
}  // namespace switchroom::media
