// A UDP socket of a media port, as a value that closes itself.
#pragma once

#include "base/net.hpp"
#include "base/result.hpp"
#include "media/engine/socket_address.hpp"

#include <sys/socket.h>
#include <sys/types.h>

#include <cstdint>
#include <span>
#include <utility>

namespace switchroom::media {

/// Owns a descriptor. Moved to the media thread that uses it.
class Socket {
 public:
  Socket() = default;
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)), family_(other.family_) {}
  Socket& operator=(Socket&& other) noexcept;
  ~Socket();

  /// Bound to exactly this address and port (never shared with another socket), not blocking, with a
  /// large receive buffer where the system allows it and DSCP EF (RFC 3246). The error is errno.
  static base::result<Socket, int> bind(const base::Endpoint& local);
  /// The same socket under a descriptor of its own, for another thread to send by; none (-1) when there is
  /// none left.
  [[nodiscard]] Socket duplicate() const;

  // The next three are the kernel's calls and not the C library's, each of which is a place where a thread
  // may be cancelled: telling it so costs two atomic exchanges a packet, and nobody cancels a thread here.
  /// False: it is lost, as it would be on the wire (a full buffer, an error that ICMP reported).
  bool send(std::span<const std::uint8_t> datagram, const SocketAddress& to) const;
  /// The true size of the datagram, which may be more than fitted; -1: there is none (errno says why).
  ssize_t receive(std::span<std::uint8_t> buffer, SocketAddress& source) const;
  /// How many were there; see recvmmsg(2).
  int receive(std::span<mmsghdr> messages) const;

  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] sa_family_t family() const { return family_; }

 private:
  Socket(int fd, sa_family_t family) : fd_(fd), family_(family) {}

  int fd_ = -1;
  sa_family_t family_ = AF_UNSPEC;
};

}  // namespace switchroom::media
