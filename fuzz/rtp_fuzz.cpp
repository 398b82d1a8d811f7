// RTP as strangers may write it: parsed, rewritten in place as the relay does, counted.
#include "media/rtp/packet.hpp"
#include "media/rtp/receiver_statistics.hpp"
#include "media/rtp/sender.hpp"

#include <cstdlib>
#include <vector>

namespace media = switchroom::media;

/// The input is a sequence of datagrams, each after a byte with its length and one with its delay.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::span<const std::uint8_t> rest(data, size);
  media::ReceiverStatistics statistics;
  media::Sender sender(1, 2, 3);
  switchroom::base::Time now(std::chrono::hours(1));
  while (rest.size() > 2) {
    const std::size_t length = std::min<std::size_t>(rest[0], rest.size() - 2);
    now += std::chrono::milliseconds(rest[1]);
    std::vector<std::uint8_t> datagram(rest.begin() + 2,
                                       rest.begin() + 2 + static_cast<std::ptrdiff_t>(length));
    rest = rest.subspan(2 + length);
    (void)media::is_rtcp(datagram);
    auto packet = media::parse_rtp(datagram);
    if (!packet) {
      continue;
    }
    statistics.on_packet(*packet, packet->marker ? 48000 : 8000, now);
    if (!sender.rewrite(*packet, 1, 8000, now)) {
      continue;
    }
    const auto out = std::span(datagram).subspan(packet->payload_offset - media::rtp_header_size,
                                                 media::rtp_header_size + packet->payload_size);
    media::write_rtp_header(out.first<media::rtp_header_size>(), *packet);
    const auto again = media::parse_rtp(out);  // what we send is always a packet
    if (!again || again->payload_size != packet->payload_size || again->ssrc != 1) {
      std::abort();
    }
  }
  (void)statistics.lost();
  (void)statistics.take_interval();
  return 0;
}
