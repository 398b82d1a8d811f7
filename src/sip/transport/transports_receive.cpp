// Transports: what comes in, by datagrams and by connections.
#include "base/log.hpp"
#include "sip/transport/transports_impl.hpp"

#include <sys/socket.h>

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

void Transports::Impl::on_datagram(const Door& door, const base::Endpoint& source, std::string_view bytes) {
  if (admit_ && !admit_(source.address, door.listener.profile)) {
    ++counters.refused;
    return;
  }
  if (bytes.find_first_not_of(std::string_view("\r\n\0 \t", 5)) == std::string_view::npos) {
    ++counters.keepalives;
    return;
  }
  const Flow flow{TransportKind::udp, door.listener.id, source, 0};
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
  receiver->on_malformed(*parsed.reject, parsed.why, from);
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
  add_connection(std::move(socket), door.listener.id, remote)->start();
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
                                                             ListenerId listener,
                                                             const base::Endpoint& remote) {
  Connection::Setup setup;
  setup.owner = this;
  setup.settings = &settings_;
  setup.scratch = &scratch_;
  setup.id = ++last_connection_;
  setup.listener = listener;
  setup.remote = remote;
  auto connection = std::make_shared<Connection>(std::move(socket), setup);
  connections_.emplace(setup.id, connection);
  ++per_network_[network_of(remote.address, 32)];
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
  log::line(Level::debug, Subsystem::sip, {}, "tcp {}: connection {} ended: {}", base::text(remote), id, why);
  if (const auto there = per_network_.find(network_of(remote.address, 32)); --there->second == 0) {
    per_network_.erase(there);
  }
  if (const Listener* listener = find(found->second->listener())) {
    const auto known = outgoing_.find({listener->profile, remote.address, remote.port});
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

void Transports::Impl::report_failure(std::function<void()> failed) {
  asio::post(context_, [weak = weak_from_this(), failed = std::move(failed)] {
    if (const auto self = weak.lock()) {
      failed();
    }
  });
}

}  // namespace switchroom::sip
