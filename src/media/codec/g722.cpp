// G.722: 16 kHz of sound in 64 kbit/s, two samples in a byte; its RTP clock says 8000 (RFC 3551 section
// 4.5.2). The coder is spandsp's.
#include "media/codec/g722.hpp"

#include "media/codec/concealment.hpp"

#include <spandsp/private/g722.h>

#include <array>
#include <new>
#include <spandsp.h>

namespace switchroom::media {
namespace {

constexpr unsigned wide = 16000;
constexpr int bit_rate = 64000;

class G722Encoder final : public Encoder {
 public:
  G722Encoder() : state_(g722_encode_init(nullptr, bit_rate, 0)) {
    if (state_ == nullptr) {
      throw std::bad_alloc();
    }
  }
  [[nodiscard]] unsigned rate() const override { return wide; }
  std::size_t encode(std::span<const std::int16_t> pcm, std::span<std::uint8_t> payload) override {
    if (payload.size() < (pcm.size() + 1) / 2) {
      return 0;
    }
    return static_cast<std::size_t>(
        g722_encode(state_.get(), payload.data(), pcm.data(), static_cast<int>(pcm.size())));
  }
  /// The state is plain numbers.
  void continue_from(const Encoder& other) override {
    *state_ = *static_cast<const G722Encoder&>(other).state_;
  }

 private:
  struct Free {
    void operator()(g722_encode_state_t* state) const { g722_encode_free(state); }
  };
  std::unique_ptr<g722_encode_state_t, Free> state_;
};

class G722Decoder final : public Decoder {
 public:
  G722Decoder() : state_(g722_decode_init(nullptr, bit_rate, 0)), concealment_(wide) {
    if (state_ == nullptr) {
      throw std::bad_alloc();
    }
  }
  [[nodiscard]] unsigned rate() const override { return wide; }
  [[nodiscard]] std::size_t duration(std::span<const std::uint8_t> payload) const override {
    const std::size_t samples = payload.size() * 2;
    return samples <= wide * longest_payload_ms / 1000 ? samples : 0;
  }
  std::size_t decode(std::span<const std::uint8_t> payload, std::span<std::int16_t> pcm) override {
    const std::size_t samples = duration(payload);
    if (samples == 0 || samples > pcm.size()) {
      return 0;
    }
    (void)g722_decode(state_.get(), pcm.data(), payload.data(), static_cast<int>(payload.size()));
    concealment_.heard(pcm.first(samples));
    return samples;
  }
  void conceal(std::span<std::int16_t> pcm) override { concealment_.conceal(pcm); }
  void reset() override {
    (void)g722_decode_init(state_.get(), bit_rate, 0);
    concealment_.reset();
  }

 private:
  struct Free {
    void operator()(g722_decode_state_t* state) const { g722_decode_free(state); }
  };
  std::unique_ptr<g722_decode_state_t, Free> state_;
  Concealment concealment_;
};

}  // namespace

std::unique_ptr<Encoder> make_g722_encoder() { return std::make_unique<G722Encoder>(); }
std::unique_ptr<Decoder> make_g722_decoder() { return std::make_unique<G722Decoder>(); }

}  // namespace switchroom::media
