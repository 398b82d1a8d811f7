#include "sip/dialog/dialog.hpp"

#include <algorithm>
#include <utility>

namespace switchroom::sip {
namespace {

constexpr std::uint16_t default_port = 5060;
constexpr std::uint32_t fresh_max_forwards = 70;

std::optional<base::Endpoint> numeric(const Uri& uri) {
  if (!uri.is_sip()) return std::nullopt;
  const std::string_view maddr = uri.parameters.value("maddr");
  boost::system::error_code ec;
  const auto address = asio::ip::make_address(maddr.empty() ? uri.host : std::string(maddr), ec);
  if (ec) return std::nullopt;
  return base::Endpoint{base::unmapped(address), uri.port == 0 ? default_port : uri.port};
}

std::optional<base::IpAddress> numeric(const std::string& host) {
  boost::system::error_code ec;
  const auto address = asio::ip::make_address(host, ec);
  if (ec) return std::nullopt;
  return base::unmapped(address);
}

// Addresses that mean something else, or nothing, to another network. RFC 1918, 6598, 3927, 4193.
bool is_private(const base::IpAddress& address) {
  if (address.is_loopback() || address.is_unspecified() || address.is_multicast()) return true;
  if (address.is_v6()) {
    const auto bytes = address.to_v6().to_bytes();
    return (bytes[0] & 0xfeU) == 0xfcU || address.to_v6().is_link_local();
  }
  const std::uint32_t ip = address.to_v4().to_uint();
  return (ip >> 24U) == 10 || (ip >> 20U) == 0xac1 || (ip >> 16U) == 0xc0a8 ||
         (ip >> 22U) == (0x64400000U >> 22U) || (ip >> 16U) == 0xa9fe;
}

bool equal_nocase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
    const auto lower = [](unsigned char c) { return c >= 'A' && c <= 'Z' ? c + 32 : static_cast<int>(c); };
    return lower(x) == lower(y);
  });
}

// The sender stood behind NAT when its own Via, or (without a proxy in between) its Contact, names
// another place than its packets came from. On TCP the source port says nothing.
bool is_behind_nat(const Message& request, const Flow& from) {
  const base::IpAddress source = base::unmapped(from.remote.address);
  if (!request.via.empty()) {
    const Via& via = request.via.front();
    const auto host = numeric(via.host);
    if (host && *host != source) return true;
    const std::uint16_t port = via.port == 0 ? default_port : via.port;
    if (host && !is_reliable(from.kind) && port != from.remote.port) return true;
  }
  if (!request.record_route.empty() || request.contact.empty()) return false;
  const auto contact = numeric(request.contact.front().uri);
  return contact && contact->address != source;
}

bool same_uri(const Uri& a, const Uri& b) { return a.text() == b.text(); }

}  // namespace

Dialog Dialog::as_server(const Message& request, std::string local_tag, const Flow& from) {
  Dialog d;
  d.id_ = {request.call_id, std::move(local_tag), std::string(request.from.tag())};
  d.local_ = request.to;
  d.local_.parameters.set("tag", d.id_.local_tag);
  d.remote_ = request.from;
  d.remote_target_ = request.from.uri;
  d.learn_target(request);
  d.route_set_ = request.record_route;
  d.remote_cseq_ = request.cseq.number;
  d.flow_ = from;
  d.learned_target_ = d.remote_target_;
  d.behind_nat_ = is_behind_nat(request, from);
  return d;
}

Dialog Dialog::before_response(const Message& request, const Flow& to) {
  Dialog d;
  d.id_ = {request.call_id, std::string(request.from.tag()), {}};
  d.local_ = request.from;
  d.remote_ = request.to;
  d.remote_target_ = request.request_uri;
  d.route_set_ = request.route;
  d.local_cseq_ = request.cseq.number;
  d.flow_ = to;
  d.learned_target_ = d.remote_target_;
  return d;
}

Dialog Dialog::as_client(const Message& request, const Message& response, const Flow& to) {
  Dialog d = before_response(request, to);
  d.id_.remote_tag = std::string(response.to.tag());
  d.remote_ = response.to;
  d.confirm(response);
  return d;
}

void Dialog::learn_target(const Message& message) {
  if (!message.contact.empty() && message.contact.front().uri.is_sip())
    remote_target_ = message.contact.front().uri;
}

void Dialog::confirm(const Message& response) {
  learn_routes(response);
  learn_target(response);
  learned_target_ = remote_target_;
  const auto contact = numeric(remote_target_);
  behind_nat_ = route_set_.empty() && contact && contact->address != base::unmapped(flow_.remote.address);
}

void Dialog::learn_routes(const Message& response) {
  route_set_.assign(response.record_route.rbegin(), response.record_route.rend());
}

Message Dialog::make(Method method, std::uint32_t cseq) const {
  Message m;
  m.is_request = true;
  m.method = method;
  m.method_token = std::string(name(method));
  m.call_id = id_.call_id;
  m.from = local_;
  m.to = remote_;
  m.cseq = {cseq, method, m.method_token};
  m.max_forwards = fresh_max_forwards;
  m.request_uri = remote_target_;
  m.route = route_set_;
  if (!route_set_.empty() && !route_set_.front().uri.parameters.has("lr")) {
    // 12.2.1.1: a strict router takes the request URI's place, the target goes to the route's end.
    m.request_uri = route_set_.front().uri;
    m.request_uri.headers.clear();
    m.route.erase(m.route.begin());
    m.route.push_back(Address{{}, remote_target_, {}});
  }
  return m;
}

Message Dialog::make_request(Method method) { return make(method, ++local_cseq_); }

Message Dialog::make_ack(std::uint32_t invite_cseq) const { return make(Method::ack, invite_cseq); }

bool Dialog::accept_sequence(const Message& request) {
  if (remote_cseq_ && request.cseq.number <= *remote_cseq_) return false;
  remote_cseq_ = request.cseq.number;
  return true;
}

void Dialog::refresh_target(const Message& message) { learn_target(message); }

Flow Dialog::next_hop() const {
  const bool routed = !route_set_.empty();
  const Uri& uri = routed ? route_set_.front().uri : remote_target_;
  if (behind_nat_ || (!routed && !is_reliable(flow_.kind) && same_uri(uri, learned_target_))) return flow_;
  const auto place = numeric(uri);
  if (!place || place->address.is_unspecified() || place->address.is_multicast()) return flow_;
  const base::IpAddress source = base::unmapped(flow_.remote.address);
  const std::string_view transport = uri.parameters.value("transport");
  const bool other_kind = !transport.empty() && !equal_nocase(transport, name(flow_.kind));
  if (other_kind || uri.scheme == "sips" || place->address.is_v4() != source.is_v4()) return flow_;
  if (place->address == source) {
    Flow flow = flow_;
    // A connection came from an ephemeral port: when it is gone, the listening port is the one to open.
    flow.remote.port = place->port;
    return flow;
  }
  if (!routed && same_uri(uri, learned_target_)) return flow_;
  if (is_private(place->address) && !is_private(source)) return flow_;
  return Flow{flow_.kind, flow_.listener, *place, 0};
}

void Dialog::heard_by(const Flow& flow) {
  if (base::unmapped(flow.remote.address) != base::unmapped(flow_.remote.address) || flow == flow_) return;
  move_to(flow);
}

void Dialog::move_to(const Flow& flow) {
  flow_ = flow;
  learned_target_ = remote_target_;
}

}  // namespace switchroom::sip
