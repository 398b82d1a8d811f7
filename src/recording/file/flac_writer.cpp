// FLAC: a stream of frames that each stand alone; the header's length is filled in at the end, and until then
// says "unknown", which players take as "to the end".
#include "recording/file/writers.hpp"

#include <FLAC/stream_encoder.h>
#include <fmt/core.h>

#include <optional>
#include <utility>
#include <vector>

namespace switchroom::recording {
namespace {

class FlacWriter final : public SoundWriter {
 public:
  FlacWriter(std::shared_ptr<OutputFile> file, const SoundFormat& format)
      : SoundWriter(std::move(file), format), encoder_(FLAC__stream_encoder_new()) {}
  FlacWriter(const FlacWriter&) = delete;
  FlacWriter& operator=(const FlacWriter&) = delete;
  ~FlacWriter() override {
    ended_ = true;  // deleting finishes the stream, which would write
    FLAC__stream_encoder_delete(encoder_);
  }

  base::result<void> start() {
    FLAC__stream_encoder_set_channels(encoder_, format().channels);
    FLAC__stream_encoder_set_bits_per_sample(encoder_, 16);
    FLAC__stream_encoder_set_sample_rate(encoder_, format().rate);
    FLAC__stream_encoder_set_compression_level(encoder_, 4);
    // A frame is at most a quarter of a second, which is what a killed process loses.
    FLAC__stream_encoder_set_blocksize(encoder_, format().rate >= 16000 ? 4096 : 2048);
    const auto status = FLAC__stream_encoder_init_stream(encoder_, on_write, on_seek, on_tell, nullptr, this);
    return status == FLAC__STREAM_ENCODER_INIT_STATUS_OK ? base::result<void>() : failure();
  }
  // Its frames are whole whenever they are written.
  base::result<void> settle() override { return {}; }
  base::result<void> finish() override {
    if (trouble_) {
      return *trouble_;
    }
    const bool done = FLAC__stream_encoder_finish(encoder_) != 0;
    ended_ = true;
    return done && !trouble_ ? base::result<void>() : failure();
  }

 private:
  base::result<void> encode(std::span<const std::int16_t> pcm) override {
    wide_.assign(pcm.begin(), pcm.end());
    const auto frames = static_cast<std::uint32_t>(pcm.size() / format().channels);
    const bool done = FLAC__stream_encoder_process_interleaved(encoder_, wide_.data(), frames) != 0;
    return done ? base::result<void>() : failure();
  }

  base::Error failure() {
    if (!trouble_) {
      trouble_ =
          base::Error{fmt::format("cannot encode {}: {}", file()->path().string(),
                                  FLAC__StreamEncoderStateString[FLAC__stream_encoder_get_state(encoder_)])};
    }
    return *trouble_;
  }

  static FLAC__StreamEncoderWriteStatus on_write(const FLAC__StreamEncoder* /*encoder*/,
                                                 const FLAC__byte bytes[], std::size_t size,
                                                 std::uint32_t /*samples*/, std::uint32_t /*frame*/,
                                                 void* self) {
    return static_cast<FlacWriter*>(self)->put({bytes, size}) ? FLAC__STREAM_ENCODER_WRITE_STATUS_OK
                                                              : FLAC__STREAM_ENCODER_WRITE_STATUS_FATAL_ERROR;
  }
  static FLAC__StreamEncoderSeekStatus on_seek(const FLAC__StreamEncoder* /*encoder*/, FLAC__uint64 offset,
                                               void* self) {
    static_cast<FlacWriter*>(self)->position_ = offset;
    return FLAC__STREAM_ENCODER_SEEK_STATUS_OK;
  }
  static FLAC__StreamEncoderTellStatus on_tell(const FLAC__StreamEncoder* /*encoder*/, FLAC__uint64* offset,
                                               void* self) {
    *offset = static_cast<FlacWriter*>(self)->position_;
    return FLAC__STREAM_ENCODER_TELL_STATUS_OK;
  }

  bool put(std::span<const std::uint8_t> bytes) {
    if (ended_) {
      return true;
    }
    const auto written =
        position_ == file()->size() ? file()->append(bytes) : file()->rewrite(position_, bytes);
    if (!written) {
      trouble_ = written.error();
      return false;
    }
    position_ += bytes.size();
    return true;
  }

  FLAC__StreamEncoder* encoder_;
  std::vector<FLAC__int32> wide_;
  std::uint64_t position_ = 0;
  std::optional<base::Error> trouble_;
  bool ended_ = false;
};

}  // namespace

WriterResult begin_flac(std::shared_ptr<OutputFile> file, const SoundFormat& format) {
  auto writer = std::make_unique<FlacWriter>(std::move(file), format);
  if (auto started = writer->start(); !started) {
    return started.error();
  }
  return WriterResult(std::move(writer));
}

}  // namespace switchroom::recording
