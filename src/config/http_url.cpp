#include "config/http_url.hpp"

#include "base/net.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

namespace switchroom::config {
namespace {

constexpr std::size_t longest = 2048;
constexpr std::uint16_t http_port = 80;
constexpr std::uint16_t https_port = 443;

bool is_alnum(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// RFC 3986's unreserved, sub-delims, ":", "@", "/", "?" and a percent sign (its digits are checked apart).
bool may_stand_in_target(char c) {
  return is_alnum(c) || std::string_view("-._~!$&'()*+,;=:@/?%").find(c) != std::string_view::npos;
}

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// RFC 1123 2.1: labels of letters, digits and hyphens; underscores, too, since names within companies have
/// them.
bool is_host_name(std::string_view name) {
  if (name.empty() || name.size() > 253) {
    return false;
  }
  for (;;) {
    const auto dot = name.find('.');
    const auto label = name.substr(0, dot);
    if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-' ||
        !std::all_of(label.begin(), label.end(),
                     [](char c) { return is_alnum(c) || c == '-' || c == '_'; })) {
      return false;
    }
    if (dot == std::string_view::npos) {
      return true;
    }
    name.remove_prefix(dot + 1);
  }
}

/// Host and port of "host", "host:port", "[2001:db8::1]:port". What is wrong, or empty.
std::string take_authority(std::string_view authority, HttpUrl& url) {
  if (authority.find('@') != std::string_view::npos) {
    return "it must not hold a user name or a password";
  }
  std::string_view port;
  bool has_port = false;
  if (!authority.empty() && authority.front() == '[') {
    const auto end = authority.find(']');
    if (end == std::string_view::npos) {
      return "the bracket before the address is not closed";
    }
    url.host = authority.substr(1, end - 1);
    error_code wrong;
    (void)asio::ip::make_address_v6(url.host, wrong);  // reads as far as a zero byte, and takes scopes
    if (wrong || url.host.find_first_not_of("0123456789abcdefABCDEF:.") != std::string::npos) {
      return "between the brackets stands no IPv6 address";
    }
    const auto rest = authority.substr(end + 1);
    has_port = !rest.empty();
    if (has_port && rest.front() != ':') {
      return "behind the bracket only a port may follow";
    }
    port = has_port ? rest.substr(1) : rest;
  } else {
    const auto colon = authority.find(':');
    url.host = authority.substr(0, colon);
    has_port = colon != std::string_view::npos;
    port = has_port ? authority.substr(colon + 1) : std::string_view();
    if (port.find(':') != std::string_view::npos) {
      return "an IPv6 address stands in brackets";
    }
    if (!is_host_name(url.host)) {
      return url.host.empty()
                 ? "it names no host"
                 : "its host is no name and no address (a name with other letters is written xn--…)";
    }
    // "127.1" and "1.2.3.400" are names to a parser and addresses to some resolvers: one meaning or none.
    error_code wrong;
    (void)asio::ip::make_address_v4(url.host, wrong);
    if (wrong && url.host.find_first_not_of("0123456789.") == std::string::npos) {
      return "its host is no IPv4 address";
    }
  }
  if (has_port) {
    unsigned number = 0;
    const auto [end, failed] = std::from_chars(port.data(), port.data() + port.size(), number);
    if (failed != std::errc() || end != port.data() + port.size() || number == 0 || number > 65535) {
      return "its port is not a number between 1 and 65535";
    }
    url.port = static_cast<std::uint16_t>(number);
  }
  std::transform(url.host.begin(), url.host.end(), url.host.begin(), lower);
  return {};
}

}  // namespace

std::string HttpUrl::host_header() const {
  const std::string name = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return port == (tls ? https_port : http_port) ? name : fmt::format("{}:{}", name, port);
}

std::string HttpUrl::origin() const { return (tls ? "https://" : "http://") + host_header(); }

base::result<HttpUrl> parse_http_url(std::string_view text) {
  const auto wrong = [](std::string_view what) {
    return base::Error{fmt::format("this is no URL for a webhook: {}", what)};
  };
  if (text.size() > longest) {
    return wrong(fmt::format("it is longer than {} characters", longest));
  }
  const auto colon = text.find("://");
  if (colon == std::string_view::npos) {
    return wrong("it does not begin with https:// or http://");
  }
  std::string scheme(text.substr(0, colon));
  std::transform(scheme.begin(), scheme.end(), scheme.begin(), lower);
  HttpUrl url;
  url.tls = scheme == "https";
  if (!url.tls && scheme != "http") {
    return wrong("it does not begin with https:// or http://");
  }
  url.port = url.tls ? https_port : http_port;
  auto rest = text.substr(colon + 3);
  if (rest.find('#') != std::string_view::npos) {
    return wrong("a fragment (# and what follows) is never sent");
  }
  const auto path = std::min(rest.find_first_of("/?"), rest.size());
  if (std::string why = take_authority(rest.substr(0, path), url); !why.empty()) {
    return wrong(why);
  }
  rest.remove_prefix(path);
  if (!std::all_of(rest.begin(), rest.end(), may_stand_in_target)) {
    return wrong("it holds a character that has to be written as % and two digits");
  }
  for (auto at = rest.find('%'); at != std::string_view::npos; at = rest.find('%', at + 1)) {
    if (at + 2 >= rest.size() || !is_hex(rest[at + 1]) || !is_hex(rest[at + 2])) {
      return wrong("a percent sign is not followed by two hexadecimal digits");
    }
  }
  if (!rest.empty()) {
    url.target = rest.front() == '/' ? std::string(rest) : "/" + std::string(rest);
  }
  return url;
}

}  // namespace switchroom::config
