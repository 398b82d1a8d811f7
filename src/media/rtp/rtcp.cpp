#include "media/rtp/rtcp.hpp"

#include "media/rtp/packet.hpp"

#include <algorithm>
#include <cstring>

namespace switchroom::media {
namespace {

enum PacketType : std::uint8_t {
  sender_report = 200,
  receiver_report = 201,
  source_description = 202,
  bye = 203
};
constexpr std::size_t header_size = 8;   // the common header and the sender's SSRC
constexpr std::size_t sender_size = 20;  // NTP, RTP timestamp, counts
constexpr std::size_t block_size = 24;
constexpr int max_packets = 64;

/// Finds the block about us among `count` that start at `offset` of one SR or RR.
void read_blocks(std::span<const std::uint8_t> packet, std::size_t offset, std::uint32_t our_ssrc,
                 RtcpSummary& out) {
  const unsigned count = packet[0] & 0x1FU;
  for (unsigned i = 0; i < count && offset + block_size <= packet.size(); ++i, offset += block_size) {
    const std::uint8_t* const block = packet.data() + offset;
    if (load32(block) == our_ssrc) {
      out.about_us = ReportBlock{block[4], load32(block + 16), load32(block + 20)};
    }
  }
}

void read_packet(std::span<const std::uint8_t> packet, std::uint32_t our_ssrc, RtcpSummary& out) {
  switch (packet[1]) {
    case sender_report:
      if (packet.size() >= header_size + sender_size) {
        // Middle 32 bits of the 64: the lower half of the seconds, the upper half of the fraction.
        out.sender_report = (std::uint32_t{load16(&packet[10])} << 16U) | load16(&packet[12]);
        read_blocks(packet, header_size + sender_size, our_ssrc, out);
      }
      break;
    case receiver_report: read_blocks(packet, header_size, our_ssrc, out); break;
    case bye: out.goodbye = true; break;
    default: break;  // SDES, APP, feedback: nothing that we act on
  }
}

/// Appends to a fixed buffer whose size the caller has worked out (max_rtcp_report).
class Writer {
 public:
  explicit Writer(std::uint8_t* out) : out_(out) {}
  void byte(std::uint8_t value) { out_[size_++] = value; }
  void word(std::uint32_t value) {
    store32(out_ + size_, value);
    size_ += 4;
  }
  void header(unsigned count, std::uint8_t type, std::size_t words_after) {
    byte(static_cast<std::uint8_t>(0x80U | count));
    byte(type);
    store16(out_ + size_, static_cast<std::uint16_t>(words_after));
    size_ += 2;
  }
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  std::uint8_t* out_;  // not owned
  std::size_t size_ = 0;
};

void write_block(Writer& writer, const ReceivedReport& received) {
  writer.word(received.ssrc);
  writer.word((std::uint32_t{received.interval.fraction_lost} << 24U) |
              (static_cast<std::uint32_t>(received.interval.cumulative_lost) & 0xFFFFFFU));
  writer.word(received.interval.highest_sequence);
  writer.word(received.interval.jitter);
  writer.word(received.last_report);
  writer.word(received.delay_since_last);
}

void write_cname(Writer& writer, std::uint32_t ssrc, std::string_view cname) {
  cname = cname.substr(0, 64);
  // SSRC, item type, item length, text, and one to four zero bytes that end the chunk on a word.
  const std::size_t words = 1 + (2 + cname.size()) / 4 + 1;
  const std::size_t end = writer.size() + 4 + words * 4;
  writer.header(1, source_description, words);
  writer.word(ssrc);
  writer.byte(1);
  writer.byte(static_cast<std::uint8_t>(cname.size()));
  for (const char c : cname) {
    writer.byte(static_cast<std::uint8_t>(c));
  }
  while (writer.size() < end) {
    writer.byte(0);
  }
}

}  // namespace

std::optional<RtcpSummary> parse_rtcp(std::span<const std::uint8_t> datagram, std::uint32_t our_ssrc) {
  if (datagram.size() < header_size) {
    return std::nullopt;
  }
  RtcpSummary summary;
  summary.ssrc = load32(&datagram[4]);
  for (int i = 0; i < max_packets && !datagram.empty(); ++i) {
    if (datagram.size() < 4 || (datagram[0] >> 6U) != 2 || !is_rtcp(datagram)) {
      return std::nullopt;
    }
    const std::size_t size = (std::size_t{load16(&datagram[2])} + 1) * 4;
    if (size > datagram.size()) {
      return std::nullopt;
    }
    read_packet(datagram.first(size), our_ssrc, summary);
    datagram = datagram.subspan(size);
  }
  return summary;
}

std::size_t write_rtcp(std::span<std::uint8_t, max_rtcp_report> out, const RtcpReport& report) {
  Writer writer(out.data());
  const unsigned blocks = report.received ? 1 : 0;
  const std::size_t block_words = blocks * block_size / 4;
  if (report.sent) {
    writer.header(blocks, sender_report, 6 + block_words);
    writer.word(report.ssrc);
    writer.word(static_cast<std::uint32_t>(report.sent->ntp >> 32U));
    writer.word(static_cast<std::uint32_t>(report.sent->ntp));
    writer.word(report.sent->rtp_timestamp);
    writer.word(report.sent->packets);
    writer.word(report.sent->octets);
  } else {
    writer.header(blocks, receiver_report, 1 + block_words);
    writer.word(report.ssrc);
  }
  if (report.received) {
    write_block(writer, *report.received);
  }
  write_cname(writer, report.ssrc, report.cname);
  if (report.goodbye) {
    writer.header(1, bye, 1);
    writer.word(report.ssrc);
  }
  return writer.size();
}

std::uint64_t ntp_time(base::Duration since_epoch) {
  const auto nanoseconds =
      static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(since_epoch).count());
  const std::uint64_t seconds = nanoseconds / 1'000'000'000;
  const std::uint64_t rest = nanoseconds % 1'000'000'000;
  return (seconds << 32U) | ((rest << 32U) / 1'000'000'000);
}

std::optional<double> round_trip_ms(const ReportBlock& block, std::uint32_t arrival) {
  if (block.last_report == 0) {
    return std::nullopt;
  }
  const std::uint32_t passed =
      arrival - block.last_report - block.delay_since_last;  // 1/65536 s, modulo 2^32
  if (passed > 0U - 65U) {
    return 0.0;
  }  // up to a millisecond below zero is the peer's rounding
  if (passed > 60U * 65536U) {
    return std::nullopt;
  }
  return passed * 1000.0 / 65536.0;
}

}  // namespace switchroom::media
