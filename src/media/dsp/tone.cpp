#include "media/dsp/tone.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <numbers>
#include <optional>

namespace switchroom::media {
namespace {

constexpr std::array<double, 4> rows{697, 770, 852, 941};
constexpr std::array<double, 4> columns{1209, 1336, 1477, 1633};
constexpr std::string_view keypad = "123A456B789C*0#D";
constexpr double full_scale_dbm0 = 3.14;  // a sine of full scale
constexpr double key_level = -9;          // dBm0 of each frequency, a telephone's usual
constexpr double ramp_seconds = 0.002;
constexpr auto key_length = std::chrono::milliseconds(100);

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(' ');
  return first == std::string_view::npos ? std::string_view()
                                         : text.substr(first, text.find_last_not_of(' ') - first + 1);
}

std::optional<double> number(std::string_view text) {
  text = trimmed(text);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

std::string_view take_until(std::string_view& text, char end) {
  const auto at = text.find(end);
  const auto piece = text.substr(0, at);
  text = at == std::string_view::npos ? std::string_view() : text.substr(at + 1);
  return piece;
}

/// Reads the notation piece by piece; settings hold for what follows them.
class ToneReader {
 public:
  std::optional<std::string> read(std::string_view text) {
    while (!text.empty()) {
      const auto piece = trimmed(take_until(text, ';'));
      if (const auto wrong = piece.empty() ? std::nullopt : read_piece(piece)) {
        return wrong;
      }
    }
    return script_.tones.empty() ? std::optional<std::string>("there is no tone in it") : std::nullopt;
  }
  [[nodiscard]] const ToneScript& script() const { return script_; }

 private:
  std::optional<std::string> read_piece(std::string_view piece) {
    if (piece.starts_with("%(")) {
      return read_tone(piece);
    }
    const auto equals = piece.find('=');
    return equals == std::string_view::npos ? read_keys(piece)
                                            : read_setting(piece.substr(0, equals), piece.substr(equals + 1));
  }

  std::optional<std::string> read_tone(std::string_view piece) {
    if (!piece.ends_with(')')) {
      return "\"" + std::string(piece) + "\" has no closing parenthesis";
    }
    auto inside = piece.substr(2, piece.size() - 3);
    Tone tone{.frequencies = {}, .level_dbm0 = level_, .on = {}, .off = {}};
    for (std::size_t at = 0; !inside.empty(); ++at) {
      const auto value = number(take_until(inside, ','));
      if (!value || *value < 0 || at > 19) {
        return "\"" + std::string(piece) + "\" is not %(on,off,frequency,...) in milliseconds and hertz";
      }
      const auto ms = std::chrono::milliseconds(std::lround(std::min(*value, 86'400'000.0)));
      if (at == 0) {
        tone.on = ms;
      } else if (at == 1) {
        tone.off = ms;
      } else if (*value > 20000) {
        return "a frequency of " + std::to_string(std::lround(*value)) + " Hz cannot be heard";
      } else if (at - 2 < tone.frequencies.size()) {  // more than four are one noise: the rest is left out
        tone.frequencies[at - 2] = *value;
      }
    }
    script_.tones.push_back(tone);
    return std::nullopt;
  }

  std::optional<std::string> read_setting(std::string_view name, std::string_view text) {
    const auto value = number(text);
    if (!value) {
      return "\"" + std::string(name) + "=" + std::string(text) + "\" is not a number";
    }
    const auto ms = std::chrono::milliseconds(std::lround(std::clamp(*value, 0.0, 60'000.0)));
    if (name == "v") {
      level_ = std::clamp(*value, -60.0, 0.0);
    } else if (name == "l" || name == "L" || name == "loops") {
      script_.loops = *value <= 0 ? 0 : static_cast<unsigned>(std::min(*value, 1e6));
    } else if (name == "d") {
      on_ = ms;
    } else if (name == "w") {
      off_ = ms;
    } else {
      return "\"" + std::string(name) + "\" is not a setting of tones (v, l, d, w)";
    }
    return std::nullopt;
  }

  std::optional<std::string> read_keys(std::string_view piece) {
    for (const char key : piece) {
      Tone tone = key_tone(key);
      if (tone.frequencies[0] == 0) {
        return "\"" + std::string(piece) + "\" is neither %(on,off,frequency,...) nor keys";
      }
      tone.on = on_;
      tone.off = off_;
      script_.tones.push_back(tone);
    }
    return std::nullopt;
  }

  ToneScript script_;
  double level_ = Tone().level_dbm0;
  base::Duration on_ = key_length;
  base::Duration off_ = key_length;
};

std::size_t samples(base::Duration time, unsigned rate) {
  return static_cast<std::size_t>(std::chrono::duration_cast<std::chrono::microseconds>(time).count()) *
         rate / 1'000'000;
}

}  // namespace

base::result<ToneScript, std::string> parse_tones(std::string_view text) {
  ToneReader reader;
  if (auto wrong = reader.read(text)) {
    return base::result<ToneScript, std::string>(std::move(*wrong));
  }
  return reader.script();
}

Tone key_tone(char key) {
  const auto at = keypad.find(key >= 'a' && key <= 'd' ? static_cast<char>(key - 'a' + 'A') : key);
  Tone tone;
  tone.level_dbm0 = key_level;
  if (at != std::string_view::npos) {
    tone.frequencies = {rows[at / 4], columns[at % 4], 0, 0};
  }
  return tone;
}

ToneGenerator::ToneGenerator(ToneScript script, unsigned rate)
    : script_(std::move(script)), rate_(rate), over_(script_.tones.empty()) {}

void ToneGenerator::stop() {
  if (!over_ && stop_at_ == 0) {
    stop_at_ = position_ + static_cast<std::size_t>(ramp_seconds * rate_);
  }
}

/// `length`: samples of the sounding part, 0: without end.
std::int16_t ToneGenerator::sample(const Tone& tone, std::size_t position, std::size_t length) {
  double sum = 0;
  const double amplitude = 32767 * std::pow(10.0, (tone.level_dbm0 - full_scale_dbm0) / 20);
  for (std::size_t i = 0; i < tone.frequencies.size() && tone.frequencies[i] > 0; ++i) {
    phases_[i] += tone.frequencies[i] / rate_;
    phases_[i] -= std::floor(phases_[i]);
    sum += amplitude * std::sin(2 * std::numbers::pi * phases_[i]);
  }
  const double ramp = ramp_seconds * rate_;
  double gain = std::min(1.0, static_cast<double>(position) / ramp);
  if (length != 0) {
    gain = std::min(gain, static_cast<double>(length - position) / ramp);
  }
  if (stop_at_ != 0) {
    gain = std::min(gain, static_cast<double>(stop_at_ - position) / ramp);
  }
  return static_cast<std::int16_t>(std::lround(std::clamp(gain * sum, -32767.0, 32767.0)));
}

std::size_t ToneGenerator::read(std::span<std::int16_t> pcm) {
  std::size_t made = 0;
  while (made < pcm.size() && !over_) {
    const Tone& tone = script_.tones[tone_];
    const bool endless = tone.on == base::Duration::zero() && tone.frequencies[0] > 0;
    const std::size_t on = samples(tone.on, rate_);
    const std::size_t all = on + samples(tone.off, rate_);
    if (stop_at_ != 0 && position_ >= stop_at_) {
      over_ = true;
    } else if (!endless && position_ >= all) {
      position_ = 0;
      phases_ = {};
      if (++tone_ == script_.tones.size()) {
        tone_ = 0;
        over_ = (++loop_ == script_.loops) || all == 0;
      }
    } else {
      const bool sounds = endless || position_ < on;
      pcm[made++] = sounds ? sample(tone, position_, endless ? 0 : on) : std::int16_t{0};
      ++position_;
    }
  }
  return made;
}

}  // namespace switchroom::media
