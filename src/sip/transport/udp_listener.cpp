#include "sip/transport/udp_listener.hpp"

#include "guard/socket_filter.hpp"

#include <boost/asio/ip/v6_only.hpp>

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

}  // namespace

DatagramBatch::DatagramBatch() : bytes_(std::make_unique_for_overwrite<char[]>(size * room)) {
  for (std::size_t i = 0; i < size; ++i) {
    parts_[i] = {bytes_.get() + i * room, room};
    headers_[i].msg_hdr.msg_iov = &parts_[i];
    headers_[i].msg_hdr.msg_iovlen = 1;
    headers_[i].msg_hdr.msg_name = &sources_[i];
  }
}

int DatagramBatch::receive(int socket) {
  for (auto& header : headers_) {
    header.msg_hdr.msg_namelen = sizeof(sockaddr_storage);
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
      on_datagram_(batch_->source(i), batch_->bytes(i));
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

UdpListener::Sent UdpListener::send(const base::Endpoint& to, std::string_view bytes, error_code& why) {
  const asio::ip::udp::endpoint remote(to.address, to.port);
  const auto sent = ::sendto(socket_.native_handle(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL,
                             remote.data(), static_cast<socklen_t>(remote.size()));
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
