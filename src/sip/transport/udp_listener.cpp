#include "sip/transport/udp_listener.hpp"

#include "guard/socket_filter.hpp"

#include <boost/asio/ip/v6_only.hpp>
#include <netinet/in.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace switchroom::sip {
namespace {

// One turn receives this many batches at most; then timers and other sockets have their turn.
constexpr int max_batches = 4;

// The kernel halves what is asked to net.core.rmem_max unless the process may override it.
void set_buffer(int socket, int what, int force, int bytes) {
  if (::setsockopt(socket, SOL_SOCKET, force, &bytes, sizeof bytes) != 0) {
    (void)::setsockopt(socket, SOL_SOCKET, what, &bytes, sizeof bytes);
  }
}

/// Each datagram comes with the address of ours that it was sent to (ip(7), RFC 3542 6.1).
bool tell_local_address(int socket, bool v6) {
  const int on = 1;
  return ::setsockopt(socket, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_RECVPKTINFO : IP_PKTINFO, &on,
                      sizeof on) == 0;
}

base::IpAddress address_in(const cmsghdr& control) {
  if (control.cmsg_level == IPPROTO_IP && control.cmsg_type == IP_PKTINFO) {
    in_pktinfo info{};
    std::memcpy(&info, CMSG_DATA(&control), sizeof info);
    // ipi_addr may be a broadcast address: this is the one to answer from.
    return asio::ip::address_v4(ntohl(info.ipi_spec_dst.s_addr));
  }
  if (control.cmsg_level == IPPROTO_IPV6 && control.cmsg_type == IPV6_PKTINFO) {
    in6_pktinfo info{};
    std::memcpy(&info, CMSG_DATA(&control), sizeof info);
    asio::ip::address_v6::bytes_type bytes;
    std::memcpy(bytes.data(), &info.ipi6_addr, bytes.size());
    asio::ip::address_v6 address(bytes);
    if (address.is_multicast()) {
      return {};
    }
    if (address.is_link_local()) {
      address.scope_id(info.ipi6_ifindex);
    }
    return address;
  }
  return {};
}

template <class Info>
void put(msghdr& message, int level, int type, const Info& info) {
  message.msg_controllen = CMSG_SPACE(sizeof info);
  cmsghdr* control = CMSG_FIRSTHDR(&message);
  control->cmsg_level = level;
  control->cmsg_type = type;
  control->cmsg_len = CMSG_LEN(sizeof info);
  std::memcpy(CMSG_DATA(control), &info, sizeof info);
}

/// Makes `from` the source address; `message` has room for it.
void put_source(msghdr& message, const base::IpAddress& from) {
  if (from.is_v4()) {
    in_pktinfo info{};
    info.ipi_spec_dst.s_addr = htonl(from.to_v4().to_uint());
    put(message, IPPROTO_IP, IP_PKTINFO, info);
    return;
  }
  const auto address = from.to_v6();
  in6_pktinfo info{};
  const auto bytes = address.to_bytes();
  std::memcpy(&info.ipi6_addr, bytes.data(), bytes.size());
  info.ipi6_ifindex = static_cast<unsigned>(address.scope_id());
  put(message, IPPROTO_IPV6, IPV6_PKTINFO, info);
}

}  // namespace

DatagramBatch::DatagramBatch() : bytes_(std::make_unique_for_overwrite<char[]>(size * room)) {
  for (std::size_t i = 0; i < size; ++i) {
    parts_[i] = {bytes_.get() + i * room, room};
    headers_[i].msg_hdr.msg_iov = &parts_[i];
    headers_[i].msg_hdr.msg_iovlen = 1;
    headers_[i].msg_hdr.msg_name = &sources_[i];
    headers_[i].msg_hdr.msg_control = controls_[i].bytes.data();
  }
}

int DatagramBatch::receive(int socket) {
  for (auto& header : headers_) {
    header.msg_hdr.msg_namelen = sizeof(sockaddr_storage);
    header.msg_hdr.msg_controllen = sizeof(Control);
  }
  const int count = ::recvmmsg(socket, headers_.data(), size, MSG_DONTWAIT, nullptr);
  return count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) ? 0 : count;
}

std::string_view DatagramBatch::bytes(int at) const {
  const auto i = static_cast<std::size_t>(at);
  return {bytes_.get() + i * room, headers_[i].msg_len};
}

