#include "sip/digest_fields.hpp"

#include "sip/message/grammar.hpp"

#include <openssl/evp.h>

#include <array>
#include <initializer_list>

namespace switchroom::sip {
namespace {

constexpr int max_fields = 32;

std::string_view* field_of(DigestFields& fields, std::string_view name) {
  struct Entry {
    std::string_view name;
    std::string_view DigestFields::* field;
  };
  static constexpr std::array<Entry, 11> entries{{{"username", &DigestFields::username},
                                                  {"realm", &DigestFields::realm},
                                                  {"nonce", &DigestFields::nonce},
                                                  {"uri", &DigestFields::uri},
                                                  {"response", &DigestFields::response},
                                                  {"algorithm", &DigestFields::algorithm},
                                                  {"cnonce", &DigestFields::cnonce},
                                                  {"opaque", &DigestFields::opaque},
                                                  {"qop", &DigestFields::qop},
                                                  {"nc", &DigestFields::nc},
                                                  {"stale", &DigestFields::stale}}};
  for (const Entry& entry : entries) {
    if (grammar::same_word(entry.name, name)) return &(fields.*entry.field);
  }
  return nullptr;
}

/// The value at the front of `rest`, which moves behind it. nullopt for a quote that does not end.
std::optional<std::string_view> take_value(std::string_view& rest) {
  std::string_view value;
  if (!rest.empty() && rest.front() == '"') {
    const std::size_t length = grammar::quoted_length(rest);
    if (length == 0) return std::nullopt;
    value = rest.substr(1, length - 2);
    rest.remove_prefix(length);
  } else {
    value = rest.substr(0, rest.find(','));
    rest.remove_prefix(value.size());
    value = grammar::trim(value);
  }
  rest = grammar::trim(rest);
  return value;
}

/// One hash over the parts with ":" between them, in hexadecimal; empty when OpenSSL cannot.
std::string hash(DigestAlgorithm algorithm, std::initializer_list<std::string_view> parts) {
  std::string text;
  for (const std::string_view& part : parts) {
    if (&part != parts.begin()) text += ':';
    text.append(part);
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned size = 0;
  const EVP_MD* kind = algorithm == DigestAlgorithm::sha256 ? EVP_sha256() : EVP_md5();
  if (EVP_Digest(text.data(), text.size(), bytes.data(), &size, kind, nullptr) != 1) return {};
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  out.reserve(std::size_t{size} * 2);
  for (unsigned i = 0; i < size; ++i) {
    out += digits[bytes[i] >> 4U];
    out += digits[bytes[i] & 15U];
  }
  return out;
}

}  // namespace

std::optional<DigestFields> parse_digest(std::string_view value) {
  std::string_view rest = grammar::trim(value);
  if (rest.size() < 7 || !grammar::same_word(rest.substr(0, 6), "Digest") || !grammar::is_space(rest[6])) {
    return std::nullopt;
  }
  rest = grammar::trim(rest.substr(6));
  DigestFields fields;
  for (int count = 0; !rest.empty(); ++count) {
    const std::size_t equals = rest.find('=');
    if (equals == std::string_view::npos || count >= max_fields) return std::nullopt;
    const std::string_view name = grammar::trim(rest.substr(0, equals));
    rest = grammar::trim(rest.substr(equals + 1));
    const auto field_value = take_value(rest);
    if (!grammar::is_token(name) || !field_value) return std::nullopt;
    if (std::string_view* field = field_of(fields, name); field != nullptr) {
      if (field->data() != nullptr) return std::nullopt;
      *field = *field_value;
    }
    if (rest.empty()) break;
    if (rest.front() != ',') return std::nullopt;
    rest = grammar::trim(rest.substr(1));
  }
  return fields;
}

std::optional<DigestKind> parse_digest_algorithm(const DigestFields& fields) {
  const std::string_view name = fields.algorithm;
  if (name.empty() || grammar::same_word(name, "MD5")) return DigestKind{};
  if (grammar::same_word(name, "MD5-sess")) return DigestKind{DigestAlgorithm::md5, true};
  if (grammar::same_word(name, "SHA-256")) return DigestKind{DigestAlgorithm::sha256, false};
  if (grammar::same_word(name, "SHA-256-sess")) return DigestKind{DigestAlgorithm::sha256, true};
  return std::nullopt;
}

std::string digest_response(DigestKind kind, const DigestFields& fields, std::string_view password,
                            std::string_view method) {
  std::string secret = hash(kind.algorithm, {fields.username, fields.realm, password});
  if (kind.session) secret = hash(kind.algorithm, {secret, fields.nonce, fields.cnonce});
  const std::string request = hash(kind.algorithm, {method, fields.uri});
  if (secret.empty() || request.empty()) return {};
  if (fields.qop.empty()) return hash(kind.algorithm, {secret, fields.nonce, request});
  return hash(kind.algorithm, {secret, fields.nonce, fields.nc, fields.cnonce, fields.qop, request});
}

}  // namespace switchroom::sip
