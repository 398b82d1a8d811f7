// Does the program that speaks exist, and the music?
#include "config/checks.hpp"

#include <fmt/core.h>

#include <cstdlib>
#include <string_view>
#include <system_error>
#include <unistd.h>

namespace switchroom::config {
namespace {

namespace fs = std::filesystem;

bool is_program(const fs::path& file) {
  std::error_code none;
  return fs::is_regular_file(file, none) && ::access(file.c_str(), X_OK) == 0;
}

/// By PATH, as it will be looked for when it is run.
bool is_found(const std::string& program) {
  if (program.find('/') != std::string::npos) {
    return is_program(program);
  }
  const char* const path = std::getenv("PATH");  // NOLINT(concurrency-mt-unsafe): nobody sets it
  std::string_view rest = path != nullptr ? path : "/bin:/usr/bin";
  while (!rest.empty()) {
    const auto end = std::min(rest.find(':'), rest.size());
    if (is_program(fs::path(rest.substr(0, end)) / program)) {
      return true;
    }
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return false;
}

std::string wrong_speech(const Speech& speech) {
  if (speech.command.empty()) {
    return {};
  }
  const std::string& program = speech.command.front();
  if (program.empty() || !is_found(program)) {
    return fmt::format(
        "\"{}\" is not a program that can be run: write its whole path, and each argument as a text of "
        "its own",
        program);
  }
  return {};
}

}  // namespace

void check_speech_and_music(const Snapshot& snapshot, const Places& places, const Checks& checks,
                            std::vector<Problem>& problems) {
  const auto complain = [&](const std::string& key, std::string what) {
    if (what.empty()) {
      return;
    }
    const auto place = places.find(key);
    problems.push_back(
        {place == places.end() ? Place{snapshot.file.string(), 0, 0} : place->second, key, std::move(what)});
  };
  complain("speech.command", wrong_speech(snapshot.speech));
  if (snapshot.speech.command.empty() && snapshot.speech.voice != "slt" && snapshot.speech.voice != "kal") {
    complain("speech.voice",
             fmt::format("flite has no voice \"{}\": it has slt and kal; other voices need a command",
                         snapshot.speech.voice));
  }
  for (const auto& [name, music] : snapshot.music) {
    const std::string key = "music." + name + ".folder";
    if (!places.contains(key)) {
      complain("music." + name, "has no folder");
    } else if (checks.music) {
      complain(key, checks.music(music));
    }
  }
}

}  // namespace switchroom::config
