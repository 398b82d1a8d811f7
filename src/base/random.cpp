#include "base/random.hpp"

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace switchroom::base {
namespace {

void fill_from_kernel(std::span<std::byte> out) {
  while (!out.empty()) {
    const ssize_t got = getrandom(out.data(), out.size(), 0);
    if (got < 0) {
      if (errno == EINTR) {
        continue;
      }
      std::abort();
    }
    out = out.subspan(static_cast<std::size_t>(got));
  }
}

}  // namespace

void random_bytes(std::span<std::byte> out) {
  static thread_local std::array<std::byte, 1024> pool;
  static thread_local std::size_t used = pool.size();
  if (out.empty()) {
    return;
  }
  if (out.size() > pool.size()) {
    fill_from_kernel(out);
    return;
  }
  if (pool.size() - used < out.size()) {
    fill_from_kernel(pool);
    used = 0;
  }
  std::memcpy(out.data(), pool.data() + used, out.size());
  std::memset(pool.data() + used, 0, out.size());  // a value handed out is never kept
  used += out.size();
}

std::uint64_t random_u64() {
  std::uint64_t value = 0;
  random_bytes(std::as_writable_bytes(std::span(&value, 1)));
  return value;
}

std::uint32_t random_below(std::uint32_t bound) {
  const std::uint64_t limit = (std::uint64_t{1} << 32) / bound * bound;
  for (;;) {
    const std::uint64_t value = random_u64() & 0xffffffffU;
    if (value < limit) {
      return static_cast<std::uint32_t>(value % bound);
    }
  }
}

std::string random_token(std::size_t length) {
  static constexpr char alphabet[] = "0123456789abcdefghijklmnopqrstuv";  // 32: five bits each, no bias
  std::string token(length, '0');
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < length; ++i) {
    if (i % 12 == 0) {
      bits = random_u64();
    }
    token[i] = alphabet[bits & 31U];
    bits >>= 5U;
  }
  return token;
}

std::string random_uuid() {
  std::array<std::byte, 16> raw{};
  random_bytes(raw);
  raw[6] = (raw[6] & std::byte{0x0f}) | std::byte{0x40};
  raw[8] = (raw[8] & std::byte{0x3f}) | std::byte{0x80};
  static constexpr char hex[] = "0123456789abcdef";
  std::string text;
  text.reserve(36);
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) {
      text += '-';
    }
    text += hex[std::to_integer<unsigned>(raw[i]) >> 4U];
    text += hex[std::to_integer<unsigned>(raw[i]) & 15U];
  }
  return text;
}

}  // namespace switchroom::base
