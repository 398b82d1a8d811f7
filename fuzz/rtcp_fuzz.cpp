// RTCP as strangers may write it, through the session that judges it; what is written is read back.
#include "media/engine/rtcp_session.hpp"

#include <cstdlib>

namespace media = switchroom::media;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span<const std::uint8_t> datagram(data, size);
  const auto peer =
      *media::SocketAddress::of({switchroom::asio::ip::make_address("192.0.2.1"), 4001}, AF_INET);
  switchroom::base::Time now(std::chrono::hours(1));
  media::RtcpSession session;
  session.start(peer, media::SocketAddress(), now);
  (void)session.on_packet(datagram, peer, {.our_ssrc = 1, .peer_ssrc = 2}, now);

  // The report that follows carries what was just heard.
  media::Sender sender(1, 2, 3);
  media::ReceiverStatistics statistics;
  if (size >= 8) {
    statistics.on_packet({.sequence = media::load16(data), .timestamp = 0, .ssrc = media::load32(data + 4)},
                         8000, now);
    sender.on_sent(size);
  }
  std::array<std::uint8_t, media::max_rtcp_report> out{};
  const std::size_t written =
      session.write(out, sender, statistics, now + std::chrono::seconds(1), size % 2 == 0);
  const auto read = media::parse_rtcp(std::span(out).first(written), 1);
  if (!read || read->ssrc != 1 || read->goodbye != (size % 2 == 0)) {
    std::abort();
  }
  return 0;
}
