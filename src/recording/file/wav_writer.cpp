// WAV, 16 bit; above 4 GiB as RF64 (EBU Tech 3306), for which a place is kept in the header.
#include "recording/file/wav_header.hpp"
#include "recording/file/writers.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>
#include <vector>

namespace switchroom::recording {
namespace {

static_assert(std::endian::native == std::endian::little, "samples are written as they stand in memory");

constexpr std::size_t header_size = std::tuple_size_v<WavHeader>;
constexpr std::size_t before_sizes = 8;  // "RIFF" and its size are not counted in it

class HeaderBytes {
 public:
  void id(const char* four) {
    std::memcpy(bytes_.data() + at_, four, 4);
    at_ += 4;
  }
  template <class Number>
  void number(Number value) {
    std::memcpy(bytes_.data() + at_, &value, sizeof value);
    at_ += sizeof value;
  }
  [[nodiscard]] const WavHeader& bytes() const { return bytes_; }

 private:
  WavHeader bytes_{};
  std::size_t at_ = 0;
};

class WavWriter final : public SoundWriter {
 public:
  WavWriter(std::shared_ptr<OutputFile> file, const SoundFormat& format)
      : SoundWriter(std::move(file), format) {}

  base::result<void> start() { return file()->append(wav_header(format(), 0)); }
  base::result<void> settle() override {
    return file()->rewrite(0, wav_header(format(), file()->size() - header_size));
  }
  base::result<void> finish() override { return settle(); }

 private:
  base::result<void> encode(std::span<const std::int16_t> pcm) override {
    const auto bytes = std::as_bytes(pcm);
    return file()->append({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
  }
};

}  // namespace

WavHeader wav_header(const SoundFormat& format, std::uint64_t data) {
  constexpr std::uint32_t large = std::numeric_limits<std::uint32_t>::max();
  const std::uint64_t riff = data + header_size - before_sizes;
  const bool is_large = riff >= large;
  const std::uint32_t frame = format.channels * 2;
  HeaderBytes header;
  header.id(is_large ? "RF64" : "RIFF");
  header.number(is_large ? large : static_cast<std::uint32_t>(riff));
  header.id("WAVE");
  header.id(is_large ? "ds64" : "JUNK");
  header.number(std::uint32_t{28});
  header.number(is_large ? riff : 0);
  header.number(is_large ? data : 0);
  header.number(is_large ? data / frame : 0);
  header.number(std::uint32_t{0});  // no table of other chunks
  header.id("fmt ");
  header.number(std::uint32_t{16});
  header.number(std::uint16_t{1});  // PCM
  header.number(static_cast<std::uint16_t>(format.channels));
  header.number(std::uint32_t{format.rate});
  header.number(std::uint32_t{format.rate * frame});
  header.number(static_cast<std::uint16_t>(frame));
  header.number(std::uint16_t{16});
  header.id("data");
  header.number(is_large ? large : static_cast<std::uint32_t>(data));
  return header.bytes();
}

std::optional<SoundFormat> format_in(const WavHeader& header) {
  const auto number = [&](std::size_t at) {
    std::uint32_t value = 0;
    std::memcpy(&value, header.data() + at, sizeof value);
    return value;
  };
  constexpr std::size_t channels_at = 58;
  constexpr std::size_t rate_at = 60;
  const unsigned channels = header[channels_at];
  const SoundFormat format{Format::wav, number(rate_at), channels, {}};
  if ((channels != 1 && channels != 2) || format.rate < 8000 || format.rate > 48000) {
    return std::nullopt;
  }
  // All but the sizes must be what we write.
  WavHeader same = wav_header(format, 0);
  constexpr std::size_t sizes_end = 48;
  const bool is_ours = std::equal(header.begin() + sizes_end, header.end() - 4, same.begin() + sizes_end) &&
                       std::equal(header.begin() + 8, header.begin() + 12, same.begin() + 8) &&
                       number(16) == 28;
  return is_ours ? std::optional(format) : std::nullopt;
}

WriterResult begin_wav(std::shared_ptr<OutputFile> file, const SoundFormat& format) {
  auto writer = std::make_unique<WavWriter>(std::move(file), format);
  if (auto started = writer->start(); !started) {
    return started.error();
  }
  return WriterResult(std::move(writer));
}

}  // namespace switchroom::recording
