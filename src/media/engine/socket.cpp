#include "media/engine/socket.hpp"

#include <netinet/in.h>
#include <netinet/ip.h>
#include <sys/syscall.h>

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace switchroom::media {
namespace {

constexpr int receive_buffer =
    256 * 1024;  // bytes; over two seconds of packets at 20 ms, with the kernel's overhead
constexpr int expedited_forwarding = 46 << 2;

void set_option(int fd, int level, int name, int value) {
  (void)::setsockopt(fd, level, name, &value, sizeof value);
}

}  // namespace

Socket& Socket::operator=(Socket&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(family_, other.family_);
  return *this;
}

Socket::~Socket() {
  if (fd_ >= 0) {
    ::close(fd_);
  }
}

base::result<Socket, int> Socket::bind(const base::Endpoint& local) {
  const asio::ip::udp::endpoint address(local.address, local.port);
  const auto family = static_cast<sa_family_t>(address.protocol().family());
  Socket socket(::socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), family);
  if (socket.fd() < 0) {
    return errno;
  }
  if (family == AF_INET6) {
    // "::" takes IPv4 peers too; a real IPv6 address never has them.
    set_option(socket.fd(), IPPROTO_IPV6, IPV6_V6ONLY, local.address.is_unspecified() ? 0 : 1);
    set_option(socket.fd(), IPPROTO_IPV6, IPV6_TCLASS, expedited_forwarding);
  }
  set_option(socket.fd(), IPPROTO_IP, IP_TOS, expedited_forwarding);  // on IPv6 sockets for mapped IPv4
  set_option(socket.fd(), SOL_SOCKET, SO_RCVBUF, receive_buffer);
  if (::bind(socket.fd(), address.data(), static_cast<socklen_t>(address.size())) != 0) {
    return errno;
  }
  return socket;
}

bool Socket::send(std::span<const std::uint8_t> datagram, const SocketAddress& to) const {
  return ::syscall(SYS_sendto, fd_, datagram.data(), datagram.size(), MSG_DONTWAIT | MSG_NOSIGNAL, to.data(),
                   to.size()) >= 0;
}

ssize_t Socket::receive(std::span<std::uint8_t> buffer, SocketAddress& source) const {
  socklen_t size = SocketAddress::capacity();
  // MSG_TRUNC: the true size, so that a datagram that did not fit is seen as such.
  return ::syscall(SYS_recvfrom, fd_, buffer.data(), buffer.size(), MSG_DONTWAIT | MSG_TRUNC, source.data(),
                   &size);
}

int Socket::receive(std::span<mmsghdr> messages) const {
  return static_cast<int>(::syscall(SYS_recvmmsg, fd_, messages.data(),
                                    static_cast<unsigned>(messages.size()), MSG_DONTWAIT | MSG_TRUNC,
                                    nullptr));
}

Socket Socket::duplicate() const { return {::fcntl(fd_, F_DUPFD_CLOEXEC, 0), family_}; }

}  // namespace switchroom::media
