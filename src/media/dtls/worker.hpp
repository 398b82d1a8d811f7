// The thread on which DTLS handshakes are computed, so that no sound waits for a signature.
#pragma once

#include "media/dtls/handshake.hpp"
#include "media/dtls/identity.hpp"
#include "media/engine/socket.hpp"

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

namespace switchroom::media {

/// A handshake between the stream whose port it is on and the worker. Shared, since either may let go first.
struct DtlsSession {
  DtlsTerms terms;
  SocketAddress announced;
  Socket socket;  // the stream's own under another descriptor: the worker sends by it
  /// Datagrams that wait for the worker.
  std::atomic<unsigned> queued{0};
  /// Set by the worker once, when all that follows is written; read by the stream's thread after that.
  std::atomic<bool> settled{false};
  HandshakeEnd end;
  sdp::SrtpPlan keys;
  SocketAddress peer;
};

/// A handshake costs about half a millisecond of signatures, the twentieth part of a beat's time on a thread
/// that speaks for hundreds of calls: so media threads pass the datagrams on and go on relaying. One thread
/// does some thousand handshakes a second; what comes faster waits, and is sent again by its peers.
class DtlsWorker {
 public:
  explicit DtlsWorker(std::unique_ptr<const DtlsIdentity> identity);
  DtlsWorker(const DtlsWorker&) = delete;
  DtlsWorker& operator=(const DtlsWorker&) = delete;
  ~DtlsWorker();  // no stream is left
  [[nodiscard]] const sdp::Fingerprint& fingerprint() const { return identity_->fingerprint(); }

  // Any thread. None waits for the worker.
  std::shared_ptr<DtlsSession> begin(DtlsTerms terms, const SocketAddress& announced, const Socket& socket);
  /// Dropped where too much waits already.
  void receive(const std::shared_ptr<DtlsSession>& session, std::span<const std::uint8_t> datagram,
               const SocketAddress& source);
  void extend(const std::shared_ptr<DtlsSession>& session);
  void end(const std::shared_ptr<DtlsSession>& session);

 private:
  struct Order {
    enum class Kind : std::uint8_t { begin, receive, extend, end } kind = Kind::begin;
    std::shared_ptr<DtlsSession> session;
    std::vector<std::uint8_t> datagram;
    SocketAddress source;
  };
  struct Task {
    std::shared_ptr<DtlsSession> session;
    std::unique_ptr<Handshake> handshake;
    base::Time due = base::Time::max();
  };
  void put(Order order);
  void run();
  bool wait(std::vector<Order>& orders);
  void perform(Order& order);
  void serve_due();
  void follow_up(Task& task);
  void forget(DtlsSession* session);

  std::unique_ptr<const DtlsIdentity> identity_;
  std::mutex mutex_;
  std::condition_variable news_;
  std::vector<Order> orders_;
  bool stops_ = false;

  // The worker's own.
  std::unordered_map<DtlsSession*, Task> tasks_;
  std::set<std::pair<base::Time, DtlsSession*>> due_;
  std::thread thread_;  // last
};

}  // namespace switchroom::media
