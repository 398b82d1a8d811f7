#include "media/engine/rtcp_session.hpp"

#include "base/random.hpp"

namespace switchroom::media {
namespace {

constexpr std::int64_t seconds_1900_to_1970 = 2'208'988'800;
constexpr double interval_seconds = 5.0;  // RFC 3550 section 6.2: the minimum, which two members never leave
constexpr double compensation = 1.21828;  // e - 3/2, section 6.3.1

}  // namespace

RtcpSession::RtcpSession()
    : cname_(base::random_token(20)),
      to_1900_(std::chrono::microseconds(base::wall_now()) + std::chrono::seconds(seconds_1900_to_1970) -
               base::Clock::now().time_since_epoch()) {}

void RtcpSession::start(const SocketAddress& announced, const SocketAddress& signalling, base::Time now) {
  latch_.start(announced, signalling);
  if (first_ && next_ == base::Time()) {
    schedule(now);
  }
}

void RtcpSession::schedule(base::Time now) {
  const double spread = 0.5 + base::random_below(1'000'001) / 1'000'000.0;
  const double seconds = interval_seconds * spread / compensation * (first_ ? 0.5 : 1.0);
  next_ = now + std::chrono::duration_cast<base::Duration>(std::chrono::duration<double>(seconds));
}

RtcpSession::Verdict RtcpSession::on_packet(std::span<const std::uint8_t> datagram,
                                            const SocketAddress& source, const Streams& streams,
                                            base::Time now) {
  const auto summary = parse_rtcp(datagram, streams.our_ssrc);
  if (!latch_.is_peer(source)) {
    if (!summary) {
      return Verdict::stranger;
    }
    const Latch::Claim claim{
        .ssrc = summary->ssrc, .sequence = ++packets_heard_, .proven = streams.peer_ssrc == summary->ssrc};
    if (!latch_.admit(source, claim, now)) {
      return Verdict::stranger;
    }
  }
  if (!summary) {
    return Verdict::malformed;
  }
  latch_.on_peer_packet(now);
  if (summary->sender_report) {
    last_sender_report_ = summary->sender_report;
    last_sender_ssrc_ = summary->ssrc;
    last_sender_time_ = now;
  }
  if (summary->about_us) {
    remote_lost_ = summary->about_us->fraction_lost / 256.0;
    const auto trip = media::round_trip_ms(*summary->about_us, ntp_middle(ntp(now)));
    if (trip) {
      round_trip_ms_ = trip;
    }
  }
  return Verdict::accepted;
}

std::size_t RtcpSession::write(std::span<std::uint8_t, max_rtcp_report> out, const Sender& sender,
                               ReceiverStatistics& received, base::Time now, bool goodbye) {
  RtcpReport report{.ssrc = sender.ssrc(), .cname = cname_, .goodbye = goodbye};
  if (sender.packets() != packets_reported_) {  // a sender is who sent since the last report
    report.sent = SentReport{ntp(now), sender.timestamp_at(now), sender.packets(), sender.octets()};
    packets_reported_ = sender.packets();
  }
  if (received.started()) {
    ReceivedReport& block = report.received.emplace();
    block.ssrc = received.ssrc();
    block.interval = received.take_interval();
    if (last_sender_report_ && last_sender_ssrc_ == block.ssrc) {
      block.last_report = *last_sender_report_;
      block.delay_since_last = ntp_middle(ntp_time(now - last_sender_time_));
    }
  }
  first_ = false;
  schedule(now);
  return write_rtcp(out, report);
}

}  // namespace switchroom::media
