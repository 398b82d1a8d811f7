// The formats of libsndfile.
#include "media/file/byte_file.hpp"
#include "media/file/sound_format.hpp"
#include "media/file/sound_reader.hpp"

#include <sys/stat.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <sndfile.h>
#include <vector>

namespace switchroom::media {
namespace {

struct CloseFile {
  void operator()(SNDFILE* file) const { sf_close(file); }
};
using File = std::unique_ptr<SNDFILE, CloseFile>;

class SndfileReader : public SoundReader {
 public:
  SndfileReader(File file, const SF_INFO& info, bool short_file)
      : file_(std::move(file)), info_(info), short_file_(short_file) {}

  [[nodiscard]] unsigned rate() const override { return static_cast<unsigned>(info_.samplerate); }
  [[nodiscard]] unsigned channels() const override { return static_cast<unsigned>(info_.channels); }
  std::size_t read(std::span<float> interleaved) override {
    const auto got = sf_readf_float(file_.get(), interleaved.data(),
                                    static_cast<sf_count_t>(interleaved.size() / channels()));
    frames_ += got > 0 ? got : 0;
    return got > 0 ? static_cast<std::size_t>(got) : 0;
  }
  /// FLAC and Ogg say how much there is; of a WAV, libsndfile believes the file's size rather than its
  /// header.
  [[nodiscard]] bool truncated() const override {
    return short_file_ || (is_flac() && frames_ < info_.frames);
  }
  bool lacks_end() override {
    std::vector<float> last(channels());
    return short_file_ || (is_flac() && info_.frames > 0 &&
                           (sf_seek(file_.get(), info_.frames - 1, SEEK_SET) < 0 ||
                            sf_readf_float(file_.get(), last.data(), 1) != 1));
  }

 private:
  [[nodiscard]] bool is_flac() const { return (info_.format & SF_FORMAT_TYPEMASK) == SF_FORMAT_FLAC; }

  File file_;
  SF_INFO info_;
  bool short_file_;  // the bytes of a WAV end before its header says so
  sf_count_t frames_ = 0;
};

/// Does the RIFF header of a WAV announce more than the file holds? A length of 0 or of all ones is that of a
/// stream that was never finished, and says nothing.
bool announces_more(int descriptor) {
  std::array<std::uint8_t, 12> header{};
  struct stat status{};
  if (::pread(descriptor, header.data(), header.size(), 0) != static_cast<::ssize_t>(header.size()) ||
      ::fstat(descriptor, &status) != 0 || std::memcmp(header.data(), "RIFF", 4) != 0) {
    return false;
  }
  const std::uint32_t length = header[4] | static_cast<std::uint32_t>(header[5]) << 8U |
                               static_cast<std::uint32_t>(header[6]) << 16U |
                               static_cast<std::uint32_t>(header[7]) << 24U;
  return length < 0x7fff0000U && static_cast<std::uint64_t>(status.st_size) + 1 < std::uint64_t{length} + 8;
}

}  // namespace

OpenReader open_with_sndfile(int descriptor, const std::filesystem::path& name) {
  const bool short_file = announces_more(descriptor);
  SF_INFO info = headerless_format(name);
  File file(sf_open_fd(descriptor, SFM_READ, &info, SF_TRUE));  // closes it, also when it fails
  if (file == nullptr || info.channels < 1 || info.samplerate < lowest_rate ||
      info.samplerate > highest_rate) {
    return SoundError::not_sound;
  }
  return OpenReader(OpenReader::in_place_value,
                    std::make_unique<SndfileReader>(std::move(file), info, short_file));
}

}  // namespace switchroom::media
