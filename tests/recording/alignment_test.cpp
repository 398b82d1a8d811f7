// An hour of two phones with clocks of their own, hold and a change of codec in it: both stay together.
#include "media/simulation.hpp"
#include "recording/reading.hpp"
#include "recording/recorder.hpp"

#include <catch2/catch.hpp>

#include <map>

namespace switchroom::recording {
namespace {

using namespace std::chrono_literals;

constexpr double minutes = 60;
constexpr double beep_every = 30;  // seconds; both phones beep at the same moment of the same clock

/// A party: a tone of 100 ms each 30 s, by the office's clock, from a phone whose own clock drifts.
std::vector<std::int16_t> heard(sdp::CodecId codec, double drift_ppm, double from, double seconds) {
  const unsigned rate = media::natural_rate(codec);
  std::vector<std::int16_t> sound(static_cast<std::size_t>(seconds * rate * (1 + drift_ppm * 1e-6)));
  for (double at = std::ceil(from / beep_every) * beep_every; at < from + seconds - 1; at += beep_every) {
    const auto begin = static_cast<std::size_t>((at - from) * rate * (1 + drift_ppm * 1e-6));
    for (std::size_t i = 0; i < rate / 10 && begin + i < sound.size(); ++i) {
      sound[begin + i] =
          static_cast<std::int16_t>(9000 * std::sin(0.5 * static_cast<double>(i) * 8000 / rate));
    }
  }
  media::test::Simulation simulation(codec, {.jitter_ms = 10, .drift_ppm = drift_ppm});
  return simulation.run(sound);
}

/// Where each beep begins, in seconds.
std::vector<double> beeps(const std::vector<std::int16_t>& pcm, unsigned rate) {
  std::vector<double> found;
  for (std::size_t i = 0; i < pcm.size(); ++i) {
    if (std::abs(int{pcm[i]}) > 3000) {
      found.push_back(static_cast<double>(i) / rate);
      i += rate;
    }
  }
  return found;
}

}  // namespace

TEST_CASE("caller and callee stay together for an hour of drift, hold and another codec", "[alignment]") {
  test::Scratch scratch;
  asio::io_context context;
  Recorder recorder(context);
  const media::TapSettings tap{.rate = 8000, .seconds = 30};
  const auto ring = std::make_shared<media::TapRing>(tap);
  RecordingSettings settings;
  settings.root = scratch.path();
  settings.file = "hour.wav";
  settings.channels = Channels::stereo;
  const auto recording = recorder.start(ring, settings, {});
  {
    media::TapWriter writer(ring);
    // The caller changes from PCMU to G.722 after half of the time and is on hold for a minute before it.
    const double half = minutes * 30;
    const auto first = heard(sdp::CodecId::pcmu, 100, 0, half);
    const auto second = heard(sdp::CodecId::g722, 100, half, half);
    const auto callee = heard(sdp::CodecId::pcma, -100, 0, 2 * half);
    const auto beats = static_cast<std::size_t>(2 * half * 50);
    for (std::size_t beat = 0; beat < beats; ++beat) {
      while (std::chrono::milliseconds(ring->now_ms()) - recording->length() > 25s) {
        std::this_thread::sleep_for(5ms);
      }
      const bool is_first = beat < beats / 2;
      const auto& caller = is_first ? first : second;
      const std::size_t size = is_first ? 160 : 320;
      const std::size_t at = (is_first ? beat : beat - beats / 2) * size;
      const bool on_hold = beat > 50 * 1000 && beat < 50 * 1060;
      const bool has_caller = !on_hold && at + size <= caller.size();
      writer.write(has_caller ? std::span(caller).subspan(at, size) : std::span<const std::int16_t>(),
                   (beat + 1) * 160 <= callee.size() ? std::span(callee).subspan(beat * 160, 160)
                                                     : std::span<const std::int16_t>());
    }
  }
  while (!recording->ended()) {
    context.restart();
    context.run_for(50ms);
  }
  const auto file = test::read_file(recording->outcome()->file);
  REQUIRE(file.channels.size() == 2);
  CHECK(std::abs(file.seconds() - minutes * 60) < 0.1);
  const auto left = beeps(file.channels[0], file.rate);
  const auto right = beeps(file.channels[1], file.rate);
  CHECK(right.size() >= 118);
  std::size_t compared = 0;
  double worst = 0;
  for (const double beep : left) {
    for (const double other : right) {
      if (std::abs(beep - other) < 1) {
        ++compared;
        worst = std::max(worst, std::abs(beep - other));
      }
    }
  }
  std::string told;
  for (const double beep : left) {
    for (const double other : right) {
      if (std::abs(beep - other) < 1) {
        told += std::to_string(int(std::lround((beep - other) * 1000))) + " ";
      }
    }
  }
  CAPTURE(told);
  CHECK(compared >= 114);
  // Each party's jitter buffer lets its delay float within 30 ms: that much they may differ for a while.
  CHECK(worst < 0.035);
}

}  // namespace switchroom::recording
