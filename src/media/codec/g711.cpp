// PCMU and PCMA: ITU-T G.711, one byte for each sample. RFC 3551 section 4.5.14.
#include "media/codec/g711.hpp"

#include "media/codec/concealment.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>

namespace switchroom::media {
namespace {

std::int16_t mu_law_value(std::uint8_t code) {
  const unsigned bits = static_cast<std::uint8_t>(~code);
  const int magnitude = static_cast<int>((((bits & 0x0FU) << 3U) + 0x84U) << ((bits >> 4U) & 7U)) - 0x84;
  return static_cast<std::int16_t>((bits & 0x80U) != 0 ? -magnitude : magnitude);
}

std::int16_t a_law_value(std::uint8_t code) {
  const unsigned bits = code ^ 0x55U;
  const unsigned segment = (bits >> 4U) & 7U;
  const unsigned mantissa = (bits & 0x0FU) << 4U;
  const auto magnitude = static_cast<int>(segment == 0 ? mantissa + 8 : (mantissa + 0x108U) << (segment - 1));
  return static_cast<std::int16_t>((bits & 0x80U) != 0 ? magnitude : -magnitude);
}

/// Both directions of one law as tables: 256 values, and the nearest code of every 14-bit sample. A code's
/// highest bit is the sign.
struct Law {
  std::array<std::int16_t, 256> values{};
  std::array<std::uint16_t, 128> sizes{};  // without their sign
  std::array<std::uint8_t, 16384> codes{};

  explicit Law(std::int16_t (*value)(std::uint8_t)) {
    std::array<std::uint8_t, 256> order{};
    for (unsigned code = 0; code < 256; ++code) {
      values[code] = value(static_cast<std::uint8_t>(code));
      order[code] = static_cast<std::uint8_t>(code);
      sizes[code & 0x7FU] = static_cast<std::uint16_t>(std::abs(values[code]));
    }
    std::ranges::sort(order, {}, [this](std::uint8_t code) { return values[code]; });
    std::size_t nearest = 0;
    for (int step = 0; step < 16384; ++step) {
      const int sample = (step - 8192) * 4 + 2;  // the middle of the four samples that share the entry
      const auto off = [&](std::size_t at) { return std::abs(values[order[at]] - sample); };
      while (nearest + 1 < order.size() && off(nearest + 1) <= off(nearest)) {
        ++nearest;
      }
      codes[static_cast<std::size_t>(step)] = order[nearest];
    }
  }
  [[nodiscard]] std::uint8_t code(std::int16_t sample) const {
    const int step = (sample >> 2) + 8192;
    return codes[static_cast<std::size_t>(step)];
  }
};

const Law& law_of(sdp::CodecId codec) {
  static const Law mu(mu_law_value);
  static const Law a(a_law_value);
  return codec == sdp::CodecId::pcma ? a : mu;
}

constexpr unsigned narrow = 8000;

class G711Encoder final : public Encoder {
 public:
  explicit G711Encoder(const Law& law) : law_(law) {}
  [[nodiscard]] unsigned rate() const override { return narrow; }
  std::size_t encode(std::span<const std::int16_t> pcm, std::span<std::uint8_t> payload) override {
    const std::size_t size = std::min(pcm.size(), payload.size());
    for (std::size_t i = 0; i < size; ++i) {
      payload[i] = law_.code(pcm[i]);
    }
    return size;
  }

 private:
  const Law& law_;
};

class G711Decoder final : public Decoder {
 public:
  explicit G711Decoder(const Law& law) : law_(law), concealment_(narrow) {}
  [[nodiscard]] unsigned rate() const override { return narrow; }
  [[nodiscard]] std::size_t duration(std::span<const std::uint8_t> payload) const override {
    return payload.size() <= narrow * longest_payload_ms / 1000 ? payload.size() : 0;
  }
  std::size_t decode(std::span<const std::uint8_t> payload, std::span<std::int16_t> pcm) override {
    const std::size_t size = duration(payload);
    if (size == 0 || size > pcm.size()) {
      return 0;
    }
    for (std::size_t i = 0; i < size; ++i) {
      pcm[i] = law_.values[payload[i]];
    }
    concealment_.heard(pcm.first(size));
    return size;
  }
  void conceal(std::span<std::int16_t> pcm) override { concealment_.conceal(pcm); }
  void reset() override { concealment_.reset(); }

 private:
  const Law& law_;
  Concealment concealment_;
};

}  // namespace

unsigned g711_amplitude(sdp::CodecId law, std::span<const std::uint8_t> payload) {
  constexpr std::size_t piece = narrow / 50;
  const auto& sizes = law_of(law).sizes;
  unsigned loudest = 0;
  while (!payload.empty()) {
    const auto codes = payload.first(std::min(piece, payload.size()));
    unsigned sum = 0;
    for (const std::uint8_t code : codes) {
      sum += sizes[code & 0x7FU];
    }
    loudest = std::max(loudest, sum / static_cast<unsigned>(codes.size()));
    payload = payload.subspan(codes.size());
  }
  return loudest;
}

std::unique_ptr<Encoder> make_g711_encoder(sdp::CodecId law) {
  return std::make_unique<G711Encoder>(law_of(law));
}
std::unique_ptr<Decoder> make_g711_decoder(sdp::CodecId law) {
  return std::make_unique<G711Decoder>(law_of(law));
}

}  // namespace switchroom::media
