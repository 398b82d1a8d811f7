// Certificates as people ask about them, and one of our own making.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace switchroom::sip {

struct CertificateFacts {
  std::string subject;
  std::vector<std::string> names;  // of the subject's alternatives: host names and addresses
  std::int64_t not_before = 0;     // seconds since 1970
  std::int64_t not_after = 0;
  bool self_signed = false;
  std::string fingerprint;  // SHA-256, "AB:CD:…"
};
/// Of the first certificate in the text (PEM).
base::result<CertificateFacts> certificate_facts(const std::string& pem);

struct MadeCertificate {
  std::string certificate;  // PEM
  std::string key;          // PEM
};
/// Signed by itself, for a host name or an address; RSA, since every phone knows that. Takes a second at
/// worst.
base::result<MadeCertificate> make_certificate(const std::string& host, unsigned days);

}  // namespace switchroom::sip
