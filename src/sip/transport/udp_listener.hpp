// One UDP socket: receives in batches, sends at once.
#pragma once

#include "base/asio.hpp"
#include "base/net.hpp"
#include "base/result.hpp"
#include "sip/transport/listen_address.hpp"

#include <sys/socket.h>

#include <array>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

namespace switchroom::sip {

/// Room for one recvmmsg; shared by all sockets of the call thread, since a batch is done with before the
/// next one begins. Its pages cost nothing until datagrams fill them.
class DatagramBatch {
 public:
  DatagramBatch();
  /// How many datagrams came (at most `size`); 0 when none is there, -1 with errno.
  int receive(int socket);
  [[nodiscard]] std::string_view bytes(int at) const;
  [[nodiscard]] base::Endpoint source(int at) const;
  /// Our address that it was sent to; unspecified where the socket does not tell (UdpListener::is_wildcard).
  [[nodiscard]] base::IpAddress local(int at) const;
  static constexpr std::size_t size = 32;

 private:
  static constexpr std::size_t room = 65536;
  /// Of one in_pktinfo or in6_pktinfo with its header.
  struct alignas(cmsghdr) Control {
    std::array<char, 64> bytes;
  };
  std::unique_ptr<char[]> bytes_;  // NOLINT: uninitialised on purpose
  std::array<sockaddr_storage, size> sources_{};
  std::array<iovec, size> parts_{};
  std::array<Control, size> controls_{};
  std::array<mmsghdr, size> headers_{};
};

/// Call thread. Shared: the handler that asio holds looks whether the listener is gone, and a listener
/// may be closed by what it has just received.
class UdpListener : public std::enable_shared_from_this<UdpListener> {
 public:
  struct Datagram {
    base::Endpoint source;
    base::IpAddress local;  // as in Flow
    std::string_view bytes;
  };
  using OnDatagram = std::function<void(const Datagram&)>;

  static base::result<std::shared_ptr<UdpListener>> open(asio::io_context& context,
                                                         const ListenAddress& where, int receive_buffer);
  explicit UdpListener(asio::io_context& context) : socket_(context) {}

  /// The batch outlives the listener.
  void start(DatagramBatch& batch, OnDatagram on_datagram);
  void close();
  /// Drops what comes from these (guard/socket_filter.hpp).
  void filter(std::span<const base::IpAddress> shut_out);
  [[nodiscard]] base::Endpoint local() const;

  /// Bound to 0.0.0.0 or ::, so that each datagram has an address of ours of its own.
  [[nodiscard]] bool is_wildcard() const { return wildcard_; }

  enum class Sent { yes, dropped /* full just now */, failed /* cannot be sent there */ };
  /// `from` is the source address of what a wildcard sends; unspecified: the kernel's choice. Failed when it
  /// is none of ours.
  Sent send(const base::Endpoint& to, const base::IpAddress& from, std::string_view bytes, error_code& why);

 private:
  void await();
  void drain();

  asio::ip::udp::socket socket_;
  DatagramBatch* batch_ = nullptr;  // not owned
  OnDatagram on_datagram_;
  bool wildcard_ = false;
};

}  // namespace switchroom::sip
