#include "voicemail/pin.hpp"

#include "base/random.hpp"

#include <fmt/core.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <array>
#include <span>

namespace switchroom::voicemail {
namespace {

constexpr unsigned cost = 14;  // N = 2^14
constexpr unsigned block = 8;
constexpr std::size_t size = 32;
constexpr std::uint64_t most_memory = 64U << 20U;
constexpr std::string_view prefix = "scrypt$14$8$1$";

std::string hex(std::span<const unsigned char> bytes) {
  std::string out;
  for (const unsigned char byte : bytes) {
    out += fmt::format("{:02x}", byte);
  }
  return out;
}

/// The salt is its text: nothing needs to read it back.
std::string derived(std::string_view pin, std::string_view salt) {
  std::array<unsigned char, size> key{};
  if (EVP_PBE_scrypt(pin.data(), pin.size(), reinterpret_cast<const unsigned char*>(salt.data()), salt.size(),
                     1ULL << cost, block, 1, most_memory, key.data(), key.size()) != 1) {
    return {};
  }
  return hex(key);
}

}  // namespace

std::string hash_pin(std::string_view pin) {
  const std::string salt = base::random_token(22);
  const std::string key = derived(pin, salt);
  return key.empty() ? std::string() : std::string(prefix) + salt + "$" + key;
}

bool is_pin(std::string_view pin, std::string_view hash) {
  if (!hash.starts_with(prefix)) {
    return false;
  }
  hash.remove_prefix(prefix.size());
  const auto end = hash.find('$');
  if (end == std::string_view::npos) {
    return false;
  }
  const std::string key = derived(pin, hash.substr(0, end));
  return !key.empty() && same_secret(key, hash.substr(end + 1));
}

bool same_secret(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace switchroom::voicemail
