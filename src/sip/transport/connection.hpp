// One TCP or TLS connection: messages cut out of the stream, an output queue, and the deadlines that end it.
#pragma once

#include "base/asio.hpp"
#include "base/clock.hpp"
#include "base/net.hpp"
#include "sip/message/message.hpp"
#include "sip/transport/tls_stream.hpp"
#include "sip/transport/transport.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace switchroom::sip {

class Connection;

/// What a connection tells. Any of these calls may close the connection.
class ConnectionOwner {
 public:
  virtual ~ConnectionOwner() = default;
  virtual void on_frame(Message message, const Flow& from) = 0;
  virtual void on_bad_frame(const Parsed& parsed, const Flow& from) = 0;
  virtual void on_ping() = 0;
  /// Its TLS handshake is done.
  virtual void on_secured(const Connection& connection) = 0;
  /// Not connected any more, or never; `why` is for the log. Called once.
  virtual void on_end(ConnectionId id, std::string_view why) = 0;
  /// Runs `failed` by another turn, unless the owner is gone by then.
  virtual void report_failure(std::function<void()> failed) = 0;
};

/// Call thread. Shared: each handler that asio holds looks whether the connection is still there, and the
/// connection may be closed, and leave its owner's table, from within its own read.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  struct Setup {
    ConnectionOwner* owner = nullptr;                // not owned; told of the end, and then forgotten
    const Transports::Settings* settings = nullptr;  // not owned; outlives the connection
    std::string* scratch = nullptr;  // not owned; room to read into, shared by all connections
    ConnectionId id = 0;
    ListenerId listener = 0;
    base::Endpoint remote;
    std::shared_ptr<TlsContext> tls;  // shared: see there; null: TCP
    TlsPeer peer;                     // who must be there when we connect by TLS
  };
  Connection(asio::ip::tcp::socket socket, const Setup& setup);

  /// An accepted socket.
  void start();
  /// Connects; `from` is bound to when it is not unspecified. What is sent until then waits.
  void connect(const base::IpAddress& from);
  /// False: closed, or the peer does not read (then it is closed now). While it connects, `bytes` wait for
  /// `patience` and have failed then.
  bool send(std::string bytes, std::function<void()> failed,
            base::Duration patience = Transports::connect_limit);
  /// The owner is told, and `failed` called for what was not sent.
  void close(std::string_view why);
  /// The owner goes: nobody is told.
  void drop();

  [[nodiscard]] ConnectionId id() const { return setup_.id; }
  [[nodiscard]] ListenerId listener() const { return setup_.listener; }
  [[nodiscard]] const base::Endpoint& remote() const { return setup_.remote; }
  [[nodiscard]] bool is_open() const { return state_ == State::open; }
  [[nodiscard]] TransportKind kind() const { return setup_.tls ? TransportKind::tls : TransportKind::tcp; }
  /// A TLS handshake was begun, and never came to its end.
  [[nodiscard]] bool was_securing() const { return setup_.tls != nullptr && connected_ && !secured_; }
  [[nodiscard]] bool is_ours() const { return ours_; }
  [[nodiscard]] std::string protocol() const { return tls_ == nullptr ? std::string() : tls_->protocol(); }
  [[nodiscard]] bool was_connected() const { return connected_; }
  /// Unspecified while not connected.
  [[nodiscard]] base::IpAddress local_address() const;

 private:
  enum class State : std::uint8_t { connecting, securing, open, closed };
  struct Outgoing {
    std::string bytes;
    std::size_t sent = 0;
    std::function<void()> failed;
    base::Time until;  // it waits for the connection so long
  };

  [[nodiscard]] Flow flow() const { return {kind(), setup_.listener, setup_.remote, setup_.id}; }
  void on_connected(const error_code& ec);
  void tune();
  void begin();
  void shake_hands();
  void await_read();
  [[nodiscard]] bool is_sated() const;
  void read_on();
  std::size_t read_some(error_code& ec);
  std::size_t write_some(std::string_view bytes, error_code& ec);
  [[nodiscard]] std::string why(const error_code& ec) const;
  void read();
  void consume(std::string_view fresh);
  std::size_t take_frames(std::string_view bytes);
  void take_message(std::string_view bytes);
  void reject(std::string_view bytes, Frame::Fault fault);
  void linger();
  void read_on_for_nothing();
  void flush();
  void await_write();
  [[nodiscard]] base::Time deadline() const;
  void watch();
  void on_watch();
  void give_up_waiting();

  Setup setup_;
  asio::ip::tcp::socket socket_;
  std::unique_ptr<TlsStream> tls_;
  asio::steady_timer timer_;
  base::Time armed_ = base::Time::max();
  base::Time since_;          // when the connection came to be, or began to connect
  base::Time heard_;          // when anything was last received or sent
  base::Time partial_since_;  // when the message that is not yet complete began
  std::string partial_;       // its bytes
  FrameProgress progress_;    // what is known of it
  std::deque<Outgoing> queue_;
  std::size_t queued_ = 0;                    // bytes
  unsigned junk_ = 0;                         // messages that were none
  std::unique_ptr<asio::steady_timer> rest_;  // of one that sends too much
  base::Time second_{};                       // when the second began in which
  unsigned messages_ = 0;                     // so many came
  State state_ = State::open;
  bool connected_ = false;
  bool ours_ = false;       // we connected
  bool secured_ = false;    // the handshake is done
  bool spoke_ = false;      // a whole message has come
  bool closing_ = false;    // when the queue is empty, and the peer has had the time to read it
  bool lingering_ = false;  // closed for writing
  bool writing_ = false;    // asio awaits room to write
};

}  // namespace switchroom::sip
