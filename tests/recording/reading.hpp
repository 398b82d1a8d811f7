// What a test knows of sound files: tones, a folder that goes, and how a file is read back.
#pragma once

#include "media/engine/tap_ring.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <cmath>
#include <complex>
#include <filesystem>
#include <fstream>
#include <numbers>
#include <sndfile.h>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

namespace switchroom::recording::test {

class Scratch {
 public:
  Scratch() {
    std::string name = (std::filesystem::temp_directory_path() / "switchroom-recording-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~Scratch() { std::filesystem::remove_all(path_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline std::vector<std::int16_t> tone(double frequency, double seconds, unsigned rate,
                                      double amplitude = 8000) {
  std::vector<std::int16_t> pcm(static_cast<std::size_t>(std::lround(seconds * rate)));
  for (std::size_t i = 0; i < pcm.size(); ++i) {
    pcm[i] = static_cast<std::int16_t>(
        std::lround(amplitude * std::sin(2 * std::numbers::pi * frequency * static_cast<double>(i) / rate)));
  }
  return pcm;
}

/// A file as libsndfile reads it: channels apart.
struct Heard {
  unsigned rate = 0;
  std::vector<std::vector<std::int16_t>> channels;
  [[nodiscard]] double seconds() const {
    return channels.empty() ? 0 : static_cast<double>(channels[0].size()) / rate;
  }
};

inline Heard read_file(const std::filesystem::path& path) {
  SF_INFO info{};
  SNDFILE* file = sf_open(path.c_str(), SFM_READ, &info);
  INFO(path.string() << ": " << sf_strerror(file));
  REQUIRE(file != nullptr);
  Heard heard{static_cast<unsigned>(info.samplerate), {}};
  heard.channels.resize(static_cast<std::size_t>(info.channels));
  std::vector<std::int16_t> part(static_cast<std::size_t>(info.channels) * 1024);
  for (;;) {
    const auto frames = sf_readf_short(file, part.data(), 1024);
    if (frames <= 0) {
      break;
    }
    for (std::size_t i = 0; i < static_cast<std::size_t>(frames * info.channels); ++i) {
      heard.channels[i % heard.channels.size()].push_back(part[i]);
    }
  }
  sf_close(file);
  return heard;
}

/// Amplitude of one frequency from `from` for `seconds`.
inline double amplitude(const std::vector<std::int16_t>& pcm, unsigned rate, double frequency,
                        double from = 0, double seconds = 1e9) {
  const auto begin = std::min(static_cast<std::size_t>(from * rate), pcm.size());
  const auto end =
      seconds > 1e6 ? pcm.size() : std::min(begin + static_cast<std::size_t>(seconds * rate), pcm.size());
  std::complex<double> sum = 0;
  for (std::size_t i = begin; i < end; ++i) {
    sum += static_cast<double>(pcm[i]) *
           std::polar(1.0, -2 * std::numbers::pi * frequency * static_cast<double>(i) / rate);
  }
  return end == begin ? 0 : 2 * std::abs(sum) / static_cast<double>(end - begin);
}

/// Puts sound into a tap as a media thread would.
class Speaker {
 public:
  explicit Speaker(const media::TapSettings& settings)
      : ring_(std::make_shared<media::TapRing>(settings)),
        writer_(std::make_unique<media::TapWriter>(ring_)) {}

  [[nodiscard]] std::shared_ptr<media::TapReader> reader() const { return ring_; }
  /// As fast as it goes: the ring must hold all of it.
  void say(const std::vector<std::int16_t>& received, const std::vector<std::int16_t>& sent) {
    for (std::size_t at = 0; at < received.size(); at += ring_->frame_size()) {
      beat(std::span(received).subspan(at, ring_->frame_size()),
           sent.empty() ? std::span<const std::int16_t>() : std::span(sent).subspan(at, ring_->frame_size()));
    }
  }
  void beat(std::span<const std::int16_t> received, std::span<const std::int16_t> sent) {
    writer_->write(received, sent);
  }
  void hang_up() { writer_.reset(); }

 private:
  std::shared_ptr<media::TapRing> ring_;
  std::unique_ptr<media::TapWriter> writer_;
};

}  // namespace switchroom::recording::test
