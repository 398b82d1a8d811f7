#include "media/file/sound_format.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace switchroom::media {
namespace {

struct Headerless {
  std::string_view extension;
  int rate;  // Hz
  int encoding;
};
constexpr int linear = SF_FORMAT_PCM_16 | SF_ENDIAN_LITTLE;
constexpr std::array headerless{
    Headerless{".ulaw", 8000, SF_FORMAT_ULAW},
    Headerless{".ul", 8000, SF_FORMAT_ULAW},
    Headerless{".pcmu", 8000, SF_FORMAT_ULAW},
    Headerless{".alaw", 8000, SF_FORMAT_ALAW},
    Headerless{".al", 8000, SF_FORMAT_ALAW},
    Headerless{".pcma", 8000, SF_FORMAT_ALAW},
    Headerless{".gsm", 8000, SF_FORMAT_GSM610},
    Headerless{".raw", 8000, linear},
    Headerless{".sln", 8000, linear},
    Headerless{".sln16", 16000, linear},
    Headerless{".sln24", 24000, linear},
    Headerless{".sln48", 48000, linear},
    Headerless{".r8", 8000, linear},
    Headerless{".r16", 16000, linear},
    Headerless{".r24", 24000, linear},
    Headerless{".r48", 48000, linear},
};
constexpr std::array<unsigned, 3> higher_rates{48000, 24000, 16000};  // than 8000

}  // namespace

SF_INFO headerless_format(const std::filesystem::path& path) {
  const std::string extension = path.extension().string();
  const auto* const known = std::ranges::find(headerless, extension, &Headerless::extension);
  SF_INFO info{};
  if (known != headerless.end()) {
    info.format = SF_FORMAT_RAW | known->encoding;
    info.samplerate = known->rate;
    info.channels = 1;
  }
  return info;
}

unsigned playing_rate(unsigned own, unsigned wanted) {
  for (const unsigned rate : higher_rates) {
    if (rate <= own && rate <= wanted) {
      return rate;
    }
  }
  return 8000;
}

}  // namespace switchroom::media
