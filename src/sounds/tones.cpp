#include "sounds/tones.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>

namespace switchroom::sounds {
namespace {

// "loops=-1" is added where the tone is made; frequencies in Hz, times in ms. A tone without an end is
// written as long pieces without a gap.
constexpr std::array table{
    NationalTones{"at", "Austria", "%(0,0,420)", "%(1000,5000,420)", "%(400,400,420)", "%(200,200,420)"},
    NationalTones{"au", "Australia", "%(0,0,413,438)", "%(400,200,413,438);%(400,2000,413,438)",
                  "%(375,375,425)", "%(375,375,425)"},
    NationalTones{"be", "Belgium", "%(0,0,425)", "%(1000,3000,425)", "%(500,500,425)", "%(167,167,425)"},
    NationalTones{"br", "Brazil", "%(0,0,425)", "%(1000,4000,425)", "%(250,250,425)",
                  "%(250,250,425);%(750,250,425)"},
    NationalTones{"ca", "Canada", "%(0,0,350,440)", "%(2000,4000,440,480)", "%(500,500,480,620)",
                  "%(250,250,480,620)"},
    NationalTones{"ch", "Switzerland", "%(0,0,425)", "%(1000,4000,425)", "%(500,500,425)", "%(200,200,425)"},
    NationalTones{"cn", "China", "%(0,0,450)", "%(1000,4000,450)", "%(350,350,450)", "%(700,700,450)"},
    NationalTones{"de", "Germany", "%(0,0,425)", "%(1000,4000,425)", "%(480,480,425)", "%(240,240,425)"},
    NationalTones{"dk", "Denmark", "%(0,0,425)", "%(1000,4000,425)", "%(500,500,425)", "%(250,250,425)"},
    NationalTones{"es", "Spain", "%(0,0,425)", "%(1500,3000,425)", "%(200,200,425)",
                  "%(200,200,425);%(200,200,425);%(200,600,425)"},
    NationalTones{"fi", "Finland", "%(0,0,425)", "%(1000,4000,425)", "%(300,300,425)", "%(200,200,425)"},
    NationalTones{"fr", "France", "%(0,0,440)", "%(1500,3500,440)", "%(500,500,440)", "%(250,250,440)"},
    NationalTones{"gb", "United Kingdom", "%(0,0,350,440)", "%(400,200,400,450);%(400,2000,400,450)",
                  "%(375,375,400)", "%(400,350,400);%(225,525,400)"},
    NationalTones{"ie", "Ireland", "%(0,0,425)", "%(400,200,400,450);%(400,2000,400,450)", "%(500,500,425)",
                  "%(250,250,425)"},
    NationalTones{"il", "Israel", "%(0,0,414)", "%(1000,3000,414)", "%(500,500,414)", "%(250,250,414)"},
    NationalTones{"in", "India", "%(0,0,400)", "%(400,200,400);%(400,2000,400)", "%(750,750,400)",
                  "%(250,250,400)"},
    NationalTones{"it", "Italy", "%(0,0,425)", "%(1000,4000,425)", "%(500,500,425)", "%(200,200,425)"},
    NationalTones{"jp", "Japan", "%(0,0,400)", "%(1000,2000,400)", "%(500,500,400)", "%(500,500,400)"},
    NationalTones{"mx", "Mexico", "%(0,0,425)", "%(1000,4000,425)", "%(250,250,425)", "%(250,250,425)"},
    NationalTones{"nl", "Netherlands", "%(0,0,425)", "%(1000,4000,425)", "%(500,500,425)", "%(250,250,425)"},
    NationalTones{"no", "Norway", "%(0,0,425)", "%(1000,4000,425)", "%(500,500,425)", "%(200,200,425)"},
    NationalTones{"nz", "New Zealand", "%(0,0,400)", "%(400,200,400,450);%(400,2000,400,450)",
                  "%(500,500,400)", "%(250,250,400)"},
    NationalTones{"pl", "Poland", "%(0,0,425)", "%(1000,4000,425)", "%(500,500,425)", "%(500,500,425)"},
    NationalTones{"pt", "Portugal", "%(0,0,425)", "%(1000,5000,425)", "%(500,500,425)", "%(200,200,425)"},
    NationalTones{"ru", "Russia", "%(0,0,425)", "%(800,3200,425)", "%(400,400,425)", "%(200,200,425)"},
    NationalTones{"se", "Sweden", "%(0,0,425)", "%(1000,5000,425)", "%(250,250,425)", "%(250,750,425)"},
    NationalTones{"sg", "Singapore", "%(0,0,425)", "%(400,200,425);%(400,2000,425)", "%(750,750,425)",
                  "%(250,250,425)"},
    NationalTones{"us", "United States", "%(0,0,350,440)", "%(2000,4000,440,480)", "%(500,500,480,620)",
                  "%(250,250,480,620)"},
    NationalTones{"za", "South Africa", "%(0,0,400)", "%(400,200,400);%(400,2000,400)", "%(500,500,400)",
                  "%(250,250,400)"}};

/// Empty: no tone of that name.
std::string_view notation(const NationalTones& tones, std::string_view name) {
  if (name == "ring" || name == "ringback") {
    return tones.ring;
  }
  if (name == "busy") {
    return tones.busy;
  }
  if (name == "congestion" || name == "reorder" || name == "fast_busy") {
    return tones.congestion;
  }
  return name == "dial" || name == "dialtone" ? tones.dial : std::string_view();
}

}  // namespace

std::span<const NationalTones> national_tones() { return table; }

const NationalTones* find_tones(std::string_view country) {
  const auto* const found =
      std::ranges::find(table, country == "uk" ? "gb" : country, &NationalTones::country);
  return found == table.end() ? nullptr : found;
}

base::result<media::ToneScript, std::string> named_tone(std::string_view text, std::string_view country) {
  using Result = base::result<media::ToneScript, std::string>;
  const auto comma = text.find(',');
  const auto name = text.substr(0, comma);
  const NationalTones* const tones =
      find_tones(comma == std::string_view::npos ? country : text.substr(comma + 1));
  if (tones == nullptr) {
    return Result(fmt::format("\"{}\" is no country whose tones are known", text.substr(comma + 1)));
  }
  const auto written = notation(*tones, name);
  if (written.empty()) {
    return Result(fmt::format("there is no tone \"{}\": ring, busy, congestion and dial are known", name));
  }
  auto script = media::parse_tones(written);
  if (script) {
    script->loops = 0;
  }
  return script;
}

std::optional<std::string_view> tone_variable(std::string_view name) {
  const auto dash = name.find('-');
  const NationalTones* const tones =
      dash == std::string_view::npos ? nullptr : find_tones(name.substr(0, dash));
  const auto written = tones == nullptr ? std::string_view() : notation(*tones, name.substr(dash + 1));
  return written.empty() ? std::nullopt : std::optional(written);
}

}  // namespace switchroom::sounds
