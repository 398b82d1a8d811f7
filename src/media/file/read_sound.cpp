// One sound file, whatever its format, to mono samples at a rate that calls use.
#include "media/file/sound_format.hpp"
#include "media/file/sound_reader.hpp"
#include "media/sound.hpp"

#include <speex/speex_resampler.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

namespace switchroom::media {
namespace {

using SoundResult = base::result<SoundPtr, SoundError>;

constexpr int resampling_quality = 8;  // of 10: done once for each file, off the media threads
constexpr std::size_t chunk_samples = 16384;

/// A regular file's descriptor; anything else (a directory, a FIFO that would block) is no sound.
base::result<int, SoundError> open_regular(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) {
    return errno == ENOENT || errno == ENOTDIR ? SoundError::missing : SoundError::unreadable;
  }
  struct stat status{};
  if (::fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
    ::close(fd);
    return SoundError::not_sound;
  }
  return fd;
}

/// By its name, or by the tag that it begins with.
bool looks_like_mp3(int fd, const std::filesystem::path& path) {
  std::array<unsigned char, 3> begin{};
  const bool read = ::pread(fd, begin.data(), begin.size(), 0) == static_cast<::ssize_t>(begin.size());
  const bool tagged = begin[0] == 'I' && begin[1] == 'D' && begin[2] == '3';
  const bool named = path.extension() == ".mp3" && std::memcmp(begin.data(), "RIF", 3) != 0;
  return read && (named || tagged);
}

/// Between -1 and 1, whatever stands in a file of floating point numbers.
float tame(float sample) { return std::isfinite(sample) ? std::clamp(sample, -1.0F, 1.0F) : 0.0F; }

/// Mono samples to 16 bit at another rate, chunk by chunk, so that no more than the result is ever held.
class Converter {
 public:
  Converter(unsigned from, unsigned to) : from_(from), to_(to) {
    if (from != to) {
      state_.reset(speex_resampler_init(1, from, to, resampling_quality, nullptr));
      speex_resampler_skip_zeros(state_.get());
    }
  }

  void add(std::span<const float> in) {
    taken_ += in.size();
    if (state_ == nullptr) {
      append(in);
      return;
    }
    while (!in.empty()) {
      auto consumed = static_cast<spx_uint32_t>(in.size());
      auto made = static_cast<spx_uint32_t>(out_.size());
      speex_resampler_process_float(state_.get(), 0, in.data(), &consumed, out_.data(), &made);
      append(std::span(out_).first(made));
      in = in.subspan(consumed);
    }
  }

  /// What the filter still holds comes out, and the length is that of the file.
  std::vector<std::int16_t> finish() {
    const std::uint64_t length = (std::uint64_t{taken_} * to_ + from_ - 1) / from_;
    if (state_ != nullptr) {
      const std::vector<float> silence(
          static_cast<std::size_t>(speex_resampler_get_input_latency(state_.get())) + 1);
      add(silence);
    }
    samples_.resize(length);
    samples_.shrink_to_fit();
    return std::move(samples_);
  }

 private:
  struct Free {
    void operator()(SpeexResamplerState* state) const { speex_resampler_destroy(state); }
  };
  void append(std::span<const float> pcm) {
    for (const float sample : pcm) {
      samples_.push_back(static_cast<std::int16_t>(std::lrintf(std::clamp(sample, -1.0F, 1.0F) * 32767.0F)));
    }
  }

  unsigned from_;
  unsigned to_;
  std::size_t taken_ = 0;
  std::unique_ptr<SpeexResamplerState, Free> state_;
  std::array<float, 4096> out_{};
  std::vector<std::int16_t> samples_;
};

/// The channels of `interleaved` to their mean, in place.
std::span<const float> mix_down(std::span<float> interleaved, std::size_t channels) {
  const std::size_t frames = interleaved.size() / channels;
  for (std::size_t i = 0; i < frames; ++i) {
    float sum = 0;
    for (const float sample : interleaved.subspan(i * channels, channels)) {
      sum += tame(sample);
    }
    interleaved[i] = sum / static_cast<float>(channels);
  }
  return interleaved.first(frames);
}

/// Only what the file really holds is allocated: its header's word is not taken for the length.
SoundResult read_all(SoundReader& reader, unsigned rate, base::Duration longest) {
  const std::size_t channels = reader.channels();
  const auto most =
      static_cast<std::uint64_t>(std::chrono::duration<double>(longest).count() * reader.rate());
  std::vector<float> chunk(std::max(chunk_samples / channels, std::size_t{1}) * channels);
  Converter converter(reader.rate(), rate);
  std::uint64_t frames = 0;
  while (const std::size_t got = reader.read(chunk)) {
    frames += got;
    if (frames > most) {
      return SoundError::too_long;
    }
    converter.add(mix_down(std::span(chunk).first(got * channels), channels));
  }
  return std::make_shared<const Sound>(Sound{rate, converter.finish(), reader.truncated()});
}

}  // namespace

std::string_view describe(SoundError error) {
  switch (error) {
    case SoundError::missing: return "there is no such file";
    case SoundError::unreadable: return "the file cannot be read";
    case SoundError::not_sound: return "the file holds no sound of a known format";
    case SoundError::too_long: return "the sound is longer than is allowed";
    case SoundError::truncated: return "the file is shorter than it says: a part of it is missing";
  }
  return "unknown";
}

OpenReader open_sound(const std::filesystem::path& path) {
  const auto fd = open_regular(path);
  if (!fd) {
    return fd.error();
  }
  if (path.extension() == ".g722") {
    return open_g722(*fd);
  }
  return looks_like_mp3(*fd, path) ? open_mp3(*fd) : open_with_sndfile(*fd, path);
}

SoundResult read_sound(const std::filesystem::path& path, unsigned rate, base::Duration longest) {
  const auto reader = open_sound(path);
  return reader ? read_all(**reader, playing_rate((*reader)->rate(), rate), longest)
                : SoundResult(reader.error());
}

std::optional<SoundError> check_sound(const std::filesystem::path& path) {
  const auto reader = open_sound(path);
  if (!reader) {
    return reader.error();
  }
  return (*reader)->lacks_end() ? std::optional(SoundError::truncated) : std::nullopt;
}

}  // namespace switchroom::media
