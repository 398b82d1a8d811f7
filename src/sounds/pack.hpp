// Prompts out of a pack: names to Opus packets to sound.
#pragma once

#include "media/sound.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace switchroom::sounds {

/// A prompt as it lies in a pack; views into it.
struct PackedPrompt {
  std::string_view packets;
  std::uint32_t samples = 0;  // at pack_rate
  std::uint32_t run_in = 0;   // that the decoder gives before
};

/// A pack's index. Holds views only; `bytes` outlives it.
class Pack {
 public:
  /// Nullopt: it is no pack, or its index points outside it.
  static std::optional<Pack> read(std::string_view bytes);

  [[nodiscard]] std::optional<PackedPrompt> find(std::string_view name) const;
  [[nodiscard]] std::size_t size() const { return size_; }
  /// The name at `index` (below size()), in the order of the alphabet.
  [[nodiscard]] std::string_view name(std::size_t index) const;

 private:
  explicit Pack(std::string_view bytes) : bytes_(bytes) {}
  struct Entry {
    std::string_view name;
    PackedPrompt prompt;
    std::size_t end = 0;  // of the entry
    std::uint64_t packets_end = 0;
  };
  [[nodiscard]] std::optional<Entry> entry_at(std::size_t offset) const;

  std::string_view bytes_;
  std::vector<std::uint32_t> offsets_;  // of the entries
  std::uint32_t run_in_ = 0;
  std::size_t size_ = 0;
};

/// All of its sound at 16 kHz; what cannot be decoded is silent. Any thread; milliseconds of CPU time.
media::Sound decode(const PackedPrompt& prompt);

}  // namespace switchroom::sounds
