// The walk through a name server's answer for its times to live.
#include "sip/transport/dns_ttl.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::vector<unsigned char> exact(data, data + size);  // so that a byte behind the end is noticed
  (void)switchroom::sip::shortest_ttl(exact.data(), static_cast<int>(exact.size()));
  return 0;
}
