// Sound files as strangers may write them: the first byte chooses the format by its name, the rest is the
// file.
#include "media/sound.hpp"

#include <array>
#include <cstdlib>
#include <fstream>
#include <string>
#include <unistd.h>

namespace media = switchroom::media;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static constexpr std::array endings{".wav",  ".mp3",  ".flac", ".ogg", ".opus",
                                      ".aiff", ".g722", ".gsm",  ".au",  ".w64"};
  if (size < 2) {
    return 0;
  }
  const std::string file =
      "/tmp/switchroom-fuzz-" + std::to_string(::getpid()) + endings[data[0] % endings.size()];
  {
    std::ofstream out(file, std::ios::binary);
    out.write(reinterpret_cast<const char*>(data + 1), static_cast<std::streamsize>(size - 1));
  }
  (void)media::check_sound(file);
  const auto sound = media::read_sound(file, data[0] < 128 ? 8000 : 48000, std::chrono::seconds(10));
  ::unlink(file.c_str());
  const bool right =
      !sound || ((*sound)->rate >= 8000 && (*sound)->rate <= 48000 &&
                 (*sound)->samples.size() <= std::size_t{10} * (*sound)->rate + (*sound)->rate);
  if (!right) {
    std::abort();
  }
  return 0;
}
