#include "config/encryption_checks.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace switchroom::config {
namespace {

bool has_secure_listener(const Profile& profile) {
  return std::ranges::any_of(profile.listen, [](const std::string& listener) {
    return listener.starts_with("tls:") || listener.starts_with("wss:");
  });
}

bool by_handshake(const std::vector<std::string>& keys) {
  return std::ranges::find(keys, "dtls") != keys.end();
}

/// SDES keys stand in the SDP: who can read the signalling can hear the call.
void check_keys(const Snapshot& snapshot, const Places& places, std::vector<Problem>& problems) {
  const auto complain = [&](const std::string& key) {
    const auto place = places.find(key);
    if (place != places.end()) {
      problems.push_back(
          {place->second, key,
           "no call could be made: SDES keys travel inside the signalling, and no listener "
           "is encrypted; add a tls: listener, \"dtls\" to srtp_keys, or srtp_over_plain = true "
           "to the profile"});
    }
  };
  bool possible = false;  // somewhere
  for (const auto& [name, profile] : snapshot.profiles) {
    const bool in_sdp = profile.encryption.over_plain || has_secure_listener(profile);
    const bool here = in_sdp || by_handshake(profile.encryption.keys);
    possible = possible || in_sdp;
    if (profile.encryption.srtp == "mandatory" && !here) {
      complain("profiles." + name + ".srtp");
    }
  }
  const bool anywhere = std::ranges::any_of(
      snapshot.profiles, [](const auto& one) { return by_handshake(one.second.encryption.keys); });
  for (const auto& [number, extension] : snapshot.extensions) {
    const bool handshake = extension.srtp_keys.empty() ? anywhere : by_handshake(extension.srtp_keys);
    if (extension.srtp == "mandatory" && !possible && !handshake) {
      complain("extensions." + number + ".srtp");
    }
  }
}

}  // namespace

namespace {

namespace fs = std::filesystem;

/// Both or neither; from here on absolute.
void check_identity(Identity& identity, const std::string& table, const Places& places,
                    std::vector<Problem>& problems) {
  const std::string prefix = table == "tls" ? "tls." : table + ".tls_";
  const auto complain = [&](const std::string& name, const char* what) {
    if (const auto place = places.find(prefix + name); place != places.end()) {
      problems.push_back({place->second, prefix + name, what});
    }
  };
  if (identity.certificate.empty() && !identity.key.empty()) {
    complain("key", "is the key of no certificate: set certificate too");
  } else if (!identity.certificate.empty() && identity.key.empty()) {
    complain("certificate", "has no key: set key to the file of its private key");
  }
}

void complete(fs::path& path, const fs::path& folder) {
  if (!path.empty()) {
    path = (folder / path).lexically_normal();
  }
}

void complete_paths(Snapshot& snapshot) {
  std::error_code none;
  const fs::path file =
      fs::absolute(snapshot.file.empty() ? fs::path("switchroom.toml") : snapshot.file, none);
  const fs::path folder = file.parent_path();
  complete(snapshot.tls.identity.certificate, folder);
  complete(snapshot.tls.identity.key, folder);
  complete(snapshot.tls.ca_file, folder);
  for (auto& [name, profile] : snapshot.profiles) {
    complete(profile.tls_identity.certificate, folder);
    complete(profile.tls_identity.key, folder);
  }
}

}  // namespace

void check_encryption(Snapshot& snapshot, const Places& places, std::vector<Problem>& problems) {
  check_identity(snapshot.tls.identity, "tls", places, problems);
  for (auto& [name, profile] : snapshot.profiles) {
    check_identity(profile.tls_identity, "profiles." + name, places, problems);
  }
  if (snapshot.tls.client_certificates != "no" && snapshot.tls.ca_file.empty()) {
    if (const auto place = places.find("tls.client_certificates"); place != places.end()) {
      problems.push_back(
          {place->second, "tls.client_certificates",
           "needs ca_file: the authority whose certificates the phones show; whoever has one of "
           "a public authority would be let in otherwise"});
    }
  }
  complete_paths(snapshot);
  check_keys(snapshot, places, problems);
}

}  // namespace switchroom::config
