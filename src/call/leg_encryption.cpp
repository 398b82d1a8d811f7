#include "call/leg_encryption.hpp"

#include <algorithm>

namespace switchroom::call {

LegEncryption::Form LegEncryption::offered() const {
  const bool in_sdp = !suites.empty();
  if (wanted == sdp::Encryption::forbidden) {
    return Form::plain;
  }
  if (wanted == sdp::Encryption::optional) {
    return prefers_dtls || in_sdp ? Form::best_effort : Form::plain;
  }
  return in_sdp && !prefers_dtls ? Form::sdes : dtls ? Form::dtls : Form::plain;
}

LegEncryption leg_encryption(const config::Profile& profile, const OwnEncryption& own,
                             bool secure_signalling) {
  LegEncryption encryption;
  const auto& settings = profile.encryption;
  encryption.wanted =
      sdp::encryption_named(own.srtp.empty() ? settings.srtp : own.srtp).value_or(sdp::Encryption::forbidden);
  if (encryption.wanted == sdp::Encryption::forbidden) {
    return encryption;
  }
  const auto& keys = own.keys.empty() ? settings.keys : own.keys;
  const auto has = [&](std::string_view way) { return std::ranges::find(keys, way) != keys.end(); };
  encryption.in_the_open = has("sdes") && !secure_signalling && !settings.over_plain;
  encryption.dtls = has("dtls");
  encryption.prefers_dtls = encryption.dtls && keys.front() == "dtls";
  for (const auto& name : settings.suites) {
    const auto suite = sdp::crypto_suite_named(name);
    if (suite && has("sdes") && !encryption.in_the_open) {
      encryption.suites.push_back(*suite);
    }
    if (suite && encryption.dtls && sdp::has_dtls_profile(*suite)) {
      encryption.dtls_suites.push_back(*suite);
    }
  }
  encryption.dtls = !encryption.dtls_suites.empty();
  encryption.prefers_dtls = encryption.prefers_dtls && encryption.dtls;
  return encryption;
}

}  // namespace switchroom::call
