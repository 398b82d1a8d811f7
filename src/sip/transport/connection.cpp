#include "sip/transport/connection.hpp"

#include <netinet/tcp.h>

#include <algorithm>
#include <utility>

namespace switchroom::sip {
namespace {

void set_option(int socket, int level, int what, int value) {
  (void)::setsockopt(socket, level, what, &value, sizeof value);
}

/// As a socket would say it.
std::size_t as_of_socket(const TlsStream::Step& step, error_code& ec) {
  using Next = TlsStream::Step::Next;
  switch (step.next) {
    case Next::go_on: return step.size;
    case Next::wait_to_read:
    case Next::wait_to_write: ec = asio::error::would_block; break;
    case Next::ended: ec = asio::error::eof; break;
    case Next::failed: ec = make_error_code(boost::system::errc::protocol_error); break;
  }
  return 0;
}

}  // namespace

Connection::Connection(asio::ip::tcp::socket socket, const Setup& setup)
    : setup_(setup),
      socket_(std::move(socket)),
      timer_(socket_.get_executor()),
      since_(base::Clock::now()),
      heard_(since_),
      partial_since_(base::Time::max()) {}

// -- beginning -------------------------------------------------------------------------------------

void Connection::start() {
  tune();
  begin();
}

void Connection::connect(const base::IpAddress& from) {
  state_ = State::connecting;
  spoke_ = true;  // it is we who speak first
  ours_ = true;
  const asio::ip::tcp::endpoint remote(setup_.remote.address, setup_.remote.port);
  error_code ec;
  socket_.open(remote.protocol(), ec);
  if (!ec && !from.is_unspecified() && from.is_v4() == remote.address().is_v4()) {
    socket_.bind({from, 0}, ec);
  }
  watch();
  if (ec) {
    asio::post(socket_.get_executor(), [self = shared_from_this(), ec] { self->on_connected(ec); });
    return;
  }
  socket_.async_connect(remote,
                        [self = shared_from_this()](error_code failed) { self->on_connected(failed); });
}

void Connection::on_connected(const error_code& ec) {
  if (state_ != State::connecting) {
    return;
  }
  if (ec) {
    close(ec.message());
    return;
  }
  tune();
  begin();
}

/// The way is open, or is secured first.
void Connection::begin() {
  heard_ = since_ = base::Clock::now();
  if (setup_.tls == nullptr || secured_) {
    state_ = State::open;
    watch();
    await_read();
    flush();
    return;
  }
  const int fd = socket_.native_handle();
  tls_ = ours_ ? TlsStream::connect(*setup_.tls, fd, setup_.peer) : TlsStream::accept(*setup_.tls, fd);
  state_ = State::securing;
  watch();
  if (tls_ == nullptr) {
    close("no TLS can be had");
    return;
  }
  shake_hands();
}

void Connection::shake_hands() {
  using Next = TlsStream::Step::Next;
  const auto next = tls_->handshake().next;
  if (next == Next::go_on) {
    secured_ = true;
    setup_.owner->on_secured(*this);
    begin();
    return;
  }
  if (next != Next::wait_to_read && next != Next::wait_to_write) {
    close("the TLS handshake failed: " + (tls_->why().empty() ? "it was cut off" : tls_->why()));
    return;
  }
  using Socket = asio::ip::tcp::socket;
  socket_.async_wait(next == Next::wait_to_read ? Socket::wait_read : Socket::wait_write,
                     [self = shared_from_this()](error_code ec) {
                       if (!ec && self->state_ == State::securing) {
                         self->shake_hands();
                       }
                     });
}

void Connection::tune() {
  connected_ = true;
  error_code ignored;
  socket_.non_blocking(true, ignored);
  const int fd = socket_.native_handle();
  set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  // A peer that vanished is found out by what we send (20 s) or by the kernel's probes (about 2 min).
  set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 20000);
  set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, 90);
  set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, 15);
}

base::IpAddress Connection::local_address() const {
  error_code ec;
  const auto local = socket_.local_endpoint(ec);
  return ec || state_ != State::open ? base::IpAddress() : base::unmapped(local.address());
}

// -- bytes, plain or through TLS -------------------------------------------------------------------

std::size_t Connection::read_some(error_code& ec) {
  // A TLS record is smaller than the scratch: nothing stays behind in OpenSSL that the socket knows not of.
  return tls_ == nullptr ? socket_.read_some(asio::buffer(*setup_.scratch), ec)
                         : as_of_socket(tls_->read(*setup_.scratch), ec);
}

std::size_t Connection::write_some(std::string_view bytes, error_code& ec) {
  return tls_ == nullptr ? socket_.write_some(asio::buffer(bytes.data(), bytes.size()), ec)
                         : as_of_socket(tls_->write(bytes), ec);
}

std::string Connection::why(const error_code& ec) const {
  if (ec == asio::error::eof) {
    return "closed by the peer";
  }
  return tls_ != nullptr && !tls_->why().empty() ? "TLS: " + tls_->why() : ec.message();
}

// -- writing ---------------------------------------------------------------------------------------

bool Connection::send(std::string bytes, std::function<void()> failed, base::Duration patience) {
  if (state_ == State::closed || lingering_) {
    return false;
  }
  if (queued_ + bytes.size() > setup_.settings->max_queued_bytes) {
    close("does not read what is sent to it");
    return false;
  }
  queued_ += bytes.size();
  const bool waits = state_ == State::connecting;
  queue_.push_back(
      {std::move(bytes), 0, std::move(failed), waits ? base::Clock::now() + patience : base::Time()});
  if (waits) {
    watch();
  } else if (state_ == State::open && !writing_) {
    flush();
  }
  return true;
}

void Connection::flush() {
  while (!queue_.empty() && state_ == State::open) {
    Outgoing& front = queue_.front();
    error_code ec;
    const std::size_t sent = write_some(std::string_view(front.bytes).substr(front.sent), ec);
    if (ec == asio::error::would_block || ec == asio::error::try_again) {
      await_write();
      return;
    }
    if (ec) {
      close(why(ec));
      return;
    }
    heard_ = base::Clock::now();
    front.sent += sent;
    queued_ -= sent;
    if (front.sent == front.bytes.size()) {
      queue_.pop_front();
    }
  }
  if (closing_ && state_ == State::open) {
    linger();
  }
}

void Connection::await_write() {
  writing_ = true;
  socket_.async_wait(asio::ip::tcp::socket::wait_write, [self = shared_from_this()](error_code ec) {
    self->writing_ = false;
    if (!ec && self->state_ == State::open) {
      self->flush();
    }
  });
}

}  // namespace switchroom::sip
