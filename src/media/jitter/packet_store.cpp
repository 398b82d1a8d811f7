#include "media/jitter/packet_store.hpp"

namespace switchroom::media {
namespace {

std::size_t place(std::int64_t number) {
  return static_cast<std::size_t>(number & (PacketStore::capacity - 1));
}

}  // namespace

bool PacketStore::put(std::int64_t number, const Packet& head, std::span<const std::uint8_t> payload) {
  Packet& packet = packets_[place(number)];
  if (packet.used && packet.number == number) {
    return false;
  }
  size_ += packet.used ? 0 : 1;
  packet.used = true;
  packet.number = number;
  packet.media = head.media;
  packet.marker = head.marker;
  packet.kind = head.kind;
  packet.arrival_ms = head.arrival_ms;
  packet.payload.assign(payload.begin(), payload.end());
  return true;
}

PacketStore::Packet* PacketStore::find(std::int64_t number) {
  Packet& packet = packets_[place(number)];
  return packet.used && packet.number == number ? &packet : nullptr;
}

PacketStore::Packet* PacketStore::first_from(std::int64_t number) {
  for (std::int64_t i = 0; size_ > 0 && i < capacity; ++i) {
    if (Packet* const found = find(number + i)) {
      return found;
    }
  }
  return nullptr;
}

void PacketStore::drop(Packet& packet) {
  packet.used = false;
  --size_;
}

void PacketStore::clear() {
  for (Packet& packet : packets_) {
    packet.used = false;
  }
  size_ = 0;
}

}  // namespace switchroom::media
