// Whose 2xx to one INVITE have been seen, in the room that the INVITE has left. Private to this folder.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>

namespace switchroom::sip {

/// To tags as eight bytes each in a string that belongs to somebody else: the first one needs no memory
/// beside it, as of 150,000 INVITEs nearly all have one only.
class AnsweredTags {
 public:
  static constexpr std::size_t most = 32;  // no proxy forks so widely
  explicit AnsweredTags(std::string& room) : room_(room) {}

  [[nodiscard]] bool has(std::string_view tag) const {
    const std::uint64_t digest = std::hash<std::string_view>()(tag);
    for (std::size_t at = 0; at + sizeof digest <= room_.size(); at += sizeof digest) {
      std::uint64_t there = 0;
      std::memcpy(&there, room_.data() + at, sizeof there);
      if (there == digest) {
        return true;
      }
    }
    return false;
  }
  [[nodiscard]] bool full() const { return room_.size() >= most * sizeof(std::uint64_t); }
  void add(std::string_view tag) {
    if (full() || has(tag)) {
      return;
    }
    const auto bytes = std::bit_cast<std::array<char, sizeof(std::uint64_t)>>(
        std::uint64_t{std::hash<std::string_view>()(tag)});
    room_.append(bytes.data(), bytes.size());
  }

 private:
  std::string& room_;
};

}  // namespace switchroom::sip
