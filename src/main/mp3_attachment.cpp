#include "main/mp3_attachment.hpp"

#include "base/random.hpp"
#include "media/sound.hpp"
#include "recording/file/sound_writer.hpp"

#include <chrono>
#include <fstream>
#include <iterator>
#include <utility>

namespace switchroom::main {
namespace {

struct Removed {
  std::filesystem::path file;
  ~Removed() {
    std::error_code ignored;
    std::filesystem::remove(file, ignored);
  }
};

}  // namespace

base::result<std::string> mp3_of(const std::filesystem::path& wav, const std::filesystem::path& folder) {
  const auto sound = media::read_sound(wav, 16000, std::chrono::hours(24));
  if (!sound) {
    return base::Error{wav.string() + ": " + std::string(media::describe(sound.error()))};
  }
  auto file = recording::OutputFile::create(folder, "attachment-" + base::random_token(12) + ".mp3");
  if (!file) {
    return file.error();
  }
  const Removed temporary{(*file)->path()};
  recording::SoundFormat format;
  format.format = recording::Format::mp3;
  format.rate = (*sound)->rate;
  auto writer = recording::SoundWriter::begin(*file, format);
  if (!writer) {
    return writer.error();
  }
  if (auto written = (*writer)->write((*sound)->samples); !written) {
    return written.error();
  }
  if (auto finished = (*writer)->finish(); !finished) {
    return finished.error();
  }
  std::ifstream in(temporary.file, std::ios::binary);
  return base::success(std::string(std::istreambuf_iterator<char>(in), {}));
}

}  // namespace switchroom::main
