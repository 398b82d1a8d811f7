// The server's side of Digest.
#include "sip/digest.hpp"

#include "base/random.hpp"
#include "sip/message/grammar.hpp"

#include <fmt/core.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <charconv>
#include <span>

namespace switchroom::sip {
namespace {

constexpr std::size_t max_username = 64;
constexpr std::size_t max_credentials = 8;  // Authorization headers that are looked at
constexpr std::size_t nonce_head = 32;      // hexadecimal: 8 bytes of time, 8 of id
constexpr std::size_t nonce_seal = 32;      // hexadecimal: 16 bytes of HMAC-SHA-256

std::int64_t milliseconds(base::Time time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

std::optional<std::uint64_t> parse_hex(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string_view name_of(DigestAlgorithm algorithm) {
  return algorithm == DigestAlgorithm::md5 ? "MD5" : "SHA-256";
}

/// See DigestServer::check.
bool is_for(std::string_view digest_uri, const Uri& request) {
  const auto uri = parse_uri(digest_uri);
  if (!uri) return digest_uri == request.text();
  return uri->is_sip() == request.is_sip() && (uri->user.empty() || uri->user == request.user);
}

/// The credentials of our realm; `broken` is set when there were some that could not be read.
std::optional<DigestFields> find_credentials(const Message& request, std::string_view realm, bool& broken) {
  const std::size_t count = std::min(request.authorization.size(), max_credentials);
  for (const std::string& value : std::span(request.authorization).first(count)) {
    const auto fields = parse_digest(value);
    if (!fields) {
      broken = true;
    } else if (fields->realm == realm) {
      return fields;
    }
  }
  return std::nullopt;
}

}  // namespace

bool NonceCounts::use(std::uint64_t nonce, std::int64_t made, std::optional<std::uint32_t> count) {
  const auto found = used_.find(nonce);
  if (found == used_.end()) {
    if (made <= floor_) return false;
    if (used_.size() >= limit_) make_room();
    if (made <= floor_) return false;
    used_.emplace(nonce, Used{.made = made, .highest = count.value_or(0), .closed = !count});
    return true;
  }
  Used& used = found->second;
  if (used.closed || !count) return false;
  if (*count > used.highest) {
    const std::uint32_t step = *count - used.highest;
    used.window = step < 64 ? (used.window << step) | 1U : 1U;
    used.highest = *count;
    return true;
  }
  const std::uint32_t behind = used.highest - *count;
  if (behind >= 64 || (used.window >> behind & 1U) != 0) return false;
  used.window |= std::uint64_t{1} << behind;
  return true;
}

void NonceCounts::expire(std::int64_t oldest) {
  std::erase_if(used_, [oldest](const auto& entry) { return entry.second.made < oldest; });
}

/// Drops the older half, so that the cost is paid once for many uses.
void NonceCounts::make_room() {
  std::vector<std::int64_t> times;
  times.reserve(used_.size());
  for (const auto& [nonce, used] : used_) times.push_back(used.made);
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::nth_element(times.begin(), middle, times.end());
  floor_ = std::max(floor_, *middle);
  std::erase_if(used_, [this](const auto& entry) { return entry.second.made <= floor_; });
}

DigestServer::DigestServer(Settings settings, Lookup lookup)
    : settings_(std::move(settings)),
      lookup_(std::move(lookup)),
      decoy_(base::random_token(16)),
      counts_(std::max<std::size_t>(settings_.remembered_nonces, 1)) {
  base::random_bytes(std::as_writable_bytes(std::span(key_)));
}

std::string DigestServer::seal(std::string_view head, std::string_view source) const {
  const std::string text = fmt::format("{}\n{}\n{}", head, source, settings_.realm);
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  unsigned size = 0;
  HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), mac.data(), &size);
  std::string out;
  for (std::size_t i = 0; i < nonce_seal / 2; ++i) out += fmt::format("{:02x}", mac[i]);
  return out;
}

std::string DigestServer::make_nonce(std::string_view source, base::Time now) const {
  // The id tells apart two phones behind one address that were challenged in the same millisecond.
  const std::string head =
      fmt::format("{:016x}{:016x}", static_cast<std::uint64_t>(milliseconds(now)), base::random_u64());
  return head + seal(head, source);
}

/// nullopt for a nonce that is not ours or was made for another address.
std::optional<DigestServer::Nonce> DigestServer::open_nonce(std::string_view text, std::string_view source,
                                                            base::Time now) const {
  if (text.size() != nonce_head + nonce_seal) return std::nullopt;
  const std::string_view head = text.substr(0, nonce_head);
  if (!equal_in_constant_time(seal(head, source), text.substr(nonce_head))) return std::nullopt;
  const auto made = parse_hex(head.substr(0, 16));
  const auto id = parse_hex(head.substr(16));
  if (!made || !id) return std::nullopt;
  Nonce nonce{.made = static_cast<std::int64_t>(*made), .id = *id};
  const auto lifetime =
      std::chrono::duration_cast<std::chrono::milliseconds>(settings_.nonce_lifetime).count();
  nonce.fresh = milliseconds(now) - nonce.made <= lifetime;
  return nonce;
}

bool DigestServer::is_password_right(const DigestFields& fields, std::string_view method,
                                     const Lookup& lookup) const {
  const auto kind = parse_digest_algorithm(fields);
  if (!kind || kind->session ||
      std::find(settings_.algorithms.begin(), settings_.algorithms.end(), kind->algorithm) ==
          settings_.algorithms.end()) {
    return false;
  }
  // One path for known and unknown users: the same hashes, the same comparison.
  const std::optional<std::string> password = lookup(fields.username);
  const bool known = password && !password->empty();
  const std::string expected = digest_response(*kind, fields, known ? *password : decoy_, method);
  const bool same = equal_in_constant_time(expected, grammar::lowered(fields.response));
  return same && known && !expected.empty();
}

AuthResult DigestServer::check(const Message& request, std::string_view source, base::Time now) {
  AuthResult result;
  bool broken = false;
  const auto fields = find_credentials(request, settings_.realm, broken);
  if (!fields) {
    result.verdict = broken ? AuthVerdict::wrong : AuthVerdict::missing;
    return result;
  }
  result.verdict = AuthVerdict::wrong;
  result.username = grammar::printable(fields->username, max_username);
  const auto nonce = open_nonce(fields->nonce, source, now);
  result.proved_address = nonce && nonce->fresh;
  const bool counted = !fields->qop.empty();
  std::optional<std::uint32_t> count;
  if (counted) {
    const auto number = fields->nc.size() == 8 ? parse_hex(fields->nc) : std::nullopt;
    if (!number || !grammar::same_word(fields->qop, "auth") || fields->cnonce.empty()) return result;
    count = static_cast<std::uint32_t>(*number);
  }
  if (fields->username.empty() || result.username != fields->username) return result;
  if (!is_password_right(*fields, request.method_token, lookup_) ||
      !is_for(fields->uri, request.request_uri)) {
    result.old_password = former_ && is_password_right(*fields, request.method_token, former_);
    return result;
  }
  if (counts_.size() >= settings_.remembered_nonces) {
    counts_.expire(milliseconds(now - settings_.nonce_lifetime));  // before the table forgets live ones
  }
  const bool good = nonce && nonce->fresh && counts_.use(nonce->id, nonce->made, count);
  result.verdict = good ? AuthVerdict::accepted : AuthVerdict::stale;
  return result;
}

void DigestServer::challenge(Message& response, std::string_view source, base::Time now, bool stale) {
  for (const DigestAlgorithm algorithm : settings_.algorithms) {
    response.www_authenticate.push_back(
        fmt::format(R"(Digest realm="{}", nonce="{}"{}, algorithm={}, qop="auth")", settings_.realm,
                    make_nonce(source, now), stale ? ", stale=true" : "", name_of(algorithm)));
  }
}

}  // namespace switchroom::sip
