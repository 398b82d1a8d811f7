// What is encrypted, and by which keys and certificates.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace switchroom::config {

/// Sound of a profile's calls; an extension and a trunk may want something else than their profile.
struct SoundEncryption {
  std::string srtp = "optional";  // "forbidden", "optional", "mandatory"
  bool over_plain = false;        // keys may travel by signalling that is not encrypted
  std::vector<std::string> suites;
  std::vector<std::string> keys;  // how keys are agreed on, the preferred way first: "sdes", "dtls"
};

/// A certificate with its key; empty: the one of [tls].
struct Identity {
  std::filesystem::path certificate;  // PEM, followed by those that vouch for it
  std::filesystem::path key;          // PEM
};

/// [tls]: signalling.
struct Tls {
  Identity identity;              // empty: one is made
  std::filesystem::path ca_file;  // whom we believe; empty: the system's, where it has one
  std::string min_version = "1.2";
  std::string client_certificates = "no";  // "no", "optional", "required"
  bool verify = true;                      // of those that we connect to
};

}  // namespace switchroom::config
