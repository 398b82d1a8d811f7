// Transports: what goes out.
#include "base/log.hpp"
#include "sip/transport/tls_context.hpp"
#include "sip/transport/transports_impl.hpp"

#include <utility>

namespace switchroom::sip {

bool Transports::Impl::send(const Flow& to, std::string bytes, std::function<void()> failed,
                            base::Duration patience) {
  const bool sent = to.kind == TransportKind::udp
                        ? send_udp(to, bytes)
                        : send_tcp(to, std::move(bytes), std::move(failed), patience);
  ++(sent ? counters.sent : counters.unreachable);
  return sent;
}

bool Transports::Impl::send_udp(const Flow& to, std::string_view bytes) {
  const Door* door = door_for(to);
  if (door == nullptr) {
    return false;
  }
  error_code why;
  const auto from = door->udp->is_wildcard() ? local_of(*door, to) : base::IpAddress();
  auto sent = door->udp->send(to.remote, from, bytes, why);
  if (sent == UdpListener::Sent::failed && !from.is_unspecified()) {  // it may have gone just now
    sent = door->udp->send(to.remote, {}, bytes, why);
    if (sent != UdpListener::Sent::failed) {
      routes_.not_ours(from, base::Clock::now());
    }
  }
  if (sent == UdpListener::Sent::yes) {
    return true;
  }
  if (const auto suppressed = send_gate_.pass(base::Clock::now())) {
    log::line(log::Level::warning, log::Subsystem::sip, {},
              "{}: {} bytes were not sent: {} ({} more since the last such line)", text(to), bytes.size(),
              why.message(), *suppressed);
  }
  if (sent == UdpListener::Sent::dropped) {
    ++counters.dropped;
    return true;  // as if lost on the way: transactions send it again
  }
  return false;
}

bool Transports::Impl::send_tcp(const Flow& to, std::string bytes, std::function<void()> failed,
                                base::Duration patience) {
  Connection* connection = connection_for(to);
  if (connection == nullptr) {
    connection = open_connection(to);
  }
  return connection != nullptr && connection->send(std::move(bytes), std::move(failed), patience);
}

/// The flow's own connection, or one that was opened to the same place for the same profile.
Connection* Transports::Impl::connection_for(const Flow& flow) const {
  if (const auto own = connections_.find(flow.connection); own != connections_.end()) {
    return own->second.get();
  }
  const Listener* listener = find(flow.listener);
  if (listener == nullptr) {
    return nullptr;
  }
  const auto known = outgoing_.find({listener->profile, flow.kind, flow.remote.address, flow.remote.port});
  return known == outgoing_.end() ? nullptr : connections_.at(known->second).get();
}

Connection* Transports::Impl::open_connection(const Flow& to) {
  const Door* door = door_for(to);
  if (door == nullptr || to.remote.port == 0 || to.remote.address.is_unspecified() ||
      !has_room_for(to.remote)) {
    return nullptr;
  }
  Connection::Setup setup;
  setup.listener = door->listener.id;
  setup.remote = to.remote;
  if (to.kind == TransportKind::tls) {
    setup.tls = tls_of(door->listener.profile);
    if (setup.tls == nullptr) {
      return nullptr;
    }
    const auto known = expected_.find({to.remote.address, to.remote.port});
    setup.peer = known != expected_.end() ? known->second : TlsPeer{to.remote.address.to_string(), true};
    setup.peer.verify = setup.peer.verify && setup.tls->verifies();
  }
  const auto connection = add_connection(asio::ip::tcp::socket(context_), std::move(setup));
  outgoing_[{door->listener.profile, to.kind, to.remote.address, to.remote.port}] = connection->id();
  connection->connect(local_of(*door, to));
  return connection.get();
}

void Transports::Impl::expect_at(const base::Endpoint& remote, TlsPeer peer) {
  constexpr std::size_t most = 10000;  // places that we connect to; the configuration and its DNS name them
  if (expected_.size() >= most) {
    expected_.erase(expected_.begin());
  }
  expected_[{remote.address, remote.port}] = std::move(peer);
}

void Transports::Impl::keepalive(const Flow& to) {
  constexpr std::string_view ping = "\r\n\r\n";  // RFC 5626 3.5.1
  if (to.kind == TransportKind::udp) {
    (void)send_udp(to, ping);
  } else if (Connection* connection = connection_for(to)) {
    (void)connection->send(std::string(ping), {});
  }
}

}  // namespace switchroom::sip
