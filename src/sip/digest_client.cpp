// The client's side of Digest.
#include "base/random.hpp"
#include "sip/digest.hpp"
#include "sip/message/grammar.hpp"

#include <fmt/core.h>

namespace switchroom::sip {
namespace {

/// Whether a challenge's qop list ("auth,auth-int") has auth.
bool offers_auth(std::string_view list) {
  while (!list.empty()) {
    if (grammar::same_word(grammar::next_element(list), "auth")) return true;
  }
  return false;
}

/// As it may stand between quotes; already escaped text comes from a challenge and stays.
std::string escaped(std::string_view text) {
  std::string quoted;
  grammar::append_quoted(quoted, text);
  return quoted.substr(1, quoted.size() - 2);
}

}  // namespace

std::optional<std::string> answer_challenge(std::string_view challenge, const DigestCredentials& credentials,
                                            std::string_view method, std::string_view uri,
                                            std::uint32_t nonce_count) {
  const auto asked = parse_digest(challenge);
  if (!asked || asked->realm.data() == nullptr || asked->nonce.data() == nullptr) return std::nullopt;
  const auto kind = parse_digest_algorithm(*asked);
  const bool with_qop = !asked->qop.empty();
  if (!kind || (with_qop && !offers_auth(asked->qop))) return std::nullopt;
  const std::string username = escaped(credentials.username);
  const std::string cnonce = base::random_token(24);
  const std::string count = fmt::format("{:08x}", nonce_count);
  DigestFields fields{.username = username, .realm = asked->realm, .nonce = asked->nonce, .uri = uri};
  fields.cnonce = cnonce;
  if (with_qop) {
    fields.qop = "auth";
    fields.nc = count;
  }
  const std::string response = digest_response(*kind, fields, credentials.password, method);
  if (response.empty()) return std::nullopt;
  std::string out = fmt::format(R"(Digest username="{}", realm="{}", nonce="{}", uri="{}", response="{}")",
                                username, asked->realm, asked->nonce, uri, response);
  if (!asked->algorithm.empty()) out += fmt::format(", algorithm={}", asked->algorithm);
  if (asked->opaque.data() != nullptr) out += fmt::format(R"(, opaque="{}")", asked->opaque);
  if (with_qop) out += fmt::format(R"(, qop=auth, nc={})", count);
  if (with_qop || kind->session) out += fmt::format(R"(, cnonce="{}")", cnonce);
  return out;
}

std::string_view realm_of(std::string_view challenge) {
  const auto fields = parse_digest(challenge);
  return fields ? fields->realm : std::string_view();
}

}  // namespace switchroom::sip
