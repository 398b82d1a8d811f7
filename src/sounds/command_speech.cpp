#include "sounds/command_speech.hpp"

#include "sounds/child.hpp"

#include <fmt/core.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <fstream>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

namespace switchroom::sounds {
namespace {

namespace fs = std::filesystem;
using Spoken = base::result<media::SoundPtr>;

constexpr std::size_t largest_output = 64U << 20U;  // bytes
constexpr auto longest_speech = std::chrono::minutes(30);
constexpr unsigned best_rate = 48000;

/// A file's name that tells this utterance by this command from all others.
std::string fingerprint(const config::Speech& settings, const Utterance& utterance) {
  std::string whole;
  for (const std::string& word : settings.command) {
    whole += word + '\0';
  }
  whole += utterance.voice + '\0' + utterance.language + '\0' + utterance.text;
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  ::EVP_Digest(whole.data(), whole.size(), digest.data(), &length, ::EVP_sha256(), nullptr);
  std::string name;
  for (unsigned i = 0; i < length; ++i) {
    name += fmt::format("{:02x}", digest[i]);
  }
  return name;
}

bool replace(std::string& word, std::string_view what, const std::string& by) {
  bool found = false;
  for (auto at = word.find(what); at != std::string::npos; at = word.find(what, at + by.size())) {
    word.replace(at, what.size(), by);
    found = true;
  }
  return found;
}

Spoken read(const fs::path& file) {
  auto sound = media::read_sound(file, best_rate, longest_speech);
  if (!sound) {
    return base::Error{std::string(media::describe(sound.error()))};
  }
  return base::success<media::SoundPtr>(std::move(*sound));
}

/// The least recently used files go until the rest is no more than `most` bytes.
void tidy(const fs::path& folder, std::uint64_t most) {
  struct File {
    fs::path path;
    fs::file_time_type used;
    std::uint64_t size;
  };
  std::error_code none;
  std::vector<File> files;
  std::uint64_t all = 0;
  for (const auto& entry : fs::directory_iterator(folder, none)) {
    if (entry.path().extension() == ".wav") {
      files.push_back({entry.path(), entry.last_write_time(none), entry.file_size(none)});
      all += files.back().size;
    }
  }
  std::ranges::sort(files, {}, &File::used);
  for (const File& file : files) {
    if (all <= most) {
      return;
    }
    fs::remove(file.path, none);
    all -= file.size;
  }
}

}  // namespace

Spoken speak_with_command(const config::Speech& settings, const Utterance& utterance, const fs::path& cache,
                          const std::atomic<bool>& stop) {
  std::error_code none;
  fs::create_directories(cache, none);
  const fs::path kept = cache / (fingerprint(settings, utterance) + ".wav");
  if (fs::exists(kept, none)) {
    if (auto sound = read(kept)) {
      fs::last_write_time(kept, fs::file_time_type::clock::now(), none);
      return sound;
    }
  }
  fs::path made = kept;
  made.replace_extension(fmt::format("{}.part.wav", ::getpid()));
  std::vector<std::string> argv = settings.command;
  bool to_file = false;
  for (std::string& word : argv) {
    to_file = replace(word, "{file}", made.string()) || to_file;
    (void)replace(word, "{voice}", utterance.voice);
    (void)replace(word, "{language}", utterance.language);
  }
  auto output = run_child(argv, utterance.text + "\n", settings.timeout, largest_output, stop);
  if (!output) {
    fs::remove(made, none);
    return output.error();
  }
  if (!to_file) {
    std::ofstream file(made, std::ios::binary);
    file.write(output->data(), static_cast<std::streamsize>(output->size()));
  }
  auto sound = read(made);
  if (!sound) {
    fs::remove(made, none);
    return base::Error{fmt::format("{} made no sound that can be played: {}", argv[0], sound.error().what)};
  }
  fs::rename(made, kept, none);
  tidy(cache, settings.cache);
  return sound;
}

}  // namespace switchroom::sounds
