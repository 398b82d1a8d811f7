// A handshake whose network the input governs: it loses, repeats, cuts, changes and invents datagrams, from
// the peer's address and from strangers' on its host. Whatever it does, keys are the same on both sides or
// there are none.
#include "media/dtls/datagram.hpp"
#include "media/dtls/handshake.hpp"

#include <cstdlib>
#include <memory>
#include <vector>

using namespace switchroom;
using namespace switchroom::media;

namespace {

constexpr std::size_t most_datagrams = 200;

SocketAddress address(const char* host, std::uint16_t port) {
  return SocketAddress::of({asio::ip::make_address(host), port}, AF_INET).value();
}

const DtlsIdentity& identity() {
  static const auto made = DtlsIdentity::make().value();
  return *made;
}

struct Network {
  std::span<const std::uint8_t> rest;
  base::Time now{std::chrono::hours(1)};
  SocketAddress phone = address("192.0.2.1", 4000);
  SocketAddress pbx = address("192.0.2.2", 5000);
  SocketAddress stranger = address("192.0.2.1", 4001);
  std::vector<std::vector<std::uint8_t>> seen;

  std::uint8_t next() {
    if (rest.empty()) return 0;
    const auto byte = rest.front();
    rest = rest.subspan(1);
    return byte;
  }
  std::vector<std::uint8_t> take(std::size_t size) {
    size = std::min(size, rest.size());
    std::vector<std::uint8_t> bytes(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(size));
    rest = rest.subspan(size);
    return bytes;
  }
  void deliver(Handshake& to, std::vector<std::uint8_t> bytes, const SocketAddress& source) {
    (void)kind_of_datagram(bytes);
    switch (next() % 8) {
      case 1: return;  // lost
      case 2: to.receive(bytes, source, now); break;
      case 3:
        if (!bytes.empty()) bytes[next() % bytes.size()] ^= static_cast<std::uint8_t>(next() | 1U);
        break;
      case 4: bytes.resize(bytes.size() * next() / 256); break;
      case 5:
        if (!seen.empty()) to.receive(seen[next() % seen.size()], source, now);
        break;
      case 6: to.receive(take(next()), stranger, now); break;
      case 7: to.receive(bytes, stranger, now); break;
      default: break;
    }
    to.receive(bytes, source, now);
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Network net;
  net.rest = {data, size};
  const std::vector<sdp::CryptoSuite> suites{sdp::CryptoSuite::aead_aes_128_gcm};
  Handshake phone(identity(), {true, {identity().fingerprint()}, suites}, net.pbx, net.now);
  Handshake pbx(identity(), {false, {identity().fingerprint()}, suites}, net.phone, net.now);
  std::size_t count = 0;
  for (int turn = 0; turn < 40 && count < most_datagrams; ++turn) {
    for (auto& datagram : phone.take_output()) {
      net.seen.push_back(datagram.bytes);
      if (datagram.to == net.pbx) net.deliver(pbx, std::move(datagram.bytes), net.phone);
      ++count;
    }
    for (auto& datagram : pbx.take_output()) {
      net.seen.push_back(datagram.bytes);
      if (datagram.to == net.phone) net.deliver(phone, std::move(datagram.bytes), net.pbx);
      ++count;
    }
    net.now += std::chrono::milliseconds(net.next() * 4);
    phone.on_time(net.now);
    pbx.on_time(net.now);
  }
  const auto secured = [](const Handshake& one) {
    return one.end() && one.end()->outcome == HandshakeEnd::Outcome::secured;
  };
  if (secured(phone) && secured(pbx) &&
      (!(phone.keys().send == pbx.keys().receive) || !(phone.keys().receive == pbx.keys().send))) {
    std::abort();
  }
  return 0;
}
