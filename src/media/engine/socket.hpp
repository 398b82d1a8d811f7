// A UDP socket of a media port, as a value that closes itself.
#pragma once

#include "base/net.hpp"
#include "base/result.hpp"

#include <sys/socket.h>

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

  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] sa_family_t family() const { return family_; }

 private:
  Socket(int fd, sa_family_t family) : fd_(fd), family_(family) {}

  int fd_ = -1;
  sa_family_t family_ = AF_UNSPEC;
};

}  // namespace switchroom::media
