#include "sip/transport/tcp_listener.hpp"

#include "base/log.hpp"

#include <boost/asio/ip/v6_only.hpp>

#include <utility>

namespace switchroom::sip {
namespace {

constexpr int max_accepts = 32;  // in one turn
constexpr auto pause_when_full = std::chrono::milliseconds(100);

}  // namespace

base::result<std::shared_ptr<TcpListener>> TcpListener::open(asio::io_context& context,
                                                             const ListenAddress& where) {
  auto listener = std::make_shared<TcpListener>(context);
  auto& acceptor = listener->acceptor_;
  const asio::ip::tcp::endpoint local(where.endpoint.address, where.endpoint.port);
  error_code ec;
  acceptor.open(local.protocol(), ec);
  if (!ec) {
    acceptor.set_option(asio::ip::tcp::acceptor::reuse_address(true), ec);  // a restart finds TIME_WAITs
  }
  if (!ec && local.address().is_v6()) {
    acceptor.set_option(asio::ip::v6_only(true), ec);
  }
  if (!ec) {
    acceptor.bind(local, ec);
  }
  if (!ec) {
    acceptor.listen(1024, ec);
  }
  if (!ec) {
    acceptor.non_blocking(true, ec);
  }
  if (ec) {
    return bind_error(where, ec);
  }
  return listener;
}

void TcpListener::start(OnAccept on_accept) {
  on_accept_ = std::move(on_accept);
  await();
}

void TcpListener::close() {
  error_code ignored;
  acceptor_.close(ignored);
  pause_.cancel();
}

base::Endpoint TcpListener::local() const {
  error_code ec;
  const auto local = acceptor_.local_endpoint(ec);
  return {local.address(), local.port()};
}

void TcpListener::await() {
  acceptor_.async_wait(asio::ip::tcp::acceptor::wait_read, [weak = weak_from_this()](error_code ec) {
    const auto self = weak.lock();
    if (self && !ec && self->acceptor_.is_open()) {
      self->accept_some();
    }
  });
}

void TcpListener::accept_some() {
  for (int i = 0; i < max_accepts; ++i) {
    asio::ip::tcp::socket socket(context_);
    asio::ip::tcp::endpoint peer;
    error_code ec;
    acceptor_.accept(socket, peer, ec);
    if (ec == asio::error::would_block || ec == asio::error::try_again) {
      break;
    }
    if (ec == asio::error::connection_aborted || ec == asio::error::interrupted) {
      continue;  // the peer left before we came
    }
    if (ec) {
      rest(ec);
      return;
    }
    on_accept_(std::move(socket), {base::unmapped(peer.address()), peer.port()});
    if (!acceptor_.is_open()) {
      return;
    }
  }
  await();
}

// Out of descriptors, most likely. The connection stays in the kernel's queue, so that asking again at
// once would find it again at once.
void TcpListener::rest(const error_code& why) {
  if (const auto suppressed = full_.pass(base::Clock::now())) {
    log::line(log::Level::warning, log::Subsystem::sip, {},
              "tcp {}: no connection can be accepted now: {} ({} times before; trying ten times a second)",
              base::text(local()), why.message(), *suppressed);
  }
  pause_.expires_after(pause_when_full);
  pause_.async_wait([weak = weak_from_this()](error_code ec) {
    const auto self = weak.lock();
    if (self && !ec && self->acceptor_.is_open()) {
      self->accept_some();
    }
  });
}

}  // namespace switchroom::sip
