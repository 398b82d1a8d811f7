// The address of a webhook, taken apart.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace switchroom::config {

struct HttpUrl {
  bool tls = false;          // https
  std::string host;          // a name in lower case, or an address without its brackets
  std::uint16_t port = 80;   // 443 for https, where the URL names none
  std::string target = "/";  // path and query, as they are sent

  /// "https://hooks.example.com", with the port where it is not the usual one: fit for a log, since path and
  /// query often hold the secret that lets one in.
  [[nodiscard]] std::string origin() const;
  /// What the Host header says.
  [[nodiscard]] std::string host_header() const;
};

/// RFC 3986 as far as http and https use it (RFC 9110 4.2). What cannot be sent as it stands is an error and
/// never mended: spaces, control characters, other than ASCII, a user name, a fragment. The error says what
/// is wrong, and does not repeat the path.
base::result<HttpUrl> parse_http_url(std::string_view text);

}  // namespace switchroom::config
