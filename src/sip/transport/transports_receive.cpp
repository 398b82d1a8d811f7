// Transports: what comes in, by datagrams and by connections.
#include "base/log.hpp"
#include "guard/bans.hpp"
#include "sip/transport/tls_context.hpp"
#include "sip/transport/transports_impl.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <utility>

namespace switchroom::sip {
namespace {

using log::Level;
using log::Subsystem;

constexpr unsigned max_rejects = 100;  // a second: what is beyond gets no 400

/// Who is dropped at the door leaves no TIME_WAIT behind.
void reset(asio::ip::tcp::socket& socket) {
  const linger now{1, 0};
  (void)::setsockopt(socket.native_handle(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

}  // namespace

// -- datagrams -------------------------------------------------------------------------------------

void Transports::Impl::on_datagram(const Door& door, const UdpListener::Datagram& datagram) {
  const auto& [source, local, bytes] = datagram;
  if (admit_ && !admit_(source.address, door.listener.profile)) {
    ++counters.refused;
    return;
  }
  if (bytes.find_first_not_of(std::string_view("\r\n\0 \t", 5)) == std::string_view::npos) {
    ++counters.keepalives;
    return;
  }
  const Flow flow{TransportKind::udp, door.listener.id, source, 0, local};
  Parsed parsed = parse_datagram(bytes);
  if (parsed.message) {
    on_frame(std::move(*parsed.message), flow);
  } else {
    on_bad_frame(parsed, flow);
  }
}

// -- messages, whichever way they came -------------------------------------------------------------

void Transports::Impl::on_frame(Message message, const Flow& from) {
  ++counters.received;
  if (receiver == nullptr) {
    ++counters.without_receiver;
    return;
  }
  receiver->on_message(std::move(message), from);
}

void Transports::Impl::on_bad_frame(const Parsed& parsed, const Flow& from) {
  ++counters.malformed;
  const base::Time now = base::Clock::now();
  if (const auto suppressed = malformed_gate_.pass(now)) {
    log::line(Level::info, Subsystem::sip, {},
              "{}: what came is not SIP: {} ({} more since the last such line)", text(from),
              parsed.why.empty() ? "no start line" : parsed.why, *suppressed);
  }
  if (parsed.error != ParseError::malformed || !parsed.reject || receiver == nullptr) {
    return;
  }
  if (now - reject_window_ >= std::chrono::seconds(1)) {
    reject_window_ = now;
    rejects_ = 0;
  }
  if (++rejects_ > max_rejects) {
    ++counters.unanswered;
    return;
  }
  receiver->on_malformed(parsed, from);
}

// -- connections -----------------------------------------------------------------------------------

void Transports::Impl::on_accept(const Door& door, asio::ip::tcp::socket socket,
                                 const base::Endpoint& remote) {
  if (admit_ && !admit_(remote.address, door.listener.profile)) {
    ++counters.refused;
    reset(socket);
    return;
  }
  if (!has_room_for(remote)) {
    reset(socket);
    return;
  }
  Connection::Setup setup;
  setup.listener = door.listener.id;
  setup.remote = remote;
  if (door.listener.kind == TransportKind::tls) {
    setup.tls = tls_of(door.listener.profile);
    if (setup.tls == nullptr || setup.tls->server() == nullptr || !begin_handshake(remote)) {
      ++counters.too_many;
      reset(socket);
      return;
    }
  }
  add_connection(std::move(socket), std::move(setup))->start();
}

std::shared_ptr<TlsContext> Transports::Impl::tls_of(const std::string& profile) const {
  const auto found = tls_.find(profile);
  return found == tls_.end() ? nullptr : found->second;
}

// One address cannot take the places of all others.
bool Transports::Impl::begin_handshake(const base::Endpoint& remote) {
  const auto network = network_of(remote.address, 32);
  const auto there = handshakes_from_.find(network);
  if (handshakes_ >= settings_.max_handshakes ||
      (there != handshakes_from_.end() && there->second >= settings_.max_handshakes_per_address)) {
    return false;
  }
  ++handshakes_from_[network];
  ++handshakes_;
  return true;
}

void Transports::Impl::end_handshake(const Connection& connection) {
  if (connection.is_ours()) {
    return;
  }
  --handshakes_;
  const auto there = handshakes_from_.find(network_of(connection.remote().address, 32));
  if (there != handshakes_from_.end() && --there->second == 0) {
    handshakes_from_.erase(there);
  }
}

void Transports::Impl::on_secured(const Connection& connection) {
  end_handshake(connection);
  log::line(Level::debug, Subsystem::sip, {}, "tls {}: connection {} speaks {}",
            base::text(connection.remote()), connection.id(), connection.protocol());
}

/// Strangers try everything; what we tried ourselves somebody waits for.
void Transports::Impl::note_failed_handshake(const Connection& connection, std::string_view why) {
  ++counters.handshakes_failed;
  end_handshake(connection);
  if (const auto suppressed = tls_gate_.pass(base::Clock::now())) {
    log::line(connection.is_ours() ? Level::warning : Level::info, Subsystem::sip, {},
              "tls {}: no connection: {} ({} more since the last such line)", base::text(connection.remote()),
              why, *suppressed);
  }
}

bool Transports::Impl::has_room_for(const base::Endpoint& remote) {
  const auto there = per_network_.find(network_of(remote.address, 32));
  const std::size_t from_there = there == per_network_.end() ? 0 : there->second;
  if (connections_.size() < settings_.max_connections && from_there < settings_.max_connections_per_address) {
    return true;
  }
  ++counters.too_many;
  if (const auto suppressed = full_gate_.pass(base::Clock::now())) {
    log::line(Level::warning, Subsystem::sip, {},
              "tcp {}: no further connection: {} in all (of {}), {} with this address (of {}); {} more since "
              "the last such line",
              base::text(remote), connections_.size(), settings_.max_connections, from_there,
              settings_.max_connections_per_address, *suppressed);
  }
  return false;
}

std::shared_ptr<Connection> Transports::Impl::add_connection(asio::ip::tcp::socket socket,
                                                             Connection::Setup setup) {
  setup.owner = this;
  setup.settings = &settings_;
  setup.scratch = &scratch_;
  setup.id = ++last_connection_;
  auto connection = std::make_shared<Connection>(std::move(socket), setup);
  connections_.emplace(setup.id, connection);
  ++per_network_[network_of(setup.remote.address, 32)];
  ++counters.connections_opened;
  counters.connections = connections_.size();
  return connection;
}

void Transports::Impl::on_end(ConnectionId id, std::string_view why) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) {
    return;
  }
  const base::Endpoint remote = found->second->remote();
  counters.connections_failed += found->second->was_connected() ? 0 : 1;
  log::line(Level::debug, Subsystem::sip, {}, "{}: connection {} ended: {}",
            text({found->second->kind(), 0, remote, 0}), id, why);
  if (found->second->was_securing()) {
    note_failed_handshake(*found->second, why);
  }
  if (const auto there = per_network_.find(network_of(remote.address, 32)); --there->second == 0) {
    per_network_.erase(there);
  }
  if (const Listener* listener = find(found->second->listener())) {
    const auto known =
        outgoing_.find({listener->profile, found->second->kind(), remote.address, remote.port});
    if (known != outgoing_.end() && known->second == id) {
      outgoing_.erase(known);
    }
  }
  connections_.erase(found);
  counters.connections = connections_.size();
  report_failure([this, id] {
    if (receiver != nullptr) {
      receiver->on_closed(id);
    }
  });
}

void Transports::Impl::shut_out(std::vector<base::IpAddress> addresses) {
  shut_out_ = std::move(addresses);
  for (const auto& [id, door] : doors_) {
    if (door.udp) {
      door.udp->filter(shut_out_);
    }
  }
  std::vector<std::shared_ptr<Connection>> ending;
  for (const auto& [id, connection] : connections_) {
    if (std::ranges::find(shut_out_, guard::banned_part(connection->remote().address)) != shut_out_.end()) {
      ending.push_back(connection);
    }
  }
  for (const auto& connection : ending) {
    connection->close("its address was banned");
  }
}

void Transports::Impl::report_failure(std::function<void()> failed) {
  asio::post(context_, [weak = weak_from_this(), failed = std::move(failed)] {
    if (const auto self = weak.lock()) {
      failed();
    }
  });
}

}  // namespace switchroom::sip
