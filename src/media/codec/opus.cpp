// opus (RFC 6716, RFC 7587) by libopus. It codes at the rate that the other side of the call needs: no
// resampler stands between a narrow-band phone and an opus phone.
#include "media/codec/opus.hpp"

#include <opus/opus.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <new>
#include <optional>
#include <utility>

namespace switchroom::media {
namespace {

// Bits a second for a voice of each bandwidth, RFC 7587 section 3.1.1's middle values.
int bitrate_for(unsigned rate) {
  if (rate <= 8000) {
    return 24000;
  }
  return rate <= 16000 ? 28000 : 32000;
}

/// The rates that libopus codes at; anything else becomes the next one above.
unsigned opus_rate(unsigned wanted) {
  for (const unsigned rate : {8000U, 12000U, 16000U, 24000U}) {
    if (wanted <= rate) {
      return rate;
    }
  }
  return 48000;
}

std::optional<unsigned> number(std::string_view text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') {
    text.remove_prefix(1);
  }
  while (!text.empty() && text.back() == ' ') {
    text.remove_suffix(1);
  }
  return text;
}

void read_parameter(std::string_view name, std::string_view value, OpusWishes& wishes) {
  const auto given = number(value);
  if (!given) {
    return;
  }
  if (name == "maxaveragebitrate") {
    wishes.bitrate = static_cast<int>(std::clamp(*given, 6000U, 510000U));
  } else if (name == "maxplaybackrate") {
    wishes.playback_rate = std::clamp(*given, 8000U, 48000U);
  } else if (name == "useinbandfec") {
    wishes.fec = *given == 1;
  } else if (name == "usedtx") {
    wishes.dtx = *given == 1;
  } else if (name == "cbr") {
    wishes.constant = *given == 1;
  }
}

class OpusEncoderOf final : public Encoder {
 public:
  explicit OpusEncoderOf(const CodecSettings& settings) {
    const OpusWishes wishes = parse_opus_fmtp(settings.peer_fmtp);
    rate_ = opus_rate(settings.rate);
    int error = OPUS_OK;
    state_.reset(opus_encoder_create(static_cast<opus_int32>(rate_), 1, OPUS_APPLICATION_VOIP, &error));
    if (state_ == nullptr) {
      throw std::bad_alloc();
    }
    const int limit = wishes.bitrate != 0 ? wishes.bitrate : 510000;
    set(OPUS_SET_BITRATE(std::min(limit, bitrate_for(std::min(rate_, opus_rate(wishes.playback_rate))))));
    set(OPUS_SET_COMPLEXITY(opus_complexity));
    set(OPUS_SET_SIGNAL(OPUS_SIGNAL_VOICE));
    set(OPUS_SET_INBAND_FEC(wishes.fec ? 1 : 0));
    set(OPUS_SET_DTX(wishes.dtx ? 1 : 0));
    set(OPUS_SET_VBR(wishes.constant ? 0 : 1));
    set(OPUS_SET_MAX_BANDWIDTH(bandwidth(wishes.playback_rate)));
  }
  [[nodiscard]] unsigned rate() const override { return rate_; }
  std::size_t encode(std::span<const std::int16_t> pcm, std::span<std::uint8_t> payload) override {
    const int size = opus_encode(state_.get(), pcm.data(), static_cast<int>(pcm.size()), payload.data(),
                                 static_cast<opus_int32>(std::min(payload.size(), max_payload)));
    if (std::exchange(afresh_, false)) {
      set(OPUS_SET_PREDICTION_DISABLED(0));
    }
    return size > 2 ? static_cast<std::size_t>(size) : 0;  // two bytes or fewer: DTX, nothing to send
  }
  void expect_loss(double fraction) override {
    set(OPUS_SET_PACKET_LOSS_PERC(static_cast<int>(std::clamp(fraction, 0.0, 1.0) * 100)));
  }
  void reset() override { (void)opus_encoder_ctl(state_.get(), OPUS_RESET_STATE); }
  /// libopus says that an encoder's state may be copied byte by byte.
  void continue_from(const Encoder& other) override {
    const auto& same = static_cast<const OpusEncoderOf&>(other);
    std::memcpy(state_.get(), same.state_.get(), static_cast<std::size_t>(opus_encoder_get_size(1)));
    afresh_ = same.afresh_;
  }
  void begin_afresh() override {
    set(OPUS_SET_PREDICTION_DISABLED(1));
    afresh_ = true;
  }

