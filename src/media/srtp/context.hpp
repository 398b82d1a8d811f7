// SRTP and SRTCP of one direction of a stream: RFC 3711, RFC 6188, RFC 7714. A wrapper around libsrtp.
#pragma once

#include "sdp/crypto.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

struct srtp_ctx_t_;

namespace switchroom::media {

/// What a protected packet is longer than a plain one, at most. Buffers are aligned to 4 bytes.
inline constexpr std::size_t srtp_trailer = 24;  // the tag of GCM, 16; SRTCP's index, 4

namespace srtp_detail {
struct Closer {
  void operator()(srtp_ctx_t_* context) const;
};
using Context = std::unique_ptr<srtp_ctx_t_, Closer>;
}  // namespace srtp_detail

/// Encrypts what we send. Counts the rollovers of the sequence itself: one for each key, for as long as the
/// key is in use. Media thread of its stream; in place, no allocation for a packet.
class SrtpSender {
 public:
  /// Null: the library refused (it says why in the log), nothing may be sent then.
  static std::unique_ptr<SrtpSender> make(const sdp::SrtpKey& key);
  /// The packet in `buffer` is `size` bytes long; returns its new size. nullopt: it must not be sent (no room
  /// for the trailer, or a number that went out already).
  std::optional<std::size_t> protect(std::span<std::uint8_t> buffer, std::size_t size);
  std::optional<std::size_t> protect_rtcp(std::span<std::uint8_t> buffer, std::size_t size);
  [[nodiscard]] const sdp::SrtpKey& key() const { return key_; }

 private:
  explicit SrtpSender(const sdp::SrtpKey& key) : key_(key) {}
  sdp::SrtpKey key_;
  srtp_detail::Context context_;
};

/// Checks and decrypts what comes. Keeps a window against replay for each SSRC.
class SrtpReceiver {
 public:
  static constexpr std::size_t window = 128;     // packets that may arrive late
  static constexpr std::size_t most_ssrcs = 64;  // under one key; a peer that makes more is not honest

  static std::unique_ptr<SrtpReceiver> make(const sdp::SrtpKey& key);
  enum class Verdict : std::uint8_t { genuine, forged, replayed };
  struct Opened {
    Verdict verdict = Verdict::forged;
    std::size_t size = 0;  // of the plain packet, which stands in the same place
  };
  Opened unprotect(std::span<std::uint8_t> datagram);
  Opened unprotect_rtcp(std::span<std::uint8_t> datagram);
  [[nodiscard]] const sdp::SrtpKey& key() const { return key_; }

 private:
  explicit SrtpReceiver(const sdp::SrtpKey& key) : key_(key) {}
  /// libsrtp keeps a context for each SSRC, made when its first genuine packet comes.
  [[nodiscard]] bool may_open(std::uint32_t ssrc) const;
  void note(std::uint32_t ssrc);

  sdp::SrtpKey key_;
  srtp_detail::Context context_;
  std::uint32_t last_ssrc_ = 0;
  std::array<std::uint32_t, most_ssrcs> ssrcs_{};
  std::size_t known_ = 0;
};

}  // namespace switchroom::media
