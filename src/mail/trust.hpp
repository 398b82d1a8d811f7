// Whom a TLS client believes: the certificates that count, and the name that the server's must be for.
#pragma once

#include "base/asio.hpp"

#include <boost/asio/ssl/context.hpp>

#include <filesystem>
#include <string>
#include <string_view>

namespace switchroom::mail {

struct Trust {
  std::filesystem::path ca_file;  // empty: the system's certificates, or the built-in ones
  std::string_view built_in_cas;  // PEM, for where the system has none; outlives its users
};

/// TLS 1.2 or later and a certificate that is checked. Reads files. Why it cannot be, or empty; `key` is the
/// setting that names ca_file, for people.
std::string require_trust(asio::ssl::context& context, const Trust& trust, std::string_view key);

/// Before the handshake: the certificate has to be for `name`, a host or an address, which is told to the
/// server as well (SNI, RFC 6066 3) where it is a host.
void expect_name(SSL* connection, const std::string& name);

/// What a handshake that failed by `failed` failed for, in words.
std::string why_no_tls(SSL* connection, const error_code& failed, const std::string& name);

}  // namespace switchroom::mail
