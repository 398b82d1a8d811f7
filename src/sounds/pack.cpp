#include "sounds/pack.hpp"

#include "sounds/pack_format.hpp"

#include <opus/opus.h>

#include <algorithm>
#include <array>
#include <memory>

namespace switchroom::sounds {
namespace {

constexpr std::size_t longest_packet = 5760;  // samples at 48 kHz: 120 ms, the most that Opus knows

std::uint32_t number_at(std::string_view bytes, std::size_t at, unsigned width) {
  std::uint32_t value = 0;
  for (unsigned i = 0; i < width; ++i) {
    value |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[at + i])) << (8 * i);
  }
  return value;
}

}  // namespace

std::optional<Pack::Entry> Pack::entry_at(std::size_t offset) const {
  if (offset + 2 > bytes_.size()) {
    return std::nullopt;
  }
  const std::size_t length = number_at(bytes_, offset, 2);
  const std::size_t numbers = offset + 2 + length;
  if (numbers + 12 > bytes_.size()) {
    return std::nullopt;
  }
  const std::uint64_t begin = number_at(bytes_, numbers, 4);
  const std::uint64_t end = begin + number_at(bytes_, numbers + 4, 4);
  if (end > bytes_.size()) {
    return std::nullopt;
  }
  return Entry{bytes_.substr(offset + 2, length),
               {bytes_.substr(begin, end - begin), number_at(bytes_, numbers + 8, 4), run_in_},
               numbers + 12,
               end};
}

std::optional<Pack> Pack::read(std::string_view bytes) {
  Pack pack(bytes);
  std::size_t at = pack_magic.size() + 8;
  if (!bytes.starts_with(pack_magic) || bytes.size() < at) {
    return std::nullopt;
  }
  pack.size_ = number_at(bytes, pack_magic.size(), 4);
  pack.run_in_ = number_at(bytes, pack_magic.size() + 4, 4);
  for (std::size_t i = 0; i < pack.size_; ++i) {
    const auto entry = pack.entry_at(at);
    if (!entry) {
      return std::nullopt;
    }
    pack.offsets_.push_back(static_cast<std::uint32_t>(at));
    at = entry->end;
  }
  return pack;
}

std::string_view Pack::name(std::size_t index) const { return entry_at(offsets_.at(index))->name; }

std::optional<PackedPrompt> Pack::find(std::string_view name) const {
  const auto found =
      std::ranges::lower_bound(offsets_, name, {}, [this](std::uint32_t at) { return entry_at(at)->name; });
  if (found == offsets_.end()) {
    return std::nullopt;
  }
  const auto entry = entry_at(*found);
  return entry->name == name ? std::optional(entry->prompt) : std::nullopt;
}

media::Sound decode(const PackedPrompt& prompt) {
  media::Sound sound{.rate = pack_rate, .samples = {}};
  int error = 0;
  const std::unique_ptr<OpusDecoder, decltype(&opus_decoder_destroy)> decoder(
      opus_decoder_create(static_cast<opus_int32>(pack_rate), 1, &error), opus_decoder_destroy);
  std::array<std::int16_t, longest_packet> pcm{};
  const std::size_t wanted = std::size_t{prompt.run_in} + prompt.samples;
  std::string_view packets = prompt.packets;
  while (decoder != nullptr && packets.size() > 2 && sound.samples.size() < wanted) {
    const std::size_t length = std::min<std::size_t>(number_at(packets, 0, 2), packets.size() - 2);
    const int made =
        opus_decode(decoder.get(), reinterpret_cast<const unsigned char*>(packets.data() + 2),
                    static_cast<opus_int32>(length), pcm.data(), static_cast<int>(pcm.size()), 0);
    sound.samples.insert(sound.samples.end(), pcm.begin(), pcm.begin() + std::max(made, 0));
    packets.remove_prefix(2 + length);
  }
  sound.samples.erase(sound.samples.begin(),
                      sound.samples.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(
                                                  prompt.run_in, sound.samples.size())));
  sound.samples.resize(std::min<std::size_t>(prompt.samples, sound.samples.size()));
  sound.samples.shrink_to_fit();
  return sound;
}

}  // namespace switchroom::sounds
