#include "sip/transport/listen_address.hpp"

#include <fmt/core.h>

#include <charconv>
#include <optional>

namespace switchroom::sip {
namespace {

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return port;
}

base::Error not_an_address(std::string_view text) {
  return {
      fmt::format("\"{}\" is no address to listen on: write it like \"udp:0.0.0.0:5060\", \"tcp:[::]:5060\" "
                  "or \"tls:0.0.0.0:5061\"",
                  text)};
}

}  // namespace

base::result<ListenAddress> parse_listen_address(std::string_view text) {
  ListenAddress where;
  if (text.starts_with("tcp:")) {
    where.kind = TransportKind::tcp;
  } else if (text.starts_with("tls:")) {
    where.kind = TransportKind::tls;
  } else if (!text.starts_with("udp:")) {
    return not_an_address(text);
  }
  const std::string_view rest = text.substr(4);
  const auto colon = rest.rfind(':');
  if (colon == std::string_view::npos) {
    return not_an_address(text);
  }
  std::string_view host = rest.substr(0, colon);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) {
    host = host.substr(1, host.size() - 2);
  }
  error_code bad;
  where.endpoint.address = asio::ip::make_address(std::string(host), bad);
  const auto port = parse_port(rest.substr(colon + 1));
  if (bad || !port || bracketed != where.endpoint.address.is_v6()) {
    return not_an_address(text);
  }
  where.endpoint.port = *port;
  return where;
}

base::Error bind_error(const ListenAddress& where, const error_code& why) {
  const bool udp = where.kind == TransportKind::udp;
  std::string reason = why.message();
  if (why == asio::error::address_in_use) {
    reason = fmt::format("the port is taken by another program (see: ss -{}lpn 'sport = :{}')",
                         udp ? 'u' : 't', where.endpoint.port);
  } else if (why == asio::error::access_denied) {
    reason = fmt::format("not permitted (ports below 1024 want root or CAP_NET_BIND_SERVICE)");
  } else if (why == boost::system::errc::address_not_available) {
    reason = "this machine has no such address (see: ip address)";
  } else if (why == asio::error::address_family_not_supported) {
    reason = "IPv6 is switched off on this machine";
  }
  return {fmt::format("{}: {}", text({where.kind, 0, where.endpoint, 0}), reason)};
}

}  // namespace switchroom::sip
