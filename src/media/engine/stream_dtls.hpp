// A stream's DTLS handshakes: one on its RTP port, another on its RTCP port where that is in use.
#pragma once

#include "media/dtls/worker.hpp"
#include "sdp/negotiate.hpp"

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace switchroom::media {

/// Media thread of its stream. Passes datagrams to the worker and looks for what came of them.
class StreamDtls {
 public:
  explicit StreamDtls(DtlsWorker& worker) : worker_(worker) {}
  StreamDtls(const StreamDtls&) = delete;
  StreamDtls& operator=(const StreamDtls&) = delete;
  ~StreamDtls() { end(); }

  /// A port, and where the peer announced to have its own (nobody: it takes no media).
  struct Place {
    const Socket& socket;
    SocketAddress announced;
  };
  /// A new association begins anew; the same one goes on, with all of its time if it is not done yet.
  void apply(const sdp::MediaPlan& plan, const Place& rtp, const Place& rtcp);
  /// Handshakes are agreed on for this port.
  [[nodiscard]] bool on(bool rtcp) const { return sessions_[rtcp ? 1 : 0].session != nullptr; }
  void receive(bool rtcp, std::span<const std::uint8_t> datagram, const SocketAddress& source);
  /// A peer may begin before its answer has arrived here: what it sent last is kept for apply().
  void keep(std::span<const std::uint8_t> datagram, const SocketAddress& source);

  /// The quick test for the packet path.
  [[nodiscard]] bool may_have_news() const { return open_ > 0; }
  struct News {
    bool rtcp = false;
    std::shared_ptr<const DtlsSession> session;
  };
  /// A handshake that has come to an end, each once.
  std::optional<News> take_news();

 private:
  struct Entry {
    std::shared_ptr<DtlsSession> session;  // why shared: see DtlsSession
    bool told = false;
  };
  void begin(std::size_t which, const sdp::DtlsPlan& plan, const Place& place);
  void end();

  DtlsWorker& worker_;
  unsigned open_ = 0;  // sessions of which nobody was told
  std::uint32_t association_ = 0;
  std::array<Entry, 2> sessions_;  // RTP, RTCP
  std::vector<std::uint8_t> kept_;
  SocketAddress kept_source_;
};

}  // namespace switchroom::media
