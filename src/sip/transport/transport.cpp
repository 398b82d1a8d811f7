#include "sip/transport/transport.hpp"

#include "sip/transport/transports_impl.hpp"

#include <utility>

namespace switchroom::sip {

std::string_view name(TransportKind kind) {
  switch (kind) {
    case TransportKind::udp: return "UDP";
    case TransportKind::tcp: return "TCP";
    case TransportKind::tls: break;
  }
  return "TLS";
}

TransportKind transport_named(std::string_view text) {
  for (const auto kind : {TransportKind::tcp, TransportKind::tls}) {
    if (text == name(kind)) {
      return kind;
    }
  }
  return TransportKind::udp;
}

std::string text(const Flow& flow) {
  const std::string_view kind = flow.kind == TransportKind::udp   ? "udp "
                                : flow.kind == TransportKind::tcp ? "tcp "
                                                                  : "tls ";
  return std::string(kind) + base::text(flow.remote);
}

Transports::Transports(asio::io_context& context, Settings settings, AdmitSource admit)
    : impl_(std::make_shared<Impl>(context, settings, std::move(admit))) {}

Transports::~Transports() = default;

void Transports::set_receiver(Receiver* receiver) { impl_->receiver = receiver; }

base::result<ListenerId> Transports::listen(std::string_view listen, std::string profile,
                                            const base::IpAddress& public_address) {
  return impl_->listen(listen, std::move(profile), public_address);
}

void Transports::advertise(ListenerId listener, const base::IpAddress& public_address) {
  impl_->advertise(listener, public_address);
}

void Transports::use_tls(const std::string& profile, std::shared_ptr<TlsContext> context) {
  impl_->use_tls(profile, std::move(context));
}
void Transports::expect_at(const base::Endpoint& remote, TlsPeer peer) {
  impl_->expect_at(remote, std::move(peer));
}

void Transports::close(ListenerId listener) { impl_->close(listener); }
const Listener* Transports::find(ListenerId id) const { return impl_->find(id); }
std::vector<Listener> Transports::listeners() const { return impl_->listeners(); }

const Listener* Transports::listener_of(std::string_view profile, TransportKind kind, bool v6) const {
  return impl_->listener_of(profile, kind, v6);
}

const Listener* Transports::listener_at(std::string_view profile, TransportKind kind,
                                        const base::Endpoint& local) const {
  return impl_->listener_at(profile, kind, local);
}

bool Transports::send(const Flow& to, std::string bytes, std::function<void()> failed) {
  return impl_->send(to, std::move(bytes), std::move(failed));
}

base::Endpoint Transports::advertised_for(const Flow& flow) const { return impl_->advertised_for(flow); }
void Transports::shut_out(std::vector<base::IpAddress> addresses) { impl_->shut_out(std::move(addresses)); }
void Transports::keepalive(const Flow& to) { impl_->keepalive(to); }
bool Transports::is_open(ConnectionId connection) const { return impl_->is_open(connection); }
Transports::Counters Transports::counters() const { return impl_->counters; }

}  // namespace switchroom::sip
