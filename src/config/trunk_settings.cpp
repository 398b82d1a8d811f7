#include "config/trunk_settings.hpp"

#include <algorithm>
#include <tuple>

namespace switchroom::config {

bool Trunk::same_as(const Trunk& other) const {
  const auto all = [](const Trunk& t) {
    return std::tie(t.name, t.host, t.port, t.proxy, t.transport, t.username, t.auth_username, t.password,
                    t.realm, t.registers, t.expires, t.retry_min, t.retry_max, t.ping, t.ping_max, t.ping_min,
                    t.codecs, t.tls_verify, t.srtp, t.srtp_keys, t.from_user, t.from_domain, t.caller_id,
                    t.profile, t.context, t.addresses);
  };
  return all(*this) == all(other);
}

bool Emergency::has(std::string_view number) const {
  return std::any_of(numbers.begin(), numbers.end(), [&](const Placed& one) { return one.text == number; });
}

std::string Emergency::sent_for(std::string_view number) const {
  std::string_view shortest = number;
  for (const Placed& one : numbers) {
    if (one.text.size() < shortest.size() && number.ends_with(one.text)) {
      shortest = one.text;
    }
  }
  return std::string(shortest);
}

}  // namespace switchroom::config
