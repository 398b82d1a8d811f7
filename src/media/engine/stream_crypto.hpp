// The encryption of one stream, both ways.
#pragma once

#include "media/srtp/context.hpp"
#include "sdp/negotiate.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

namespace switchroom::media {

/// Media thread of its stream. A stream that was agreed to be encrypted never sends or takes a plain packet,
/// not even when its keys turn out to be of no use.
class StreamCrypto {
 public:
  /// Contexts go on while their keys stay what they are (rollover counter, replay window); another key makes
  /// another one.
  void apply(const sdp::MediaPlan& plan);
  /// What a handshake gave. `rtcp`: that of the other port, whose packets have keys of their own then.
  void install(const sdp::SrtpPlan& keys, bool rtcp);
  [[nodiscard]] bool on() const { return on_; }
  /// For a handshake: until then nothing may be sent or taken.
  [[nodiscard]] bool waits() const { return association_ != 0 && sender_ == nullptr; }

  using Opened = SrtpReceiver::Opened;
  Opened open(std::span<std::uint8_t> datagram);
  Opened open_rtcp(std::span<std::uint8_t> datagram);
  /// `buffer` begins with a plain packet of `size` bytes; returns how many go out. nullopt: none.
  std::optional<std::size_t> seal(std::span<std::uint8_t> buffer, std::size_t size);
  std::optional<std::size_t> seal_rtcp(std::span<std::uint8_t> buffer, std::size_t size);

  /// A packet that should be the peer's did not prove to be. True once: when it is time to tell somebody.
  bool on_forged();

 private:
  bool on_ = false;
  std::uint32_t association_ = 0;  // of DTLS; 0: keys come from the plan
  bool two_ports_ = false;         // with a handshake for each
  bool told_ = false;
  unsigned forged_ = 0;  // under these keys
  std::unique_ptr<SrtpSender> sender_;
  std::unique_ptr<SrtpReceiver> receiver_;
  std::unique_ptr<SrtpSender> report_sender_;  // of two ports
  std::unique_ptr<SrtpReceiver> report_receiver_;
};

}  // namespace switchroom::media
