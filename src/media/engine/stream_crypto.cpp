#include "media/engine/stream_crypto.hpp"

#include <utility>

namespace switchroom::media {
namespace {

// Half a second of sound. Fewer is what was on its way while a key changed.
constexpr unsigned worth_telling = 25;

}  // namespace

void StreamCrypto::apply(const sdp::MediaPlan& plan) {
  const std::uint32_t association = plan.dtls ? plan.dtls->association : 0;
  on_ = plan.srtp || plan.dtls;
  two_ports_ = plan.dtls && !plan.rtcp_mux;
  const bool goes_on = std::exchange(association_, association) == association;
  if (!on_ || !goes_on) {
    sender_.reset();
    receiver_.reset();
    report_sender_.reset();
    report_receiver_.reset();
  }
  if (!plan.srtp) {
    return;
  }
  if (sender_ == nullptr || sender_->key() != plan.srtp->send) {
    sender_ = SrtpSender::make(plan.srtp->send);
  }
  if (receiver_ == nullptr || receiver_->key() != plan.srtp->receive) {
    receiver_ = SrtpReceiver::make(plan.srtp->receive);
    forged_ = 0;
  }
}

void StreamCrypto::install(const sdp::SrtpPlan& keys, bool rtcp) {
  (rtcp ? report_sender_ : sender_) = SrtpSender::make(keys.send);
  (rtcp ? report_receiver_ : receiver_) = SrtpReceiver::make(keys.receive);
  forged_ = 0;
}

StreamCrypto::Opened StreamCrypto::open(std::span<std::uint8_t> datagram) {
  return receiver_ == nullptr ? Opened{} : receiver_->unprotect(datagram);
}

StreamCrypto::Opened StreamCrypto::open_rtcp(std::span<std::uint8_t> datagram) {
  const auto& receiver = two_ports_ ? report_receiver_ : receiver_;
  return receiver == nullptr ? Opened{} : receiver->unprotect_rtcp(datagram);
}

std::optional<std::size_t> StreamCrypto::seal(std::span<std::uint8_t> buffer, std::size_t size) {
  return sender_ == nullptr ? std::nullopt : sender_->protect(buffer, size);
}

std::optional<std::size_t> StreamCrypto::seal_rtcp(std::span<std::uint8_t> buffer, std::size_t size) {
  const auto& sender = two_ports_ ? report_sender_ : sender_;
  return sender == nullptr ? std::nullopt : sender->protect_rtcp(buffer, size);
}

bool StreamCrypto::on_forged() {
  if (++forged_ < worth_telling || told_) {
    return false;
  }
  told_ = true;
  return true;
}

}  // namespace switchroom::media
