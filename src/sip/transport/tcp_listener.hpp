// One listening TCP socket: hands out what it accepts.
#pragma once

#include "base/asio.hpp"
#include "base/net.hpp"
#include "base/result.hpp"
#include "sip/transport/listen_address.hpp"
#include "sip/transport/warning_gate.hpp"

#include <functional>
#include <memory>

namespace switchroom::sip {

/// Call thread. Shared: handlers that asio holds look whether the listener is gone, and a listener may
/// be closed by the one who is given a socket.
class TcpListener : public std::enable_shared_from_this<TcpListener> {
 public:
  /// Takes the socket or drops it, which closes it.
  using OnAccept = std::function<void(asio::ip::tcp::socket socket, const base::Endpoint& remote)>;

  static base::result<std::shared_ptr<TcpListener>> open(asio::io_context& context,
                                                         const ListenAddress& where);
  explicit TcpListener(asio::io_context& context) : context_(context), acceptor_(context), pause_(context) {}

  void start(OnAccept on_accept);
  void close();
  [[nodiscard]] base::Endpoint local() const;

 private:
  void await();
  void accept_some();
  void rest(const error_code& why);

  asio::io_context& context_;
  asio::ip::tcp::acceptor acceptor_;
  asio::steady_timer pause_;
  OnAccept on_accept_;
  WarningGate full_{std::chrono::minutes(1)};
};

}  // namespace switchroom::sip
