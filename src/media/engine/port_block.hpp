// What a port's two halves share: counters, and whom to tell.
#pragma once

#include "media/engine.hpp"
#include "media/rtp/receiver_statistics.hpp"

#include <array>
#include <atomic>
#include <cstdint>

namespace switchroom::media {

/// A number that one thread counts and any thread reads. Cheaper than an atomic increment: the writer
/// is alone, so load and store need no lock prefix.
class Counter {
 public:
  void add(std::uint64_t n = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t read() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// An address that one thread writes, rarely, and any thread reads whole, without waiting for a lock: a
/// sequence lock whose reader tries again if it fell into a write.
class SharedEndpoint {
 public:
  void write(const base::Endpoint& endpoint);
  [[nodiscard]] base::Endpoint read() const;

 private:
  std::atomic<std::uint32_t> version_{0};  // odd: being written
  std::array<std::atomic<std::uint64_t>, 3> words_{};
};

constexpr int no_suite = -1;

/// Held by shared_ptr from a Port (call thread) and its Stream (media thread), since either may go first:
/// the port when a leg ends, the stream when events of it are still on their way.
struct PortBlock {
  // Written by the stream's thread, read by the call thread at any time. Each number is right by itself;
  // together they may be a packet apart. When a stream moves, the hand-over orders its writers.
  Counter received, sent, strangers, malformed, unwanted, forged, replayed;
  std::atomic<std::uint64_t> lost{0};
  std::atomic<std::uint32_t> jitter_sixteenths{0};
  std::atomic<std::uint32_t> jitter_clock_rate{0};  // Hz; 0: no jitter known
  std::atomic<double> round_trip_ms{0};
  std::atomic<double> remote_lost_fraction{0};
  std::atomic<sdp::CodecId> codec{sdp::CodecId::pcmu};
  std::atomic<int> handshake_suite{no_suite};  // sdp::CryptoSuite
  SharedEndpoint latched;
  std::atomic<base::Clock::rep> last_heard{0};  // steady time of the last packet, to a tenth of a second
  // Of the playout; see StreamStatistics.
  std::atomic<std::uint64_t> played_ms{0}, concealed_ms{0}, recovered{0}, late{0}, duplicates{0},
      reordered{0}, resets{0};
  std::atomic<double> buffer_ms{0};

  // Call thread alone. Emptied when the port goes, so that nothing is delivered after that and what the
  // functions captured dies on its own thread.
  PortEvents events;

  void on_received(const ReceiverStatistics& statistics);
  [[nodiscard]] StreamStatistics read() const;
};

}  // namespace switchroom::media
