// Packets that wait for their turn, in order. Private to jitter/.
#pragma once

#include "media/jitter/playout.hpp"

#include <array>
#include <cstdint>
#include <vector>

namespace switchroom::media {

/// A ring of 64 packets by their number; memory of a payload is kept for the next one in its place.
class PacketStore {
 public:
  struct Packet {
    bool used = false;
    std::int64_t number = 0;  // sequence number, extended over its wraps
    std::int64_t media = 0;   // timestamp, extended likewise
    bool marker = false;
    PlayoutKind kind;
    double arrival_ms = 0;
    std::vector<std::uint8_t> payload;
  };
  static constexpr std::int64_t capacity = 64;

  /// False: a packet of that number is there already.
  bool put(std::int64_t number, const Packet& head, std::span<const std::uint8_t> payload);
  [[nodiscard]] Packet* find(std::int64_t number);
  /// The first one at or behind `number`, within the ring; null: none.
  [[nodiscard]] Packet* first_from(std::int64_t number);
  void drop(Packet& packet);
  void clear();
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  std::array<Packet, capacity> packets_;
  std::size_t size_ = 0;
};

}  // namespace switchroom::media
