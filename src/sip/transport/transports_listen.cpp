// Transports: listeners, and which of our addresses a peer is told.
#include "base/log.hpp"
#include "sip/transport/transports_impl.hpp"

#include <utility>

namespace switchroom::sip {
namespace {

// Somewhere beyond the default route; nothing is sent there (RFC 5737, RFC 3849).
base::IpAddress anywhere(bool v6) { return asio::ip::make_address(v6 ? "2001:db8::1" : "192.0.2.1"); }

// Listeners that are remembered after they were closed: more than reloads make while a call lasts.
constexpr std::size_t most_closed = 1000;

base::IpAddress loopback(bool v6) {
  return v6 ? base::IpAddress(asio::ip::address_v6::loopback())
            : base::IpAddress(asio::ip::address_v4::loopback());
}

}  // namespace

Transports::Impl::Impl(asio::io_context& context, const Settings& settings, AdmitSource admit)
    : context_(context),
      settings_(settings),
      admit_(std::move(admit)),
      scratch_(std::size_t{32} << 10U, '\0') {}

Transports::Impl::~Impl() {
  for (auto& [id, connection] : connections_) {
    connection->drop();
  }
  for (auto& [id, door] : doors_) {
    door.udp ? door.udp->close() : door.tcp->close();
  }
}

base::result<ListenerId> Transports::Impl::listen(std::string_view listen, std::string profile,
                                                  const base::IpAddress& public_address) {
  const auto where = parse_listen_address(listen);
  if (!where) {
    return where.error();
  }
  Door door;
  if (where->kind == TransportKind::udp) {
    auto udp = UdpListener::open(context_, *where, settings_.udp_receive_buffer);
    if (!udp) {
      return udp.error();
    }
    door.udp = std::move(*udp);
    door.listener.local = door.udp->local();
  } else {
    auto tcp = TcpListener::open(context_, *where);
    if (!tcp) {
      return tcp.error();
    }
    door.tcp = std::move(*tcp);
    door.listener.local = door.tcp->local();
  }
  const ListenerId id = ++last_listener_;
  door.listener.id = id;
  door.listener.kind = where->kind;
  door.listener.profile = std::move(profile);
  door.public_address = public_address;
  const Door& there = doors_.emplace(id, std::move(door)).first->second;
  set_advertised(doors_.at(id));
  if (there.udp) {
    there.udp->filter(shut_out_);
    there.udp->start(batch_,
                     [this, &there](const UdpListener::Datagram& datagram) { on_datagram(there, datagram); });
  } else {
    there.tcp->start([this, &there](asio::ip::tcp::socket socket, const base::Endpoint& remote) {
      on_accept(there, std::move(socket), remote);
    });
  }
  return id;
}

void Transports::Impl::set_advertised(Door& door) {
  Listener& listener = door.listener;
  const bool v6 = listener.local.address.is_v6();
  listener.advertised = advertised_for({listener.kind, listener.id, {anywhere(v6), 0}, 0});
  if (listener.advertised.address.is_unspecified()) {
    listener.advertised.address = loopback(v6);  // a machine without a route
  }
}

void Transports::Impl::advertise(ListenerId id, const base::IpAddress& public_address) {
  if (const auto door = doors_.find(id); door != doors_.end()) {
    door->second.public_address = public_address;
    set_advertised(door->second);
  }
}

void Transports::Impl::close(ListenerId id) {
  const auto door = doors_.find(id);
  if (door == doors_.end()) {
    return;
  }
  // The listener's own closures refer to the door: they do not run once the socket is closed.
  door->second.udp ? door->second.udp->close() : door->second.tcp->close();
  std::vector<std::shared_ptr<Connection>> ending;
  for (const auto& [connection_id, connection] : connections_) {
    if (connection->listener() == id) {
      ending.push_back(connection);
    }
  }
  for (const auto& connection : ending) {
    connection->close("its listener was closed");
  }
  closed_.emplace(id, door->second.listener);
  if (closed_.size() > most_closed) {
    closed_.erase(closed_.begin());
  }
  doors_.erase(door);
}

const Listener* Transports::Impl::find(ListenerId id) const {
  const auto door = doors_.find(id);
  return door == doors_.end() ? nullptr : &door->second.listener;
}

std::vector<Listener> Transports::Impl::listeners() const {
  std::vector<Listener> all;
  all.reserve(doors_.size());
  for (const auto& [id, door] : doors_) {
    all.push_back(door.listener);
  }
  return all;
}

const Listener* Transports::Impl::listener_of(std::string_view profile, TransportKind kind, bool v6) const {
  for (const auto& [id, door] : doors_) {
    const Listener& listener = door.listener;
    if (listener.kind == kind && listener.profile == profile && listener.local.address.is_v6() == v6) {
      return &listener;
    }
  }
  return nullptr;
}

const Listener* Transports::Impl::listener_at(std::string_view profile, TransportKind kind,
                                              const base::Endpoint& local) const {
  const Listener* any = nullptr;
  for (const auto& [id, door] : doors_) {
    const Listener& listener = door.listener;
    if (listener.kind != kind || listener.profile != profile || listener.local.port != local.port) {
      continue;
    }
    if (listener.local == local) {
      return &listener;
    }
    const auto& bound = listener.local.address;
    any = bound.is_unspecified() && bound.is_v6() == local.address.is_v6() ? &listener : any;
  }
  return any;
}

/// The socket that a flow leaves by: the one that it names, or another of the same profile that fits its
/// kind and family. For connections any of the profile, since those of ours need none that listens.
const Transports::Impl::Door* Transports::Impl::door_for(const Flow& flow) const {
  const auto named = doors_.find(flow.listener);
  if (named == doors_.end()) {
    return door_instead(flow);
  }
  const bool v6 = flow.remote.address.is_v6();
  const Listener& listener = named->second.listener;
  if (listener.kind == flow.kind && listener.local.address.is_v6() == v6) {
    return &named->second;
  }
  if (const Listener* other = listener_of(listener.profile, flow.kind, v6)) {
    return &doors_.at(other->id);
  }
  return is_reliable(flow.kind) ? &named->second : nullptr;
}

/// For a flow whose listener a reload has closed.
const Transports::Impl::Door* Transports::Impl::door_instead(const Flow& flow) const {
  const auto was = closed_.find(flow.listener);
  if (was == closed_.end()) {
    return nullptr;
  }
  const Door* best = nullptr;
  int best_rank = 0;
  for (const auto& [id, door] : doors_) {
    const Listener& listener = door.listener;
    const bool fits =
        listener.kind == flow.kind && listener.local.address.is_v6() == flow.remote.address.is_v6();
    const int rank = !fits                                     ? 0
                     : listener.local == was->second.local     ? 3
                     : listener.profile == was->second.profile ? 2
                                                               : 1;
    if (rank > best_rank) {
      best_rank = rank;
      best = &door;
    }
  }
  return best;
}

/// The address that a flow's messages leave from; unspecified: by the kernel's route.
base::IpAddress Transports::Impl::local_of(const Door& door, const Flow& flow) {
  const base::IpAddress& remote = flow.remote.address;
  const base::IpAddress& bound = door.listener.local.address;
  if (bound.is_v6() == remote.is_v6() && !bound.is_unspecified()) {
    return bound;
  }
  if (const Connection* connection = flow.connection != 0 ? connection_for(flow) : nullptr) {
    if (const auto address = connection->local_address(); !address.is_unspecified()) {
      return address;
    }
  }
  const base::IpAddress& local = flow.local;
  if (local.is_unspecified() || local.is_v6() != remote.is_v6()) {
    return {};
  }
  // An address may have moved to another machine since, and from the loopback nobody outside is reached.
  const base::Time now = base::Clock::now();
  const bool reaches = !local.is_loopback() || remote.is_loopback() || routes_.is_ours(remote, now);
  return reaches && routes_.is_ours(local, now) ? local : base::IpAddress();
}

base::Endpoint Transports::Impl::local_for(const Flow& flow) {
  const Door* door = door_for(flow);
  return door == nullptr ? base::Endpoint()
                         : base::Endpoint{local_of(*door, flow), door->listener.local.port};
}

base::Endpoint Transports::Impl::advertised_for(const Flow& flow) {
  const Door* door = door_for(flow);
  const base::IpAddress& remote = flow.remote.address;
  if (door == nullptr) {
    return {routes_.local_towards(remote, base::Clock::now()), 5060};
  }
  const std::uint16_t port = door->listener.local.port;
  if (!door->public_address.is_unspecified() && door->public_address.is_v6() == remote.is_v6()) {
    return {door->public_address, port};
  }
  if (const auto local = local_of(*door, flow); !local.is_unspecified()) {
    return {local.is_v6() ? base::IpAddress(asio::ip::address_v6(local.to_v6().to_bytes())) : local, port};
  }
  return {routes_.local_towards(remote, base::Clock::now()), port};
}

}  // namespace switchroom::sip
