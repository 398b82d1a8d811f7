// Where SIP messages enter and leave: sockets in asio, addresses and connections as values.
#pragma once

#include "base/asio.hpp"
#include "base/clock.hpp"
#include "base/net.hpp"
#include "base/result.hpp"
#include "sip/message/message.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace switchroom::sip {

enum class TransportKind : std::uint8_t { udp, tcp, tls };
std::string_view name(TransportKind kind);  // "UDP", "TCP", "TLS" as in Via
/// The other way round, for what was written down; UDP for anything else.
TransportKind transport_named(std::string_view name);
/// Nobody on the way reads or changes it.
inline bool is_secure(TransportKind kind) { return kind == TransportKind::tls; }
inline bool is_reliable(TransportKind kind) { return kind != TransportKind::udp; }

/// Names a listening socket for as long as the process runs.
using ListenerId = std::uint32_t;
/// Names one connection; 0 is none. Never used twice.
using ConnectionId = std::uint64_t;

/// The way between a peer and us, both where a message came from and where one goes to. A reply, and a
/// request to a phone behind NAT, takes the flow that the phone's own request came by.
struct Flow {
  TransportKind kind = TransportKind::udp;
  ListenerId listener = 0;  // the socket it is sent from (UDP), or whose profile it belongs to
  base::Endpoint remote;
  ConnectionId connection = 0;  // this connection; when it is gone, or 0, one is opened to `remote`
  friend bool operator==(const Flow&, const Flow&) = default;
};
std::string text(const Flow& flow);  // "udp 192.0.2.1:5060"

struct Listener {
  ListenerId id = 0;
  TransportKind kind = TransportKind::udp;
  base::Endpoint local;       // bound address and port (the real one when port 0 was asked for)
  base::Endpoint advertised;  // for Via and Contact: public_address, else local, else by route
  std::string profile;
};

/// Keys and certificates; see tls_context.hpp.
class TlsContext;
/// Whom a certificate must name when we connect to a place by TLS.
struct TlsPeer {
  std::string name;    // host name or address, as it was written
  bool verify = true;  // false: whoever answers there is believed
};

/// Asked before anything is allocated for a peer: at accept, and for each datagram. Must be cheap.
using AdmitSource = std::function<bool(const base::IpAddress& source, const std::string& profile)>;

/// All sockets of all profiles. Call thread. A receiver may call anything from its callbacks, but not
/// destroy this.
class Transports {
 public:
  struct Receiver {
    virtual ~Receiver() = default;
    /// A well-formed message. Via received/rport are not yet filled in.
    virtual void on_message(Message message, const Flow& from) = 0;
    /// A malformed request that deserves an answer: parsed.reject, by parsed.status. Rate limited already.
    virtual void on_malformed(const Parsed& parsed, const Flow& from) = 0;
    /// A connection ended; flows through it will be re-opened when used.
    virtual void on_closed(ConnectionId connection) = 0;
  };
  struct Settings {
    std::size_t max_connections = 10000;
    std::size_t max_connections_per_address = 200;
    base::Duration idle_limit = std::chrono::minutes(10);  // a connection nobody speaks on
    base::Duration first_message_limit = std::chrono::seconds(10);
    std::size_t max_header = 16384;
    std::size_t max_body = 65536;
    std::size_t max_queued_bytes = 1U << 20U;  // for each connection; more closes it
    int udp_receive_buffer = 4 << 20;
    base::Duration handshake_limit = std::chrono::seconds(10);  // TLS
    std::size_t max_handshakes = 500;  // TLS connections that have not shown yet that they speak it
    std::size_t max_handshakes_per_address = 100;
    unsigned max_messages = 1000;  // a second on one connection; it is read no further until the next. 0: any
  };

  Transports(asio::io_context& context, Settings settings, AdmitSource admit);
  ~Transports();
  Transports(const Transports&) = delete;
  Transports& operator=(const Transports&) = delete;

