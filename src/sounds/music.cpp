#include "sounds/music.hpp"

#include "base/log.hpp"
#include "media/dsp/resampler.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <random>
#include <span>
#include <system_error>

namespace switchroom::sounds {
namespace {

namespace fs = std::filesystem;

constexpr unsigned rate = 16000;
constexpr std::size_t millisecond = rate / 1000;
constexpr auto longest = std::chrono::hours(1);
constexpr std::array<std::string_view, 18> endings{".wav",  ".mp3", ".flac",  ".ogg",   ".opus", ".oga",
                                                   ".aiff", ".aif", ".au",    ".ulaw",  ".alaw", ".gsm",
                                                   ".g722", ".sln", ".sln16", ".sln48", ".raw",  ".w64"};

/// At 16 kHz, in whole milliseconds.
std::vector<std::int16_t> at_one_rate(const media::Sound& sound) {
  std::vector<std::int16_t> in = sound.samples;
  const std::size_t step = sound.rate / 1000;
  in.resize((in.size() + step - 1) / step * step);
  if (sound.rate == rate) {
    return in;
  }
  std::vector<std::int16_t> out(in.size() / step * millisecond);
  media::Resampler(sound.rate, rate).convert(in, out);
  return out;
}

}  // namespace

std::vector<fs::path> music_files(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(folder, none)) {
    if (entry.is_regular_file(none) &&
        std::ranges::find(endings, entry.path().extension().string()) != endings.end()) {
      files.push_back(entry.path());
    }
  }
  std::ranges::sort(files);
  return files;
}

base::result<media::SoundPtr> read_music(const config::Music& music) {
  auto files = music_files(music.folder);
  if (music.shuffle) {
    std::ranges::shuffle(files, std::mt19937(std::random_device{}()));
  }
  constexpr std::size_t most = std::chrono::seconds(longest).count() * std::size_t{rate};
  media::Sound all{.rate = rate, .samples = {}};
  for (const fs::path& file : files) {
    const auto one = media::read_sound(file, rate, longest);
    if (!one) {
      log::line(log::Level::warning, log::Subsystem::media, {}, "music: {}: {}", file.string(),
                media::describe(one.error()));
      continue;
    }
    const auto samples = at_one_rate(**one);
    if (all.samples.size() + samples.size() > most) {
      log::line(log::Level::warning, log::Subsystem::media, {},
                "music: {} and what follows are left out: {} holds more than an hour", file.string(),
                music.folder.string());
      break;
    }
    all.samples.insert(all.samples.end(), samples.begin(), samples.end());
  }
  if (all.samples.empty()) {
    return base::Error{fmt::format("{} holds no music that can be played", music.folder.string())};
  }
  all.samples.shrink_to_fit();
  return base::success<media::SoundPtr>(std::make_shared<const media::Sound>(std::move(all)));
}

std::string check_music(const config::Music& music) {
  std::error_code none;
  if (!fs::is_directory(music.folder, none)) {
    return fmt::format("{} is not a folder", music.folder.string());
  }
  const auto files = music_files(music.folder);
  if (files.empty()) {
    return fmt::format("{} holds no sound file", music.folder.string());
  }
  for (const fs::path& file : files) {
    if (const auto error = media::check_sound(file)) {
      return fmt::format("{}: {}", file.string(), media::describe(*error));
    }
  }
  return {};
}

}  // namespace switchroom::sounds
