// The tones of the world's telephone networks, by country (after ITU-T E.180 supplement 2; without
// modulation).
#pragma once

#include "base/result.hpp"
#include "media/dsp/tone.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace switchroom::sounds {

/// One country's, in the notation of media::parse_tones().
struct NationalTones {
  std::string_view country;  // ISO 3166: "us"
  std::string_view name;
  std::string_view dial;
  std::string_view ring;
  std::string_view busy;
  std::string_view congestion;  // reorder, fast busy
};

std::span<const NationalTones> national_tones();
/// "gb"; "uk" is taken for it. Null: not in the table.
const NationalTones* find_tones(std::string_view country);

/// "busy" of `country`, or "busy,gb" of another: ring (ringback), busy, congestion (reorder, fast_busy), dial
/// (dialtone). The error is a sentence.
base::result<media::ToneScript, std::string> named_tone(std::string_view text, std::string_view country);

/// "us-ring", "gb-busy": the notation of that tone, for the variables that people bring along; nullopt: no
/// such.
std::optional<std::string_view> tone_variable(std::string_view name);

}  // namespace switchroom::sounds
