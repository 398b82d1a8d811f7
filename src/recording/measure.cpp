#include "recording/measure.hpp"

#include "recording/file/sound_writer.hpp"
#include "recording/file/wav_header.hpp"

#include <fmt/core.h>
#include <lame/lame.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <sndfile.h>
#include <unistd.h>
#include <vector>

namespace switchroom::recording {
namespace {

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
struct CloseSound {
  void operator()(SNDFILE* file) const { sf_close(file); }
};
struct CloseDecoder {
  void operator()(hip_global_struct* hip) const { hip_decode_exit(hip); }
};

base::Error unreadable(const std::filesystem::path& file, const std::string& why) {
  return {fmt::format("cannot read {}: {}", file.string(), why)};
}

base::result<Measured> measure_sound(const std::filesystem::path& file) {
  SF_INFO info{};
  const std::unique_ptr<SNDFILE, CloseSound> sound(sf_open(file.c_str(), SFM_READ, &info));
  if (sound == nullptr) {
    return unreadable(file, sf_strerror(nullptr));
  }
  Measured measured{0, static_cast<unsigned>(info.samplerate), static_cast<unsigned>(info.channels)};
  std::vector<short> part(std::size_t{4096} * measured.channels);
  for (;;) {
    const sf_count_t frames = sf_readf_short(sound.get(), part.data(), 4096);
    if (frames <= 0) {
      return measured;
    }
    measured.frames += static_cast<std::uint64_t>(frames);
  }
}

base::result<Measured> measure_mp3(const std::filesystem::path& file) {
  const std::unique_ptr<std::FILE, CloseFile> in(std::fopen(file.c_str(), "rbe"));
  if (in == nullptr) {
    return unreadable(file, std::strerror(errno));
  }
  const std::unique_ptr<hip_global_struct, CloseDecoder> hip(hip_decode_init());
  const auto quiet = [](const char* /*format*/, va_list /*arguments*/) {};
  hip_set_errorf(hip.get(), quiet);
  hip_set_debugf(hip.get(), quiet);
  hip_set_msgf(hip.get(), quiet);
  mp3data_struct data{};
  int delay = -1;
  int padding = -1;
  std::array<short, std::size_t{1152} * 2> left{};
  std::array<short, std::size_t{1152} * 2> right{};
  std::array<unsigned char, 1024> bytes{};
  std::uint64_t frames = 0;
  // One frame for each call, and none for the first, which holds the length; the rest waits inside. At the
  // end of the file a call that gives nothing is not the last word either.
  constexpr int most_empty_calls = 8;
  int empty_calls = 0;
  while (empty_calls < most_empty_calls) {
    const std::size_t size = std::fread(bytes.data(), 1, bytes.size(), in.get());
    empty_calls = size == 0 ? empty_calls + 1 : 0;
    int decoded = hip_decode1_headersB(hip.get(), bytes.data(), size, left.data(), right.data(), &data,
                                       &delay, &padding);
    while (decoded > 0) {
      empty_calls = 0;
      frames += static_cast<std::uint64_t>(decoded);
      decoded = hip_decode1_headersB(hip.get(), bytes.data(), 0, left.data(), right.data(), &data, &delay,
                                     &padding);
    }
    if (decoded < 0) {
      return unreadable(file, "it is no MP3");
    }
  }
  if (delay >= 0 && padding >= 0) {
    const auto skipped = static_cast<std::uint64_t>(delay) + static_cast<std::uint64_t>(padding);
    frames = frames > skipped ? frames - skipped : 0;
  }
  return Measured{frames, static_cast<unsigned>(data.samplerate), static_cast<unsigned>(data.stereo)};
}

}  // namespace

base::result<Measured> measure(const std::filesystem::path& file, Format format) {
  return format == Format::mp3 ? measure_mp3(file) : measure_sound(file);
}

base::result<bool> mend_wav(const std::filesystem::path& file) {
  const int fd = ::open(file.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) {
    return unreadable(file, std::strerror(errno));
  }
  const auto close = [](const int* open) { ::close(*open); };
  const std::unique_ptr<const int, decltype(close)> closing(&fd, close);
  WavHeader header{};
  struct stat facts{};
  if (::pread(fd, header.data(), header.size(), 0) != static_cast<ssize_t>(header.size()) ||
      ::fstat(fd, &facts) != 0) {
    return false;
  }
  const auto format = format_in(header);
  if (!format) {
    return false;
  }
  const auto data = static_cast<std::uint64_t>(facts.st_size) - header.size();
  const std::uint64_t whole = data - data % (std::uint64_t{format->channels} * 2);
  const WavHeader right = wav_header(*format, whole);
  if (right == header) {
    return false;
  }
  if (::pwrite(fd, right.data(), right.size(), 0) != static_cast<ssize_t>(right.size()) ||
      ::fdatasync(fd) != 0) {
    return unreadable(file, std::strerror(errno));
  }
  return true;
}

}  // namespace switchroom::recording
