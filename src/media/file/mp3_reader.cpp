// MP3, decoded by the library that LAME has for it.
#include "media/file/byte_file.hpp"
#include "media/file/sound_format.hpp"
#include "media/file/sound_reader.hpp"

#include <lame/lame.h>

#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstdint>
#include <utility>

namespace switchroom::media {
namespace {

constexpr std::size_t frame_samples = 1152;  // the most that a frame holds, for each channel
constexpr std::size_t longest_without =
    std::size_t{256} * 1024;  // bytes that hold no frame: this is no MP3, or it ends here
constexpr std::size_t id3_header = 10;
constexpr int decoder_delay = 529;  // samples that every decoder adds to what the encoder put in front

void say_nothing(const char* /*format*/, std::va_list /*values*/) {}

/// ID3v2's length, its header included; 0: there is none.
std::size_t tag_length(std::span<const std::uint8_t> begin) {
  if (begin.size() < id3_header || begin[0] != 'I' || begin[1] != 'D' || begin[2] != '3') {
    return 0;
  }
  std::size_t length = 0;
  for (std::size_t i = 6; i < id3_header; ++i) {
    length = length << 7U | (begin[i] & 0x7fU);
  }
  return length + id3_header;
}

class Mp3Reader : public SoundReader {
 public:
  explicit Mp3Reader(int descriptor) : file_(descriptor), decoder_(::hip_decode_init()) {
    ::hip_set_errorf(decoder_.get(), say_nothing);
    ::hip_set_msgf(decoder_.get(), say_nothing);
    ::hip_set_debugf(decoder_.get(), say_nothing);
  }

  /// Finds the first frame.
  bool open() {
    std::array<std::uint8_t, id3_header> begin{};
    const std::size_t got = file_.read(begin);
    file_.seek(tag_length(std::span(begin).first(got)));
    if (!next_frame()) {
      return false;
    }
    rate_ = header_.samplerate;
    channels_ = header_.stereo;
    skip_ = delay_ >= 0 ? static_cast<std::size_t>(delay_ + decoder_delay) : 0;
    return rate_ >= lowest_rate && rate_ <= highest_rate && (channels_ == 1 || channels_ == 2);
  }

  [[nodiscard]] unsigned rate() const override { return static_cast<unsigned>(rate_); }
  [[nodiscard]] unsigned channels() const override { return static_cast<unsigned>(channels_); }

  std::size_t read(std::span<float> interleaved) override {
    const std::size_t wide = channels();
    const std::size_t wanted = interleaved.size() / wide;
    std::size_t filled = 0;
    while (filled < wanted && (taken_ < made_ || next_frame())) {
      if (skip_ > 0) {
        --skip_;
        ++taken_;
        continue;
      }
      interleaved[filled * wide] = static_cast<float>(left_[taken_]) / 32768;
      if (wide == 2) {
        interleaved[filled * wide + 1] = static_cast<float>(right_[taken_]) / 32768;
      }
      ++filled;
      ++taken_;
    }
    return filled;
  }

 private:
  /// The next frame that holds sound into left_ and right_. False: there is no more. A file that changes its
  /// rate or its channels on the way ends there.
  bool next_frame() {
    made_ = taken_ = 0;
    int made = decode({});  // what it has of earlier bytes
    for (std::size_t without = 0; made <= 0 && without < longest_without;) {
      const std::size_t got = file_.read(bytes_);
      if (got == 0) {
        return false;
      }
      without += got;
      made = decode(std::span(bytes_).first(got));
    }
    made_ = std::min<std::size_t>(static_cast<std::size_t>(std::max(made, 0)), frame_samples);
    return made > 0 && (rate_ == 0 || (rate_ == header_.samplerate && channels_ == header_.stereo));
  }

  int decode(std::span<std::uint8_t> bytes) {
    int delay = -1;
    int padding = -1;
    const int made = ::hip_decode1_headersB(decoder_.get(), bytes.data(), bytes.size(), left_.data(),
                                            right_.data(), &header_, &delay, &padding);
    delay_ = std::max(delay_, delay);
    return made;
  }

  struct Close {
    void operator()(hip_global_flags* decoder) const { ::hip_decode_exit(decoder); }
  };
  ByteFile file_;
  std::unique_ptr<hip_global_flags, Close> decoder_;
  mp3data_struct header_{};
  std::array<std::uint8_t, 1024> bytes_{};
  std::array<short, frame_samples> left_{};
  std::array<short, frame_samples> right_{};
  std::size_t made_ = 0;
  std::size_t taken_ = 0;
  std::size_t skip_ = 0;  // samples that the encoder put in front
  int rate_ = 0;
  int channels_ = 0;
  int delay_ = -1;  // of the encoder, in samples; below 0: unknown
};

}  // namespace

OpenReader open_mp3(int descriptor) {
  auto reader = std::make_unique<Mp3Reader>(descriptor);
  if (!reader->open()) {
    return SoundError::not_sound;
  }
  return OpenReader(OpenReader::in_place_value, std::move(reader));
}

}  // namespace switchroom::media
