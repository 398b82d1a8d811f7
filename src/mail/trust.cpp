#include "mail/trust.hpp"

#include <boost/asio/buffer.hpp>
#include <fmt/core.h>

#include <array>
#include <fstream>

namespace switchroom::mail {
namespace {

namespace ssl = asio::ssl;

constexpr std::array<const char*, 5> system_bundles{
    "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem", "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem"};

}  // namespace

std::string require_trust(ssl::context& context, const Trust& trust, std::string_view key) {
  context.set_options(ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1);
  context.set_verify_mode(ssl::verify_peer);
  error_code failed;
  if (!trust.ca_file.empty()) {
    context.load_verify_file(trust.ca_file.string(), failed);
    return failed ? fmt::format("{} holds no certificates ({}): {}", trust.ca_file.string(), key,
                                failed.message())
                  : std::string();
  }
  for (const char* bundle : system_bundles) {
    if (std::ifstream(bundle).good()) {
      context.load_verify_file(bundle, failed);
      if (!failed) {
        return {};
      }
    }
  }
  context.add_certificate_authority(asio::buffer(trust.built_in_cas.data(), trust.built_in_cas.size()),
                                    failed);
  return failed ? fmt::format("there are no certificates to trust{}{}", key.empty() ? "" : ": set ", key)
                : std::string();
}

void expect_name(SSL* connection, const std::string& name) {
  // OpenSSL's own check of the name, since it says what is wrong.
  error_code not_numeric;
  (void)asio::ip::make_address(name, not_numeric);
  if (not_numeric) {
    (void)SSL_set_tlsext_host_name(connection, name.c_str());
    (void)SSL_set1_host(connection, name.c_str());
  } else {
    (void)X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(connection), name.c_str());
  }
}

std::string why_no_tls(SSL* connection, const error_code& failed, const std::string& name) {
  const long verdict = SSL_get_verify_result(connection);
  if (verdict != X509_V_OK) {
    return fmt::format("the server's certificate is not to be trusted: {} (expected name: {})",
                       X509_verify_cert_error_string(verdict), name);
  }
  return "no TLS with this server: " + failed.message();
}

}  // namespace switchroom::mail
