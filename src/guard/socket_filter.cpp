#include "guard/socket_filter.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cstdint>

namespace switchroom::guard {
namespace {

// A filter of a UDP socket sees the datagram from its UDP header on; the IP header lies at SKF_NET_OFF.
constexpr std::uint32_t network_header = static_cast<std::uint32_t>(SKF_NET_OFF);
constexpr std::uint32_t source_v4 = network_header + 12;
constexpr std::uint32_t source_v6 = network_header + 8;

sock_filter load_byte(std::uint32_t at) { return BPF_STMT(BPF_LD | BPF_B | BPF_ABS, at); }
sock_filter load_word(std::uint32_t at) { return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, at); }
sock_filter leave(bool pass) { return BPF_STMT(BPF_RET | BPF_K, pass ? 0xFFFFFFFFU : 0U); }
sock_filter equal(std::uint32_t value, std::uint8_t yes, std::uint8_t no) {
  return BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, yes, no);
}

std::uint32_t word(const asio::ip::address_v6::bytes_type& bytes, std::size_t at) {
  return std::uint32_t{bytes[at]} << 24U | std::uint32_t{bytes[at + 1]} << 16U |
         std::uint32_t{bytes[at + 2]} << 8U | bytes[at + 3];
}

}  // namespace

std::vector<sock_filter> drop_from(std::span<const base::IpAddress> addresses) {
  addresses = addresses.first(std::min(addresses.size(), filter_room));
  std::vector<sock_filter> v4;
  std::vector<sock_filter> v6;
  for (const base::IpAddress& address : addresses) {
    if (address.is_v4()) {
      v4.push_back(equal(address.to_v4().to_uint(), 0, 1));
      v4.push_back(leave(false));
    } else {
      const auto bytes = address.to_v6().to_bytes();
      v6.insert(v6.end(), {load_word(source_v6), equal(word(bytes, 0), 0, 3), load_word(source_v6 + 4),
                           equal(word(bytes, 4), 0, 1), leave(false)});
    }
  }
  // The version decides; a jump reaches 255 instructions, an unconditional one further.
  std::vector<sock_filter> program{
      load_byte(network_header), BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xF0U), equal(0x40, 1, 0),
      BPF_STMT(BPF_JMP | BPF_JA, static_cast<std::uint32_t>(v4.size() + 2)), load_word(source_v4)};
  program.insert(program.end(), v4.begin(), v4.end());
  program.push_back(leave(true));
  program.insert(program.end(), v6.begin(), v6.end());
  program.push_back(leave(true));
  return program;
}

bool attach_filter(int socket, std::span<const base::IpAddress> addresses) {
  if (addresses.empty()) {
    int nothing = 0;
    (void)::setsockopt(socket, SOL_SOCKET, SO_DETACH_FILTER, &nothing,
                       sizeof nothing);  // fails if there is none
    return true;
  }
  auto program = drop_from(addresses);
  if (program.size() > BPF_MAXINSNS) {  // IPv6 takes five for each
    program = drop_from(addresses.first(std::min<std::size_t>(addresses.size(), BPF_MAXINSNS / 5 - 4)));
  }
  const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
  return ::setsockopt(socket, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) == 0;
}

}  // namespace switchroom::guard