 private:
  static opus_int32 bandwidth(unsigned rate) {
    switch (opus_rate(rate)) {
      case 8000: return OPUS_BANDWIDTH_NARROWBAND;
      case 12000: return OPUS_BANDWIDTH_MEDIUMBAND;
      case 16000: return OPUS_BANDWIDTH_WIDEBAND;
      case 24000: return OPUS_BANDWIDTH_SUPERWIDEBAND;
      default: return OPUS_BANDWIDTH_FULLBAND;
    }
  }
  void set(int request, opus_int32 value) { (void)opus_encoder_ctl(state_.get(), request, value); }

  struct Free {
    void operator()(OpusEncoder* state) const { opus_encoder_destroy(state); }
  };
  std::unique_ptr<OpusEncoder, Free> state_;
  unsigned rate_ = 48000;
  bool afresh_ = false;  // prediction is switched off for one packet
};

class OpusDecoderOf final : public Decoder {
 public:
  explicit OpusDecoderOf(unsigned wanted) : rate_(opus_rate(wanted)) {
    int error = OPUS_OK;
    state_.reset(opus_decoder_create(static_cast<opus_int32>(rate_), 1, &error));
    if (state_ == nullptr) {
      throw std::bad_alloc();
    }
  }
  [[nodiscard]] unsigned rate() const override { return rate_; }
  [[nodiscard]] std::size_t duration(std::span<const std::uint8_t> payload) const override {
    if (payload.empty()) {
      return 0;
    }
    const int samples = opus_packet_get_nb_samples(payload.data(), static_cast<opus_int32>(payload.size()),
                                                   static_cast<opus_int32>(rate_));
    return samples > 0 ? static_cast<std::size_t>(samples) : 0;
  }
  std::size_t decode(std::span<const std::uint8_t> payload, std::span<std::int16_t> pcm) override {
    if (payload.empty()) {
      return 0;
    }
    return decoded(payload, pcm, false);
  }
  void conceal(std::span<std::int16_t> pcm) override {
    const int done = opus_decode(state_.get(), nullptr, 0, pcm.data(), static_cast<int>(pcm.size()), 0);
    std::ranges::fill(pcm.subspan(static_cast<std::size_t>(std::max(0, done))), std::int16_t{0});
  }
  /// The LBRR flag behind the voice activity flags of the
  /// first SILK frame (RFC 6716 section 4.2.4). CELT frames carry none.
  [[nodiscard]] bool carries_previous(std::span<const std::uint8_t> packet) const override {
    unsigned char toc = 0;
    const unsigned char* frames[48];
    opus_int16 sizes[48];
    const int count = packet.empty()
                          ? 0
                          : opus_packet_parse(packet.data(), static_cast<opus_int32>(packet.size()), &toc,
                                              frames, sizes, nullptr);
    if (count < 1 || (toc & 0x80U) != 0 || sizes[0] < 1) {
      return false;
    }
    const unsigned silk_frames =
        std::max(1U, static_cast<unsigned>(opus_packet_get_samples_per_frame(packet.data(), 48000)) / 960U);
    return (frames[0][0] & (0x80U >> silk_frames)) != 0;
  }
  bool recover(std::span<const std::uint8_t> next, std::span<std::int16_t> pcm) override {
    return carries_previous(next) && decoded(next, pcm, true) == pcm.size();
  }
  void reset() override { (void)opus_decoder_ctl(state_.get(), OPUS_RESET_STATE); }

 private:
  std::size_t decoded(std::span<const std::uint8_t> payload, std::span<std::int16_t> pcm, bool fec) {
    const int samples = opus_decode(state_.get(), payload.data(), static_cast<opus_int32>(payload.size()),
                                    pcm.data(), static_cast<int>(pcm.size()), fec ? 1 : 0);
    return samples > 0 ? static_cast<std::size_t>(samples) : 0;
  }
  struct Free {
    void operator()(OpusDecoder* state) const { opus_decoder_destroy(state); }
  };
  std::unique_ptr<OpusDecoder, Free> state_;
  unsigned rate_;
};

}  // namespace

OpusWishes parse_opus_fmtp(std::string_view fmtp) {
  OpusWishes wishes;
  while (!fmtp.empty()) {
    const auto end = fmtp.find(';');
    const auto one = trimmed(fmtp.substr(0, end));
    fmtp = end == std::string_view::npos ? std::string_view() : fmtp.substr(end + 1);
    const auto equals = one.find('=');
    if (equals != std::string_view::npos) {
      read_parameter(trimmed(one.substr(0, equals)), trimmed(one.substr(equals + 1)), wishes);
    }
  }
  return wishes;
}

std::unique_ptr<Encoder> make_opus_encoder(const CodecSettings& settings) {
  return std::make_unique<OpusEncoderOf>(settings);
}
std::unique_ptr<Decoder> make_opus_decoder(unsigned rate) { return std::make_unique<OpusDecoderOf>(rate); }

}  // namespace switchroom::media
