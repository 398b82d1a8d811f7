// The tones of the world: what is in the table, and how it sounds.
#include "sounds/tones.hpp"

#include "config/keys.hpp"
#include "support/print_result.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <numbers>
#include <set>
#include <string>
#include <vector>

namespace switchroom::sounds {
namespace {

constexpr unsigned rate = 8000;

std::vector<std::int16_t> sound(std::string_view name, std::string_view country, double seconds) {
  auto script = named_tone(name, country);
  REQUIRE(script);
  media::ToneGenerator tone(*script, rate);
  std::vector<std::int16_t> pcm(static_cast<std::size_t>(seconds * rate));
  CHECK(tone.read(pcm) == pcm.size());  // for ever
  return pcm;
}

/// The amplitude of `frequency` between two times, in seconds.
double level(const std::vector<std::int16_t>& pcm, double from, double to, double frequency) {
  double real = 0;
  double imaginary = 0;
  const auto first = static_cast<std::size_t>(from * rate);
  const auto last = static_cast<std::size_t>(to * rate);
  for (std::size_t i = first; i < last; ++i) {
    const double angle = 2 * std::numbers::pi * frequency * static_cast<double>(i) / rate;
    real += pcm[i] * std::cos(angle);
    imaginary += pcm[i] * std::sin(angle);
  }
  return 2 * std::hypot(real, imaginary) / static_cast<double>(last - first);
}

TEST_CASE("every tone of every country sounds, for ever") {
  CHECK(national_tones().size() >= 12);
  std::set<std::string_view> countries;
  for (const NationalTones& tones : national_tones()) {
    INFO(tones.country);
    CHECK(countries.insert(tones.country).second);
    for (const char* const name : {"ring", "busy", "congestion", "dial"}) {
      INFO(name);
      const auto pcm = sound(name, tones.country, 20);
      CHECK(*std::max_element(pcm.begin(), pcm.end()) > 3000);
    }
  }
}

TEST_CASE("ringing in Germany: one second of 425 Hz, four of silence") {
  const auto pcm = sound("ring", "de", 10);
  CHECK(level(pcm, 0.1, 0.9, 425) > 4000);
  CHECK(level(pcm, 0.1, 0.9, 480) < 200);
  CHECK(level(pcm, 1.1, 4.9, 425) < 1);
  CHECK(level(pcm, 5.1, 5.9, 425) > 4000);
}

TEST_CASE("busy in America: 480 and 620 Hz, half a second on and off") {
  const auto pcm = sound("busy", "us", 3);
  for (const double frequency : {480.0, 620.0}) {
    CHECK(level(pcm, 0.05, 0.45, frequency) > 4000);
    CHECK(level(pcm, 0.55, 0.95, frequency) < 1);
    CHECK(level(pcm, 1.05, 1.45, frequency) > 4000);
  }
}

TEST_CASE("ringing in Britain comes twice") {
  const auto pcm = sound("ring", "uk", 6);
  CHECK(level(pcm, 0.05, 0.35, 400) > 4000);
  CHECK(level(pcm, 0.42, 0.58, 400) < 1);
  CHECK(level(pcm, 0.65, 0.95, 450) > 4000);
  CHECK(level(pcm, 1.05, 2.95, 400) < 1);
  CHECK(level(pcm, 3.05, 3.35, 400) > 4000);
}

TEST_CASE("the dial tone has no gap") {
  const auto pcm = sound("dial", "fr", 3);
  for (double at = 0.1; at < 2.9; at += 0.1) {
    CHECK(level(pcm, at, at + 0.1, 440) > 4000);
  }
}

TEST_CASE("tones by name") {
  CHECK(named_tone("busy,gb", "us")->tones[0].frequencies[0] == 400);
  CHECK(named_tone("reorder", "us")->tones[0].on == std::chrono::milliseconds(250));
  CHECK_FALSE(named_tone("busy,xx", "us"));
  CHECK_FALSE(named_tone("howl", "us"));
  CHECK(tone_variable("us-ring") == "%(2000,4000,440,480)");
  CHECK(tone_variable("uk-busy") == "%(375,375,400)");
  CHECK_FALSE(tone_variable("us-"));
  CHECK_FALSE(tone_variable("ring"));
}

TEST_CASE("[pbx] country knows the table's countries, and no others") {
  const config::Key* const key = config::find_key("pbx", "country");
  REQUIRE(key);
  std::string countries;
  for (const NationalTones& tones : national_tones()) {
    countries += (countries.empty() ? "" : "|") + std::string(tones.country);
  }
  CHECK(key->allowed == countries);
}

}  // namespace
}  // namespace switchroom::sounds
