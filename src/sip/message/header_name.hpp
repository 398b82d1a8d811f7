// The header names of SIP: their canonical spelling and their compact form.
#pragma once

#include <cstdint>
#include <string_view>

namespace switchroom::sip {

/// Headers that become fields of Message; `other` are kept as they are.
enum class HeaderId : std::uint8_t {
  other,
  via,
  from,
  to,
  call_id,
  cseq,
  max_forwards,
  contact,
  route,
  record_route,
  expires,
  min_expires,
  require,
  supported,
  allow,
  rseq,
  rack,
  session_expires,
  min_se,
  authorization,
  proxy_authorization,
  www_authenticate,
  proxy_authenticate,
  content_type,
  content_length
};
inline constexpr std::size_t header_id_count = 25;

struct HeaderName {
  std::string_view canonical;
  HeaderId id = HeaderId::other;
};

/// The header that a name (long or compact, any case) stands for. An unknown name is its own canonical
/// spelling: the view is then the one given.
HeaderName header_name(std::string_view name);

}  // namespace switchroom::sip
