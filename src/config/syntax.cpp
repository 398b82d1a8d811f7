#include "config/syntax.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace switchroom::config {
namespace {

using base::Error;
using std::chrono::milliseconds;

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};
constexpr std::array time_units{Unit{"d", 86'400'000}, Unit{"h", 3'600'000}, Unit{"m", 60'000},
                                Unit{"s", 1000}, Unit{"ms", 1}};
constexpr std::array size_units{Unit{"", 1}, Unit{"K", 1U << 10U}, Unit{"M", 1U << 20U},
                                Unit{"G", 1U << 30U}};
constexpr std::uint64_t ten_years_ms = 3650ULL * 86'400'000ULL;

/// Splits "30m" into 30 and "m".
bool split_unit(std::string_view text, std::uint64_t& number, std::string_view& unit) {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  unit = text.substr(digits);
  return parse_number(text.substr(0, digits), number);
}

base::result<base::IpAddress> parse_address(std::string_view text) {
  error_code bad;
  base::IpAddress address = asio::ip::make_address(std::string(text), bad);
  if (bad) {
    return Error{fmt::format("\"{}\" is not an IP address", text)};
  }
  return address;
}

/// The address with all bits behind `prefix` cleared.
base::IpAddress masked(const base::IpAddress& address, unsigned prefix) {
  const auto mask = [prefix](auto bytes) {
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      const unsigned kept = prefix > i * 8 ? std::min(8U, prefix - static_cast<unsigned>(i) * 8) : 0;
      bytes[i] = static_cast<unsigned char>(bytes[i] & (0xFF00U >> kept));
    }
    return bytes;
  };
  return address.is_v4() ? base::IpAddress(asio::ip::address_v4(mask(address.to_v4().to_bytes())))
                         : base::IpAddress(asio::ip::address_v6(mask(address.to_v6().to_bytes())));
}

base::result<std::uint16_t> parse_port(std::string_view text) {
  std::uint64_t port = 0;
  if (!parse_number(text, port) || port == 0 || port > 65535) {
    return Error{fmt::format("\"{}\" is not a port: 1 to 65535", text)};
  }
  return static_cast<std::uint16_t>(port);
}

/// "10.0.0.1:5060" or "[::]:5060" into host and port.
bool split_host_port(std::string_view text, std::string_view& host, std::string_view& port) {
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos || close + 1 >= text.size() || text[close + 1] != ':') {
      return false;
    }
    host = text.substr(1, close - 1);
    port = text.substr(close + 2);
    return true;
  }
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || text.find(':', colon + 1) != std::string_view::npos) {
    return false;  // none, or an IPv6 address without its brackets
  }
  host = text.substr(0, colon);
  port = text.substr(colon + 1);
  return true;
}

}  // namespace

bool parse_number(std::string_view text, std::uint64_t& number) {
  const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), number);
  return !text.empty() && bad == std::errc() && end == text.data() + text.size();
}

base::result<milliseconds> parse_duration(std::string_view text) {
  std::uint64_t number = 0;
  std::string_view unit;
  if (split_unit(text, number, unit)) {
    for (const Unit& known : time_units) {
      if (unit == known.name) {
        if (number > ten_years_ms / known.factor) {
          return Error{fmt::format("\"{}\" is longer than ten years", text)};
        }
        return milliseconds(number * known.factor);
      }
    }
  }
  return Error{
      fmt::format("\"{}\" is not a duration: a whole number and ms, s, m, h or d, as in \"30s\"", text)};
}

std::string duration_text(milliseconds duration) {
  const auto count = static_cast<std::uint64_t>(duration.count());
  for (const Unit& unit : time_units) {
    if (count % unit.factor == 0 && count >= unit.factor) {
      return fmt::format("{}{}", count / unit.factor, unit.name);
    }
  }
  return "0s";
}

base::result<std::uint64_t> parse_size(std::string_view text) {
  std::uint64_t number = 0;
  std::string_view unit;
  if (split_unit(text, number, unit)) {
    for (const Unit& known : size_units) {
      if (unit == known.name && number <= (1ULL << 40U) / known.factor) {
        return number * known.factor;
      }
    }
  }
  return Error{fmt::format("\"{}\" is not a size: a whole number and K, M or G, as in \"10M\"", text)};
}

