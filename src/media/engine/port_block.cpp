#include "media/engine/port_block.hpp"

#include "media/quality.hpp"

#include <algorithm>
#include <cstring>

namespace switchroom::media {

void SharedEndpoint::write(const base::Endpoint& endpoint) {
  std::array<std::uint64_t, 2> bytes{};
  if (endpoint.address.is_v6()) {
    std::memcpy(bytes.data(), endpoint.address.to_v6().to_bytes().data(), 16);
  } else {
    bytes[0] = endpoint.address.to_v4().to_uint();
  }
  const std::uint64_t port_and_family = endpoint.port | (endpoint.address.is_v6() ? 0x10000U : 0U);
  // Release on each word keeps it behind the odd version, and the even version behind all words.
  version_.store(version_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  words_[0].store(bytes[0], std::memory_order_release);
  words_[1].store(bytes[1], std::memory_order_release);
  words_[2].store(port_and_family, std::memory_order_release);
  version_.store(version_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
}

base::Endpoint SharedEndpoint::read() const {
  std::array<std::uint64_t, 3> words{};
  std::uint32_t before = 0;
  do {  // a write takes nanoseconds and comes once in a call: this ends
    before = version_.load(std::memory_order_acquire);
    for (std::size_t i = 0; i < words.size(); ++i) {
      words[i] = words_[i].load(std::memory_order_acquire);
    }
  } while (before % 2 != 0 || version_.load(std::memory_order_relaxed) != before);
  const auto port = static_cast<std::uint16_t>(words[2]);
  if ((words[2] & 0x10000U) == 0) {
    return {asio::ip::address_v4(static_cast<std::uint32_t>(words[0])), port};
  }
  asio::ip::address_v6::bytes_type bytes;
  std::memcpy(bytes.data(), words.data(), bytes.size());
  return {asio::ip::address_v6(bytes), port};
}

namespace {

// One way through the network and the peer, where no report told the round trip: a local network's.
constexpr double usual_delay_ms = 20;

double score(const StreamStatistics& s) {
  if (!s.heard) {
    return 0;
  }
  const auto share = [](std::uint64_t part, std::uint64_t rest) {
    return part + rest == 0 ? 0 : static_cast<double>(part) / static_cast<double>(part + rest);
  };
  const double lost = share(s.lost, s.received);
  const double concealed =
      s.played_ms == 0 ? 0 : static_cast<double>(s.concealed_ms) / static_cast<double>(s.played_ms);
  const double trip = s.round_trip_ms > 0 ? s.round_trip_ms / 2 : usual_delay_ms;
  return mos({.codec = s.codec, .loss = s.played_ms > 0 ? concealed : lost, .delay_ms = trip + s.buffer_ms});
}

}  // namespace

void PortBlock::on_received(const ReceiverStatistics& statistics) {
  received.add();
  lost.store(statistics.lost(), std::memory_order_relaxed);
  jitter_sixteenths.store(statistics.jitter_sixteenths(), std::memory_order_relaxed);
  jitter_clock_rate.store(statistics.clock_rate(), std::memory_order_relaxed);
}

StreamStatistics PortBlock::read() const {
  StreamStatistics s;
  s.received = received.read();
  s.sent = sent.read();
  s.lost = lost.load(std::memory_order_relaxed);
  const std::uint32_t rate = jitter_clock_rate.load(std::memory_order_relaxed);
  s.jitter_ms = rate == 0 ? 0 : jitter_sixteenths.load(std::memory_order_relaxed) / 16.0 * 1000.0 / rate;
  s.strangers = strangers.read();
  s.malformed = malformed.read();
  s.unwanted = unwanted.read();
  s.forged = forged.read();
  s.replayed = replayed.read();
  s.round_trip_ms = round_trip_ms.load(std::memory_order_relaxed);
  s.remote_lost_fraction = remote_lost_fraction.load(std::memory_order_relaxed);
  s.heard = s.received > 0;
  s.latched = latched.read();
  s.codec = codec.load(std::memory_order_relaxed);
  if (const int suite = handshake_suite.load(std::memory_order_relaxed); suite != no_suite) {
    s.handshake_suite = static_cast<sdp::CryptoSuite>(suite);
  }
  s.played_ms = played_ms.load(std::memory_order_relaxed);
  s.concealed_ms = concealed_ms.load(std::memory_order_relaxed);
  s.recovered = recovered.load(std::memory_order_relaxed);
  s.late = late.load(std::memory_order_relaxed);
  s.duplicates = duplicates.load(std::memory_order_relaxed);
  s.reordered = reordered.load(std::memory_order_relaxed);
  s.resets = resets.load(std::memory_order_relaxed);
  s.buffer_ms = buffer_ms.load(std::memory_order_relaxed);
  s.mos = score(s);
  if (const auto last = last_heard.load(std::memory_order_relaxed); last != 0) {
    s.silent_for = std::max(base::Duration::zero(), base::Clock::now() - base::Time(base::Duration(last)));
  }
  return s;
}

}  // namespace switchroom::media
