// Key presses as tones: found at every level that telephony knows, and not found in speech. docs/media.md has
// the figures; SWITCHROOM_SHOW_SCORES=1 prints them.
#include "media/dsp/key_detector.hpp"

#include "media/codec/codec.hpp"
#include "media/dsp/tone.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <numbers>
#include <random>
#include <string>
#include <vector>

using namespace switchroom;
using namespace switchroom::media;

namespace {

constexpr std::string_view keys = "0123456789*#ABCD";
constexpr double full_scale_dbm0 = 3.14;  // of a sine

struct Line {
  double level = -10;       // dBm0 of the lower tone
  double twist = 0;         // dB, higher over lower
  double noise_below = 99;  // dB below the tones
  unsigned on_ms = 50;
  unsigned off_ms = 50;
  double off_by = 0;  // share that both frequencies are wrong by
};

double amplitude(double dbm0) { return 32767.0 * std::pow(10.0, (dbm0 - full_scale_dbm0) / 20.0); }

void add_press(std::vector<std::int16_t>& sound, char key, const Line& line, std::mt19937& chance) {
  const Tone tone = key_tone(key);
  const double low = amplitude(line.level);
  const double high = amplitude(line.level + line.twist);
  const double rms = std::sqrt((low * low + high * high) / 2);
  std::normal_distribution<double> noise(0, rms * std::pow(10.0, -line.noise_below / 20.0));
  const std::size_t on = line.on_ms * 8UL;
  for (std::size_t i = 0; i < on + line.off_ms * 8UL; ++i) {
    const double t = static_cast<double>(i) / 8000.0 * (1 + line.off_by) * 2 * std::numbers::pi;
    double sample = noise(chance);
    if (i < on) {
      sample += low * std::sin(t * tone.frequencies[0]) + high * std::sin(t * tone.frequencies[1]);
    }
    sound.push_back(static_cast<std::int16_t>(std::clamp(sample, -32768.0, 32767.0)));
  }
}

std::string heard_in(std::span<const std::int16_t> sound, unsigned rate) {
  KeyDetector detector(rate);
  std::string found;
  const std::size_t frame = rate / 50;
  for (std::size_t at = 0; at + frame <= sound.size(); at += frame) {
    if (const auto change = detector.hear(sound.subspan(at, frame)); change.began) {
      found += *change.began;
    }
  }
  return found;
}

/// The share of `rounds` times all keys that was found; whatever was found besides fails the test.
double found(const char* name, const Line& line, int rounds = 10) {
  std::mt19937 chance(4711);
  std::vector<std::int16_t> sound(1600);
  std::string pressed;
  for (int i = 0; i < rounds; ++i) {
    for (const char key : keys) {
      pressed += key;
      add_press(sound, key, line, chance);
    }
  }
  sound.resize(sound.size() + 1600);
  const std::string heard = heard_in(sound, 8000);
  std::size_t right = 0;
  for (std::size_t at = 0; const char key : heard) {
    const std::size_t next = pressed.find(key, at);
    if (next != std::string::npos) {
      ++right;
      at = next + 1;
    }
  }
  CHECK(heard.size() == right);
  const double share = static_cast<double>(right) / static_cast<double>(pressed.size());
  if (std::getenv("SWITCHROOM_SHOW_SCORES") != nullptr) {
    std::printf("| %s | %.1f %% |\n", name, 100 * share);
  }
  return share;
}

std::vector<std::uint8_t> bytes_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_CASE("keys are found from -36 to 0 dBm0", "[keys]") {
  for (const double level : {-36.0, -30.0, -24.0, -18.0, -12.0, -6.0, -3.0, 0.0}) {
    INFO(level << " dBm0");
    CHECK(found(("level " + std::to_string(static_cast<int>(level)) + " dBm0").c_str(), {.level = level}) ==
          1);
  }
}

TEST_CASE("keys are found with twist, with noise, when they are short, and a little out of tune", "[keys]") {
  CHECK(found("4 dB more in the high group", {.twist = 4}) == 1);
  CHECK(found("6 dB less in the high group", {.twist = -6}) == 1);
  CHECK(found("noise 20 dB below", {.noise_below = 20}) == 1);
  CHECK(found("noise 15 dB below", {.noise_below = 15}) > 0.97);
  CHECK(found("noise 20 dB below, -30 dBm0, 4 dB of twist", {.level = -30, .twist = 4, .noise_below = 20}) ==
        1);
  CHECK(found("40 ms, pauses of 40 ms", {.on_ms = 40, .off_ms = 40}) == 1);
  CHECK(found("1.2 % too high, 80 ms", {.on_ms = 80, .off_by = 0.012}) == 1);
  CHECK(found("1.2 % too low, 80 ms", {.on_ms = 80, .off_by = -0.012}) == 1);
  CHECK(found("3.5 % too high, 80 ms", {.on_ms = 80, .off_by = 0.035}) == 0);
}

TEST_CASE("what is no key press is not taken for one", "[keys]") {
  CHECK(found("20 ms: too short", {.on_ms = 20, .off_ms = 60}) < 0.05);
  CHECK(found("-50 dBm0: too soft", {.level = -50}) == 0);
  CHECK(found("15 dB of twist: no key", {.twist = 15}) == 0);
}

TEST_CASE("an hour of recorded speech holds no key", "[keys][talkoff]") {
  // Two voices in two languages and five pieces of music: what the executable's prompts are made of.
  std::size_t samples = 0;
  std::string heard;
  std::size_t files = 0;
  for (const char* const folder : {"/usr/share/asterisk/sounds", "/usr/share/asterisk/moh"}) {
    if (!std::filesystem::exists(folder)) {
      continue;
    }
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
      if (entry.path().extension() != ".g722") {
        continue;
      }
      const auto decoder = make_decoder({.codec = sdp::CodecId::g722, .rate = 16000});
      const auto payload = bytes_of(entry.path());
      std::vector<std::int16_t> sound;
      sound.reserve(payload.size() * 2 + 16000);
      std::array<std::int16_t, 320> frame{};
      for (std::size_t at = 0; at + 160 <= payload.size(); at += 160) {
        const std::size_t count = decoder->decode(std::span(payload).subspan(at, 160), frame);
        sound.insert(sound.end(), frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(count));
      }
      const std::string in_this = heard_in(sound, 16000);
      if (!in_this.empty()) {
        UNSCOPED_INFO(entry.path().filename().string() << ": " << in_this);
      }
      heard += in_this;
      samples += sound.size();
      ++files;
    }
  }
  const double minutes = static_cast<double>(samples) / 16000 / 60;
  if (std::getenv("SWITCHROOM_SHOW_SCORES") != nullptr) {
    std::printf("| %.0f minutes of speech and music in %zu files | %zu false keys |\n", minutes, files,
                heard.size());
  }
  INFO(minutes << " minutes in " << files << " files (Debian's asterisk-core-sounds-*-g722)");
  REQUIRE(minutes > 60);
  CHECK(heard.empty());
}
