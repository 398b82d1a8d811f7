#include "mail/connection.hpp"

#include "base/within.hpp"
#include "mail/trust.hpp"

#include <boost/asio/write.hpp>
#include <fmt/core.h>

#include <array>
#include <utility>

namespace switchroom::mail {
namespace {

namespace ssl = asio::ssl;
using asio::ip::tcp;

constexpr std::size_t chunk = 64U << 10U;

/// Whether it came to its end before `limit`. What was cancelled for that completes, too, but as an error.
awaitable<bool> in_time(base::Duration limit, awaitable<void> operation, const error_code& failed) {
  const bool ended = co_await base::within(limit, std::move(operation));
  co_return ended&& failed != asio::error::operation_aborted;
}

}  // namespace

awaitable<std::string> Connection::connect(const std::vector<base::IpAddress>& addresses,
                                           std::uint16_t port) {
  std::string why = "no address";
  for (const auto& address : addresses) {
    error_code failed;
    error_code ignored;
    (void)socket_.close(ignored);
    const bool answered = co_await in_time(limit_, open(tcp::endpoint(address, port), failed), failed);
    if (answered && !failed) {
      co_return std::string();
    }
    why = fmt::format("{} port {}: {}", address.to_string(), port, answered ? failed.message() : "no answer");
  }
  co_return "cannot connect to " + why;
}

awaitable<std::string> Connection::encrypt(ssl::context& context, const std::string& name) {
  encrypted_ = std::make_unique<ssl::stream<tcp::socket&>>(socket_, context);
  expect_name(encrypted_->native_handle(), name);
  error_code failed;
  if (!co_await in_time(limit_, handshake(failed), failed)) {
    co_return "the server did not answer the TLS handshake";
  }
  co_return failed ? why_no_tls(encrypted_->native_handle(), failed, name) : std::string();
}

awaitable<std::optional<std::string>> Connection::read(base::Duration limit) {
  std::array<char, 4096> piece;
  std::size_t size = 0;
  error_code failed;
  timed_out_ = !co_await in_time(limit, read_some(asio::buffer(piece), size, failed), failed);
  if (timed_out_ || failed || size == 0) {
    co_return std::nullopt;
  }
  co_return std::string(piece.data(), size);
}

awaitable<bool> Connection::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto piece = bytes.substr(0, chunk);
    error_code failed;
    if (!co_await in_time(limit_, write_all(piece, failed), failed) || failed) {
      co_return false;
    }
    bytes.remove_prefix(piece.size());
  }
  co_return true;
}

awaitable<void> Connection::open(tcp::endpoint to, error_code& failed) {
  co_await socket_.async_connect(to, asio::redirect_error(asio::use_awaitable, failed));
}

awaitable<void> Connection::handshake(error_code& failed) {
  co_await encrypted_->async_handshake(ssl::stream_base::client,
                                       asio::redirect_error(asio::use_awaitable, failed));
}

awaitable<void> Connection::read_some(asio::mutable_buffer into, std::size_t& size, error_code& failed) {
  if (encrypted_) {
    size = co_await encrypted_->async_read_some(into, asio::redirect_error(asio::use_awaitable, failed));
  } else {
    size = co_await socket_.async_read_some(into, asio::redirect_error(asio::use_awaitable, failed));
  }
}

awaitable<void> Connection::write_all(std::string_view bytes, error_code& failed) {
  const auto buffer = asio::buffer(bytes.data(), bytes.size());
  if (encrypted_) {
    (void)co_await asio::async_write(*encrypted_, buffer, asio::redirect_error(asio::use_awaitable, failed));
  } else {
    (void)co_await asio::async_write(socket_, buffer, asio::redirect_error(asio::use_awaitable, failed));
  }
}

}  // namespace switchroom::mail