base::Endpoint DatagramBatch::source(int at) const {
  const auto i = static_cast<std::size_t>(at);
  asio::ip::udp::endpoint source;
  const auto length = std::min<std::size_t>(headers_[i].msg_hdr.msg_namelen, source.capacity());
  std::memcpy(source.data(), &sources_[i], length);
  return {base::unmapped(source.address()), source.port()};
}

base::IpAddress DatagramBatch::local(int at) const {
  const cmsghdr* control = CMSG_FIRSTHDR(&headers_[static_cast<std::size_t>(at)].msg_hdr);
  return control == nullptr ? base::IpAddress() : address_in(*control);
}

base::result<std::shared_ptr<UdpListener>> UdpListener::open(asio::io_context& context,
                                                             const ListenAddress& where, int receive_buffer) {
  auto listener = std::make_shared<UdpListener>(context);
  auto& socket = listener->socket_;
  const asio::ip::udp::endpoint local(where.endpoint.address, where.endpoint.port);
  error_code ec;
  socket.open(local.protocol(), ec);
  if (!ec && local.address().is_v6()) {
    socket.set_option(asio::ip::v6_only(true), ec);
  }
  if (!ec) {
    socket.bind(local, ec);
  }
  if (!ec) {
    socket.non_blocking(true, ec);
  }
  if (ec) {
    return bind_error(where, ec);
  }
  listener->wildcard_ =
      local.address().is_unspecified() && tell_local_address(socket.native_handle(), local.address().is_v6());
  set_buffer(socket.native_handle(), SO_RCVBUF, SO_RCVBUFFORCE, receive_buffer);
  set_buffer(socket.native_handle(), SO_SNDBUF, SO_SNDBUFFORCE, receive_buffer);
  return listener;
}

void UdpListener::start(DatagramBatch& batch, OnDatagram on_datagram) {
  batch_ = &batch;
  on_datagram_ = std::move(on_datagram);
  await();
}

void UdpListener::close() {
  error_code ignored;
  socket_.close(ignored);
}

void UdpListener::filter(std::span<const base::IpAddress> shut_out) {
  (void)guard::attach_filter(socket_.native_handle(),
                             shut_out);  // refused: they are dropped when they are read
}

base::Endpoint UdpListener::local() const {
  error_code ec;
  const auto local = socket_.local_endpoint(ec);
  return {local.address(), local.port()};
}

void UdpListener::await() {
  socket_.async_wait(asio::ip::udp::socket::wait_read, [weak = weak_from_this()](error_code ec) {
    const auto self = weak.lock();
    if (self && !ec && self->socket_.is_open()) {
      self->drain();
    }
  });
}

void UdpListener::drain() {
  for (int batches = 0; batches < max_batches; ++batches) {
    const int count = batch_->receive(socket_.native_handle());
    for (int i = 0; i < count; ++i) {
      on_datagram_({batch_->source(i), wildcard_ ? batch_->local(i) : base::IpAddress(), batch_->bytes(i)});
      if (!socket_.is_open()) {
        return;
      }
    }
    if (count < static_cast<int>(DatagramBatch::size)) {
      break;  // also after an error, which is the one of an earlier datagram (ICMP)
    }
  }
  await();
}

UdpListener::Sent UdpListener::send(const base::Endpoint& to, const base::IpAddress& from,
                                    std::string_view bytes, error_code& why) {
  asio::ip::udp::endpoint remote(to.address, to.port);
  iovec part{const_cast<char*>(bytes.data()), bytes.size()};  // NOLINT: sendmsg only reads
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(in6_pktinfo))> control{};
  msghdr message{};
  message.msg_name = remote.data();
  message.msg_namelen = static_cast<socklen_t>(remote.size());
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (wildcard_ && !from.is_unspecified() && from.is_v4() == to.address.is_v4()) {
    message.msg_control = control.data();
    put_source(message, from);
  }
  const auto sent = ::sendmsg(socket_.native_handle(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent >= 0) {
    return Sent::yes;
  }
  why.assign(errno, boost::system::system_category());
  switch (errno) {
    case EAGAIN:
    case ENOBUFS:
    case ENOMEM:
    case EINTR:
    case EPERM:         // a firewall's table is full, or it says no today
    case ECONNREFUSED:  // of an earlier datagram
      return Sent::dropped;
    default: return Sent::failed;
  }
}

}  // namespace switchroom::sip
