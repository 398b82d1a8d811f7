#include "sip/transport/resolver.hpp"

#include "base/random.hpp"
#include "sip/transport/dns_client.hpp"
#include "sip/transport/srv_order.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

namespace switchroom::sip {
namespace {

constexpr auto whole_limit = std::chrono::seconds(5);
// Some routers never answer what they do not know; the address, which they do know, must still have time.
constexpr auto naptr_limit = std::chrono::milliseconds(1500);
constexpr auto srv_limit = std::chrono::milliseconds(2500);
constexpr std::size_t max_targets = 8;        // of SRV records that are looked at
constexpr std::size_t max_destinations = 16;  // that are handed out

using Found = base::result<Located>;

constexpr std::uint32_t for_ever = 86400;  // seconds

/// A place to look the addresses of, once NAPTR and SRV have spoken.
struct Target {
  TransportKind kind = TransportKind::udp;
  std::string host;
  std::uint16_t port = 5060;
};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

/// What the scheme and the transport parameter ask for.
struct Wish {
  bool spoken = true;                 // by us
  std::optional<TransportKind> kind;  // none: whichever the peer likes
};

Wish wish_of(const Uri& uri) {
  const auto written = uri.parameters.value("transport");
  if (uri.scheme == "sips") {  // RFC 3261 26.2.2; its transport parameter says tcp, or nothing
    return {written.empty() || same(written, "tcp") || same(written, "tls"), TransportKind::tls};
  }
  if (uri.scheme != "sip") {
    return {false, {}};
  }
  if (written.empty()) {
    return {};
  }
  if (same(written, "udp")) {
    return {true, TransportKind::udp};
  }
  if (same(written, "tls")) {
    return {true, TransportKind::tls};
  }
  return same(written, "tcp") ? Wish{true, TransportKind::tcp} : Wish{false, {}};
}

std::uint16_t usual_port(TransportKind kind) { return kind == TransportKind::tls ? 5061 : 5060; }

std::string why(int status) {
  switch (status) {
    case ARES_ENOTFOUND: return "there is no such name";
    case ARES_ENODATA: return "the name has no address";
    case ARES_ETIMEOUT: return "no name server answered in time";
    case ARES_ECONNREFUSED: return "no name server is to be reached";
    default: return ares_strerror(status);
  }
}

/// 4.1: the services that we speak, best first.
std::vector<std::pair<TransportKind, std::string>> services(std::vector<NaptrRecord> records) {
  std::sort(records.begin(), records.end(), [](const NaptrRecord& a, const NaptrRecord& b) {
    return std::pair(a.order, a.preference) < std::pair(b.order, b.preference);
  });
  std::vector<std::pair<TransportKind, std::string>> found;
  for (const auto& record : records) {
    std::optional<TransportKind> kind;
    if (same(record.service, "SIP+D2U")) {
      kind = TransportKind::udp;
    } else if (same(record.service, "SIP+D2T")) {
      kind = TransportKind::tcp;
    } else if (same(record.service, "SIPS+D2T")) {
      kind = TransportKind::tls;
    }
    if (same(record.flags, "s") && kind && found.size() < 4) {
      found.emplace_back(*kind, record.replacement);
    }
  }
  return found;
}

}  // namespace

class Resolver::Impl {
 public:
  Impl(asio::io_context& context, std::string servers) : dns_(context, std::move(servers)) {}

  awaitable<Found> resolve(Uri uri);

 private:
  struct Service {
    TransportKind kind;
    Asked<SrvRecord> srv;
  };
  struct Targets {
    std::vector<Target> list;
    bool not_offered = false;
    std::uint32_t ttl = for_ever;
  };
  awaitable<Targets> targets(std::string host, std::optional<TransportKind> wanted, base::Time start);
  awaitable<Found> addresses(Targets targets, std::string name, base::Time deadline);

