// A client's TCP connection, encrypted or not, every step of it with a deadline.
#pragma once

#include "base/asio.hpp"
#include "base/clock.hpp"
#include "base/net.hpp"

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace switchroom::mail {

/// On one io_context. Nothing here throws but for cancellation.
class Connection {
 public:
  /// `limit`: for each step that names none.
  Connection(const asio::any_io_executor& executor, base::Duration limit)
      : socket_(executor), limit_(limit) {}

  /// The first of the addresses that answers. Why none does, or empty.
  awaitable<std::string> connect(const std::vector<base::IpAddress>& addresses, std::uint16_t port);
  /// TLS with a server whose certificate is for `name` (mail/trust.hpp). Why it failed, or empty. `context`
  /// lives as long as this.
  awaitable<std::string> encrypt(asio::ssl::context& context, const std::string& name);

  /// Some bytes. Nothing: none in time, or the end.
  awaitable<std::optional<std::string>> read(base::Duration limit);
  awaitable<std::optional<std::string>> read() { return read(limit_); }
  [[nodiscard]] bool timed_out() const { return timed_out_; }  // that was the last read's reason
  /// False: the other side has gone, or does not read.
  awaitable<bool> write(std::string_view bytes);

 private:
  awaitable<void> open(asio::ip::tcp::endpoint to, error_code& failed);
  awaitable<void> handshake(error_code& failed);
  awaitable<void> read_some(asio::mutable_buffer into, std::size_t& size, error_code& failed);
  awaitable<void> write_all(std::string_view bytes, error_code& failed);

  asio::ip::tcp::socket socket_;
  base::Duration limit_;
  std::unique_ptr<asio::ssl::stream<asio::ip::tcp::socket&>> encrypted_;
  bool timed_out_ = false;
};

}  // namespace switchroom::mail
