// MP3 by LAME. The first frame holds the length and a table for jumping; it is written again at each
// settle().
#include "recording/file/writers.hpp"

#include <fmt/core.h>
#include <lame/lame.h>

#include <utility>
#include <vector>

namespace switchroom::recording {
namespace {

class Mp3Writer final : public SoundWriter {
 public:
  Mp3Writer(std::shared_ptr<OutputFile> file, const SoundFormat& format)
      : SoundWriter(std::move(file), format), lame_(lame_init()) {}
  Mp3Writer(const Mp3Writer&) = delete;
  Mp3Writer& operator=(const Mp3Writer&) = delete;
  ~Mp3Writer() override {
    if (lame_ != nullptr) {
      lame_close(lame_);
    }
  }

  base::result<void> start() {
    if (lame_ == nullptr) {
      return failure("there is no memory");
    }
    const auto quiet = [](const char* /*format*/, va_list /*arguments*/) {};
    lame_set_errorf(lame_, quiet);
    lame_set_debugf(lame_, quiet);
    lame_set_msgf(lame_, quiet);
    lame_set_num_channels(lame_, static_cast<int>(format().channels));
    lame_set_in_samplerate(lame_, static_cast<int>(format().rate));
    lame_set_out_samplerate(lame_, static_cast<int>(format().rate));
    // Not joint stereo: the parties stay in their own channels.
    lame_set_mode(lame_, format().channels == 1 ? MONO : STEREO);
    const Quality& quality = format().quality;
    if (quality.mp3_kbit != 0) {
      lame_set_VBR(lame_, vbr_off);
      lame_set_brate(lame_, static_cast<int>(quality.mp3_kbit));
    } else {
      lame_set_VBR(lame_, vbr_mtrh);
      lame_set_VBR_q(lame_, quality.mp3_vbr);
    }
    lame_set_bWriteVbrTag(lame_, 1);
    lame_set_write_id3tag_automatic(lame_, 0);
    return lame_init_params(lame_) == 0 ? base::result<void>() : failure("LAME refuses the settings");
  }

  base::result<void> settle() override { return write_tag(); }

  base::result<void> finish() override {
    bytes_.resize(flush_room);
    const int size = lame_encode_flush(lame_, bytes_.data(), static_cast<int>(bytes_.size()));
    if (auto written = append(size); !written) {
      return written;
    }
    return write_tag();
  }

 private:
  static constexpr std::size_t flush_room = 7200;  // as lame.h has it

  base::result<void> encode(std::span<const std::int16_t> pcm) override {
    bytes_.resize(pcm.size() * 5 / 4 + flush_room);
    const auto frames = static_cast<int>(pcm.size() / format().channels);
    auto* samples = const_cast<short*>(pcm.data());  // which LAME only reads
    const auto room = static_cast<int>(bytes_.size());
    const int size = format().channels == 1
                         ? lame_encode_buffer(lame_, samples, samples, frames, bytes_.data(), room)
                         : lame_encode_buffer_interleaved(lame_, samples, frames, bytes_.data(), room);
    return append(size);
  }

  base::result<void> append(int size) {
    if (size < 0) {
      return failure(fmt::format("LAME says {}", size));
    }
    return size == 0 ? base::result<void>()
                     : file()->append(std::span(bytes_).first(static_cast<std::size_t>(size)));
  }

  base::result<void> write_tag() {
    std::vector<unsigned char> tag(4096);
    const std::size_t size = lame_get_lametag_frame(lame_, tag.data(), tag.size());
    if (size == 0 || size > tag.size() || size > file()->size()) {
      return {};  // nothing was written yet
    }
    return file()->rewrite(0, std::span(tag).first(size));
  }

  base::Error failure(const std::string& why) {
    return {fmt::format("cannot encode {}: {}", file()->path().string(), why)};
  }

  lame_t lame_;
  std::vector<unsigned char> bytes_;
};

}  // namespace

WriterResult begin_mp3(std::shared_ptr<OutputFile> file, const SoundFormat& format) {
  auto writer = std::make_unique<Mp3Writer>(std::move(file), format);
  if (auto started = writer->start(); !started) {
    return started.error();
  }
  return WriterResult(std::move(writer));
}

}  // namespace switchroom::recording