base::result<std::pair<std::uint16_t, std::uint16_t>> parse_port_range(std::string_view text) {
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos) {
    return Error{fmt::format("\"{}\" is not a port range, as in \"16384-32768\"", text)};
  }
  const auto first = parse_port(text.substr(0, dash));
  const auto last = parse_port(text.substr(dash + 1));
  if (!first || !last) {
    return !first ? first.error() : last.error();
  }
  if (*first < 1024) {
    return Error{fmt::format("the range begins at {}: ports below 1024 belong to the system", *first)};
  }
  if (*first % 2 != 0) {
    return Error{
        fmt::format("the range begins at the odd port {}: RTP takes even ports, RTCP the next", *first)};
  }
  if (*last < *first + 3) {
    return Error{
        fmt::format("the range {}-{} has no room for one call, which takes four ports", *first, *last)};
  }
  return std::pair(*first, *last);
}

base::result<Network> parse_network(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto address = parse_address(text.substr(0, slash));
  if (!address) {
    return Error{fmt::format("\"{}\" is not a network: an address or \"10.0.0.0/8\"", text)};
  }
  const unsigned bits = address->is_v4() ? 32 : 128;
  std::uint64_t prefix = bits;
  if (slash != std::string_view::npos && (!parse_number(text.substr(slash + 1), prefix) || prefix > bits)) {
    return Error{fmt::format("\"{}\": the number behind the slash is 0 to {}", text, bits)};
  }
  if (address->is_v6() && address->to_v6().scope_id() != 0) {
    return Error{fmt::format("\"{}\": a network has no interface behind a %", text)};
  }
  Network network{masked(*address, static_cast<unsigned>(prefix)), static_cast<std::uint8_t>(prefix)};
  if (network.address != *address) {
    return Error{
        fmt::format("\"{}\" has bits set behind its prefix; did you mean {}", text, network_text(network))};
  }
  return network;
}

std::string network_text(const Network& network) {
  return fmt::format("{}/{}", network.address.to_string(), network.prefix);
}

base::result<Listener> parse_listener(std::string_view text) {
  const std::size_t colon = text.find(':');
  const std::string_view transport = text.substr(0, colon);
  if (transport == "ws" || transport == "wss") {
    return Error{fmt::format("\"{}\": {} is not in this version; udp, tcp and tls are", text, transport)};
  }
  if (colon == std::string_view::npos || (transport != "udp" && transport != "tcp" && transport != "tls")) {
    return Error{
        fmt::format("\"{}\" does not begin with udp:, tcp: or tls:, as in \"udp:0.0.0.0:5060\"", text)};
  }
  std::string_view host;
  std::string_view port_text;
  if (!split_host_port(text.substr(colon + 1), host, port_text)) {
    return Error{fmt::format(
        "\"{}\" is not transport:address:port, as in \"udp:0.0.0.0:5060\" or \"udp:[::]:5060\"", text)};
  }
  const auto address = parse_address(host);
  const auto port = parse_port(port_text);
  if (!address || !port) {
    return Error{fmt::format("\"{}\": {}", text, !address ? address.error().what : port.error().what)};
  }
  return Listener{std::string(transport), {*address, *port}};
}

bool is_host(std::string_view text) {
  if (text.size() > 253 || text.empty()) {
    return false;
  }
  const std::string_view inner =
      text.starts_with('[') && text.ends_with(']') ? text.substr(1, text.size() - 2) : text;
  error_code bad;
  const base::IpAddress address = asio::ip::make_address(std::string(inner), bad);
  if (!bad) {
    return address.is_v4() == (inner.size() == text.size()) || address.is_v6();
  }
  const auto allowed = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '.';
  };
  return std::all_of(text.begin(), text.end(), allowed) && text.front() != '.' && text.front() != '-' &&
         text.find("..") == std::string_view::npos;
}

}  // namespace switchroom::config
