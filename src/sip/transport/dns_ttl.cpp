#include "sip/transport/dns_ttl.hpp"

#include <algorithm>

namespace switchroom::sip {
namespace {

std::uint32_t number_at(const unsigned char* at, int bytes) {
  std::uint32_t value = 0;
  for (int i = 0; i < bytes; ++i) {
    value = value << 8U | at[i];
  }
  return value;
}

}  // namespace

std::uint32_t shortest_ttl(const unsigned char* bytes, int size) {
  constexpr int header = 12;
  constexpr int question = 4;
  constexpr int record = 10;  // type, class, ttl, length
  std::uint32_t shortest = UINT32_MAX;
  int at = header;
  const auto skip_name = [&] {
    while (at < size && bytes[at] != 0 && (bytes[at] & 0xC0U) == 0) {
      at += 1 + bytes[at];
    }
    at += at < size && (bytes[at] & 0xC0U) != 0 ? 2 : 1;
  };
  if (size < header) {
    return shortest;
  }
  for (std::uint32_t i = number_at(bytes + 4, 2); i > 0 && at < size; --i) {
    skip_name();
    at += question;
  }
  for (std::uint32_t i = number_at(bytes + 6, 2); i > 0 && at < size; --i) {
    skip_name();
    if (at + record > size) {
      break;
    }
    shortest = std::min(shortest, number_at(bytes + at + 4, 4));
    at += record + static_cast<int>(number_at(bytes + at + 8, 2));
  }
  return shortest;
}

}  // namespace switchroom::sip
