// The one behind transport.hpp. Private to this folder.
#pragma once

#include "sip/transport/connection.hpp"
#include "sip/transport/route_cache.hpp"
#include "sip/transport/tcp_listener.hpp"
#include "sip/transport/transport.hpp"
#include "sip/transport/udp_listener.hpp"
#include "sip/transport/warning_gate.hpp"

#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <unordered_map>

namespace switchroom::sip {

/// Call thread.
class Transports::Impl final : public ConnectionOwner, public std::enable_shared_from_this<Transports::Impl> {
 public:
  Impl(asio::io_context& context, const Settings& settings, AdmitSource admit);
  ~Impl() override;
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  base::result<ListenerId> listen(std::string_view listen, std::string profile,
                                  const base::IpAddress& public_address);
  void advertise(ListenerId id, const base::IpAddress& public_address);
  void close(ListenerId id);
  [[nodiscard]] const Listener* find(ListenerId id) const;
  [[nodiscard]] std::vector<Listener> listeners() const;
  [[nodiscard]] const Listener* listener_of(std::string_view profile, TransportKind kind, bool v6) const;
  [[nodiscard]] const Listener* listener_at(std::string_view profile, TransportKind kind,
                                            const base::Endpoint& local) const;
  void use_tls(const std::string& profile, std::shared_ptr<TlsContext> context) {
    tls_[profile] = std::move(context);
  }
  void expect_at(const base::Endpoint& remote, TlsPeer peer);
  bool send(const Flow& to, std::string bytes, std::function<void()> failed);
  [[nodiscard]] base::Endpoint advertised_for(const Flow& flow);
  void keepalive(const Flow& to);
  [[nodiscard]] bool is_open(ConnectionId id) const { return connections_.contains(id); }
  void shut_out(std::vector<base::IpAddress> addresses);

  Receiver* receiver = nullptr;  // not owned
  Counters counters;

 private:
  struct Door {
    Listener listener;
    base::IpAddress public_address;
    std::shared_ptr<UdpListener> udp;  // shared: see there
    std::shared_ptr<TcpListener> tcp;  // shared: see there; of TLS too
  };
  /// Whose profile, how, and where to: what an outgoing connection is found again by.
  using Peer = std::tuple<std::string, TransportKind, base::IpAddress, std::uint16_t>;

  // What comes in.
  void on_datagram(const Door& door, const base::Endpoint& source, std::string_view bytes);
  void on_accept(const Door& door, asio::ip::tcp::socket socket, const base::Endpoint& remote);
  void on_frame(Message message, const Flow& from) override;
  void on_bad_frame(const Parsed& parsed, const Flow& from) override;
  void on_ping() override { ++counters.keepalives; }
  void on_secured(const Connection& connection) override;
  void on_end(ConnectionId id, std::string_view why) override;
  void report_failure(std::function<void()> failed) override;
  bool has_room_for(const base::Endpoint& remote);
  [[nodiscard]] std::shared_ptr<TlsContext> tls_of(const std::string& profile) const;
  bool begin_handshake(const base::Endpoint& remote);
  void end_handshake(const Connection& connection);
  void note_failed_handshake(const Connection& connection, std::string_view why);

  // What goes out.
  [[nodiscard]] const Door* door_for(const Flow& flow) const;
  [[nodiscard]] const Door* door_instead(const Flow& flow) const;
  void set_advertised(Door& door);
  bool send_udp(const Flow& to, std::string_view bytes);
  bool send_tcp(const Flow& to, std::string bytes, std::function<void()> failed);
  [[nodiscard]] Connection* connection_for(const Flow& flow) const;
  Connection* open_connection(const Flow& to);
  std::shared_ptr<Connection> add_connection(asio::ip::tcp::socket socket, Connection::Setup setup);

  asio::io_context& context_;
  Settings settings_;
  AdmitSource admit_;
  DatagramBatch batch_;
  std::string scratch_;  // what connections read into
  RouteCache routes_;
  std::map<ListenerId, Door> doors_;       // a map: pointers to Listeners are handed out
  std::map<ListenerId, Listener> closed_;  // calls that came by them go on by others
  std::unordered_map<ConnectionId, std::shared_ptr<Connection>> connections_;
  std::map<Peer, ConnectionId> outgoing_;
  std::map<std::string, std::shared_ptr<TlsContext>> tls_;  // by profile; shared: see there
  std::map<std::pair<base::IpAddress, std::uint16_t>, TlsPeer> expected_;
  std::size_t handshakes_ = 0;                                      // of peers, under way
  std::unordered_map<std::uint64_t, std::size_t> handshakes_from_;  // the same by address or /64
  std::unordered_map<std::uint64_t, std::size_t> per_network_;      // connections, by address or /64
  ListenerId last_listener_ = 0;
  ConnectionId last_connection_ = 0;
  std::vector<base::IpAddress> shut_out_;
  base::Time reject_window_{};
  unsigned rejects_ = 0;  // in this window
  WarningGate malformed_gate_, full_gate_, send_gate_, tls_gate_;
};

}  // namespace switchroom::sip
