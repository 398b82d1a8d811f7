// Ogg Opus (RFC 7845). Two channels are two streams that know nothing of each other (mapping family 1): joint
// stereo would let one party be heard in the other's channel.
#include "base/random.hpp"
#include "recording/file/writers.hpp"

#include <fmt/core.h>
#include <ogg/ogg.h>
#include <opus/opus_multistream.h>

#include <array>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

namespace switchroom::recording {
namespace {

constexpr unsigned granules_per_second = 48000;  // whatever the rate is
constexpr unsigned packets_per_second = 50;

class OpusWriter final : public SoundWriter {
 public:
  OpusWriter(std::shared_ptr<OutputFile> file, const SoundFormat& format)
      : SoundWriter(std::move(file), format), packet_samples_(format.rate / packets_per_second) {
    ogg_stream_init(&stream_, static_cast<int>(base::random_u64() & 0x7fffffffU));
  }
  OpusWriter(const OpusWriter&) = delete;
  OpusWriter& operator=(const OpusWriter&) = delete;
  ~OpusWriter() override {
    ogg_stream_clear(&stream_);
    if (encoder_ != nullptr) {
      opus_multistream_encoder_destroy(encoder_);
    }
  }

  base::result<void> start() {
    const auto channels = static_cast<int>(format().channels);
    const std::array<unsigned char, 2> mapping{0, 1};
    int error = OPUS_OK;
    encoder_ = opus_multistream_encoder_create(static_cast<opus_int32>(format().rate), channels, channels, 0,
                                               mapping.data(), OPUS_APPLICATION_VOIP, &error);
    if (error != OPUS_OK) {
      return base::Error{fmt::format("cannot encode {}: {}", file()->path().string(), opus_strerror(error))};
    }
    const unsigned own = format().rate <= 8000 ? 24 : 32;
    const unsigned kbit = format().quality.opus_kbit != 0 ? format().quality.opus_kbit : own;
    opus_multistream_encoder_ctl(encoder_, OPUS_SET_BITRATE(static_cast<opus_int32>(kbit * 1000) * channels));
    opus_multistream_encoder_ctl(encoder_, OPUS_SET_COMPLEXITY(5));
    opus_int32 ahead = 0;
    opus_multistream_encoder_ctl(encoder_, OPUS_GET_LOOKAHEAD(&ahead));
    pre_skip_ = static_cast<unsigned>(ahead) * (granules_per_second / format().rate);
    return write_headers();
  }

  base::result<void> settle() override { return write_pages(true); }

  base::result<void> finish() override {
    // Enough silence that what the encoder holds back comes out; the last granule says where the sound ends.
    const std::uint64_t end = pre_skip_ + frames() * (granules_per_second / format().rate);
    do {
      const std::size_t missing = packet_samples_ * format().channels - waiting_.size();
      waiting_.insert(waiting_.end(), missing, 0);
      if (auto encoded = encode_packet(); !encoded) {
        return encoded;
      }
    } while (granule_ < end);
    granule_ = end;
    if (auto given = give_packet(true); !given) {
      return given;
    }
    return write_pages(true);
  }

 private:
  base::result<void> write_headers() {
    const auto channels = static_cast<unsigned char>(format().channels);
    std::vector<unsigned char> head{'O', 'p', 'u', 's', 'H', 'e', 'a', 'd', 1, channels};
    const auto number = [](std::vector<unsigned char>& to, std::uint32_t value, int bytes) {
      for (int i = 0; i < bytes; ++i) {
        to.push_back(static_cast<unsigned char>(value >> (8 * i)));
      }
    };
    number(head, pre_skip_, 2);
    number(head, format().rate, 4);
    number(head, 0, 2);  // gain
    if (channels == 1) {
      head.push_back(0);
    } else {
      head.insert(head.end(), {1, channels, 0, 0, 1});  // family, streams, coupled ones, who is where
    }
    std::vector<unsigned char> tags{'O', 'p', 'u', 's', 'T', 'a', 'g', 's'};
    const std::string vendor = "Switchroom";
    number(tags, static_cast<std::uint32_t>(vendor.size()), 4);
    tags.insert(tags.end(), vendor.begin(), vendor.end());
    number(tags, 0, 4);  // comments
    for (auto* header : {&head, &tags}) {
      ogg_packet packet{};
      packet.packet = header->data();
      packet.bytes = static_cast<long>(header->size());
      packet.b_o_s = header == &head ? 1 : 0;
      packet.packetno = packets_++;
      ogg_stream_packetin(&stream_, &packet);
      if (auto written = write_pages(true); !written) {
        return written;
      }
    }
    return {};
  }

  base::result<void> encode(std::span<const std::int16_t> pcm) override {
    const std::size_t whole = packet_samples_ * format().channels;
    while (!pcm.empty()) {
      const auto part = pcm.first(std::min(pcm.size(), whole - waiting_.size()));
      waiting_.insert(waiting_.end(), part.begin(), part.end());
      pcm = pcm.subspan(part.size());
      if (waiting_.size() == whole) {
        if (auto encoded = encode_packet(); !encoded) {
          return encoded;
        }
      }
    }
    return write_pages(false);
  }

  base::result<void> encode_packet() {
    // The one before goes to its page now: the last one of all carries a mark, so one is always held back.
    if (!packet_.empty()) {
      if (auto given = give_packet(false); !given) {
        return given;
      }
    }
    packet_.resize(4000);
    const int size = opus_multistream_encode(encoder_, waiting_.data(), static_cast<int>(packet_samples_),
                                             packet_.data(), static_cast<opus_int32>(packet_.size()));
    waiting_.clear();
    if (size < 0) {
      packet_.clear();
      return base::Error{fmt::format("cannot encode {}: {}", file()->path().string(), opus_strerror(size))};
    }
    packet_.resize(static_cast<std::size_t>(size));
    granule_ += granules_per_second / packets_per_second;
    return {};
  }

  base::result<void> give_packet(bool last) {
    ogg_packet packet{};
    packet.packet = packet_.data();
    packet.bytes = static_cast<long>(packet_.size());
    packet.e_o_s = last ? 1 : 0;
    packet.granulepos = static_cast<ogg_int64_t>(granule_);
    packet.packetno = packets_++;
    ogg_stream_packetin(&stream_, &packet);
    packet_.clear();
    return {};
  }

  base::result<void> write_pages(bool all) {
    ogg_page page;
    while ((all ? ogg_stream_flush(&stream_, &page) : ogg_stream_pageout(&stream_, &page)) != 0) {
      page_.assign(page.header, page.header + page.header_len);
      page_.insert(page_.end(), page.body, page.body + page.body_len);
      if (auto written = file()->append(page_); !written) {
        return written;
      }
    }
    return {};
  }

  std::size_t packet_samples_;  // of one channel
  OpusMSEncoder* encoder_ = nullptr;
  ogg_stream_state stream_{};
  std::vector<std::int16_t> waiting_;  // less than a packet
  std::vector<unsigned char> packet_;  // encoded, and not yet given to a page
  std::vector<std::uint8_t> page_;
  unsigned pre_skip_ = 0;
  std::uint64_t granule_ = 0;  // at the end of packet_
  ogg_int64_t packets_ = 0;
};

}  // namespace

WriterResult begin_opus(std::shared_ptr<OutputFile> file, const SoundFormat& format) {
  auto writer = std::make_unique<OpusWriter>(std::move(file), format);
  if (auto started = writer->start(); !started) {
    return started.error();
  }
  return WriterResult(std::move(writer));
}

}  // namespace switchroom::recording