  void set_receiver(Receiver* receiver);  // not owned
  /// `listen` is "udp:0.0.0.0:5060", "tcp:[::]:5060". Error text says which address and why ("in use").
  base::result<ListenerId> listen(std::string_view listen, std::string profile,
                                  const base::IpAddress& public_address);
  /// Another public address for a listener that stays open. Unknown listeners are ignored.
  void advertise(ListenerId listener, const base::IpAddress& public_address);
  /// For TLS of a profile from here on; connections that are up keep what they began with. A tls: listener
  /// without it refuses everybody.
  void use_tls(const std::string& profile,
               std::shared_ptr<TlsContext> context);  // shared with its connections
  /// What is expected of the certificate at `remote`, the next time that a connection is made to it. Without:
  /// that it names the address.
  void expect_at(const base::Endpoint& remote, TlsPeer peer);
  /// Also closes the connections that belong to it. Flows that name it go on by another listener: the one
  /// that is bound where it was, or else one of its profile, or any that fits.
  void close(ListenerId listener);
  [[nodiscard]] const Listener* find(ListenerId id) const;
  [[nodiscard]] std::vector<Listener> listeners() const;
  /// The profile's listener for a kind and an address family; nullptr when it has none.
  [[nodiscard]] const Listener* listener_of(std::string_view profile, TransportKind kind, bool v6) const;
  /// The profile's listener that is bound to exactly this; nullptr when it has none.
  [[nodiscard]] const Listener* listener_at(std::string_view profile, TransportKind kind,
                                            const base::Endpoint& local) const;

  /// Sends bytes; false when they can't be sent now (no socket, queue full, unreachable). What is too
  /// long for UDP is the caller's concern (RFC 3261 18.1.1); a UDP socket whose buffer is full drops it,
  /// counts it and returns true. TCP opens or re-uses a connection; `failed` is called once, by another turn,
  /// when that comes to nothing (after 5 s at the latest) or ends before the bytes were written.
  bool send(const Flow& to, std::string bytes, std::function<void()> failed = {});
  /// The address to write into Via and Contact for a message that takes this flow.
  [[nodiscard]] base::Endpoint advertised_for(const Flow& flow) const;
  /// From now on nothing of these is heard: their datagrams are dropped in the kernel (as many addresses as
  /// fit a socket filter, the first ones), their connections are reset. IPv6 addresses stand for 64 bits
  /// (guard/bans.hpp).
  void shut_out(std::vector<base::IpAddress> addresses);
  /// Double-CRLF keep-alive by UDP, or on a TCP connection that is open; opens none.
  void keepalive(const Flow& to);
  /// False for 0, and once on_closed has told of it.
  [[nodiscard]] bool is_open(ConnectionId connection) const;

  /// Messages and connections since the start; `connections` is how many there are now.
  struct Counters {
    std::uint64_t received = 0, sent = 0;
    std::uint64_t malformed = 0;         // not SIP, or not well enough
    std::uint64_t unanswered = 0;        // malformed ones that deserved a 400, beyond 100 of them a second
    std::uint64_t refused = 0;           // by AdmitSource: datagrams and connections
    std::uint64_t dropped = 0;           // not sent: the socket's buffer was full just then
    std::uint64_t unreachable = 0;       // not sent: no route, no socket, no connection
    std::uint64_t keepalives = 0;        // received: empty datagrams, CRLFs
    std::uint64_t without_receiver = 0;  // received while nobody was there to take them
    std::uint64_t too_many = 0;          // connections beyond the limits of Settings
    std::uint64_t connections_opened = 0;
    std::uint64_t connections_failed = 0;  // by us, never connected
    std::uint64_t handshakes_failed = 0;   // TLS, either way
    std::size_t connections = 0;
  };
  [[nodiscard]] Counters counters() const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;  // shared: what is posted to asio looks whether it is gone
};

}  // namespace switchroom::sip