  DnsClient dns_;
};

awaitable<Found> Resolver::Impl::resolve(Uri uri) {
  if (const auto numeric = numeric_destination(uri)) {
    co_return Located{{*numeric}, std::chrono::seconds(for_ever)};
  }
  const Wish wish = wish_of(uri);
  if (!wish.spoken || uri.host.empty()) {
    co_return base::Error{fmt::format("{}: neither UDP nor TCP nor TLS leads there", uri.text())};
  }
  const base::Time start = base::Clock::now();
  Targets found;
  if (uri.port != 0) {
    found.list.push_back({wish.kind.value_or(TransportKind::udp), uri.host, uri.port});
  } else {
    found = co_await targets(uri.host, wish.kind, start);
  }
  if (found.not_offered) {
    co_return base::Error{fmt::format("{}: its DNS says that it offers no SIP", uri.host)};
  }
  co_return co_await addresses(std::move(found), uri.host, start + whole_limit);
}

/// 4.1 and 4.2. NAPTR and both SRV names are asked for at once: an answer of one does not wait for another's
/// silence.
awaitable<Resolver::Impl::Targets> Resolver::Impl::targets(std::string host,
                                                           std::optional<TransportKind> wanted,
                                                           base::Time start) {
  Targets result;
  std::vector<Service> asked;
  if (!wanted || wanted == TransportKind::udp) {
    asked.push_back({TransportKind::udp, dns_.srv("_sip._udp." + host)});
  }
  if (!wanted || wanted == TransportKind::tcp) {
    asked.push_back({TransportKind::tcp, dns_.srv("_sip._tcp." + host)});
  }
  if (wanted == TransportKind::tls) {
    asked.push_back({TransportKind::tls, dns_.srv("_sips._tcp." + host)});
  }
  if (!wanted) {
    const auto naptr = dns_.naptr(host);
    (void)co_await naptr->answered.wait_until(start + naptr_limit);
    result.ttl = std::min(result.ttl, naptr->ttl);
    if (const auto preferred = services(naptr->records); !preferred.empty()) {
      asked.clear();
      for (const auto& [kind, name] : preferred) {
        asked.push_back({kind, dns_.srv(name)});
      }
    }
  }
  std::vector<Target>& found = result.list;
  std::size_t refusals = 0;
  for (const auto& service : asked) {
    (void)co_await service.srv->answered.wait_until(start + srv_limit);
    result.ttl = std::min(result.ttl, service.srv->ttl);
    for (const auto& record :
         srv_order(service.srv->records, [](std::uint32_t n) { return base::random_below(n); })) {
      if (record.target.empty() || record.target == ".") {
        ++refusals;  // RFC 2782: decidedly not available
      } else if (found.size() < max_targets && record.port != 0) {
        found.push_back({service.kind, record.target, record.port});
      }
    }
  }
  result.not_offered = found.empty() && refusals != 0;
  if (found.empty()) {
    const auto kind = wanted.value_or(TransportKind::udp);
    found.push_back({kind, host, usual_port(kind)});
  }
  co_return result;
}

awaitable<Found> Resolver::Impl::addresses(Targets targets, std::string name, base::Time deadline) {
  std::vector<Asked<base::IpAddress>> asked;
  asked.reserve(targets.list.size());
  std::uint32_t ttl = targets.ttl;
  for (const auto& target : targets.list) {
    asked.push_back(dns_.addresses(target.host));
  }
  std::vector<Destination> found;
  int status = ARES_ETIMEOUT;
  for (std::size_t i = 0; i < asked.size(); ++i) {
    if (co_await asked[i]->answered.wait_until(deadline)) {
      status = asked[i]->status;
      ttl = std::min(ttl, asked[i]->ttl);
    }
    for (const auto& address : asked[i]->records) {
      if (found.size() < max_destinations) {
        found.push_back({targets.list[i].kind, {address, targets.list[i].port}});
      }
    }
  }
  if (found.empty()) {
    co_return base::Error{fmt::format("{}: {}", name, why(status))};
  }
  co_return Located{std::move(found), std::chrono::seconds(ttl)};
}

Resolver::Resolver(asio::io_context& context, std::string servers)
    : impl_(std::make_unique<Impl>(context, std::move(servers))) {}

Resolver::~Resolver() = default;

awaitable<base::result<std::vector<Destination>>> Resolver::resolve(Uri uri) {
  auto located = co_await impl_->resolve(std::move(uri));
  if (!located) {
    co_return located.error();
  }
  co_return std::move(located->places);
}

awaitable<base::result<Located>> Resolver::locate(Uri uri) { return impl_->resolve(std::move(uri)); }

std::optional<Destination> numeric_destination(const Uri& uri) {
  error_code not_numeric;
  const auto address = asio::ip::make_address(uri.host, not_numeric);
  const Wish wish = wish_of(uri);
  if (not_numeric || !wish.spoken) {
    return std::nullopt;
  }
  const auto kind = wish.kind.value_or(TransportKind::udp);
  return Destination{kind, {address, uri.port == 0 ? usual_port(kind) : uri.port}};
}

}  // namespace switchroom::sip
