#include "recording/path.hpp"

#include "call/call.hpp"
#include "config/recording_checks.hpp"
#include "dialplan/plan.hpp"
#include "recording/file/sound_writer.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <vector>

namespace switchroom::recording {
namespace {

constexpr std::size_t longest_part = 180;  // bytes, so that "-2" and an ending still fit
constexpr std::size_t most_folders = 16;

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

std::string harmless(std::string_view part) {
  std::string safe(part);
  std::ranges::replace_if(safe, is_control, '_');
  if (safe == "." || safe == "..") {
    return std::string(safe.size(), '_');
  }
  if (safe.size() > longest_part) {
    const std::string ending = std::filesystem::path(safe).extension().string();
    const bool keeps = ending.size() < 8;
    safe = safe.substr(0, longest_part - (keeps ? ending.size() : 0)) + (keeps ? ending : "");
  }
  return safe;
}

}  // namespace

std::string as_name(std::string_view value) {
  std::string name(value);
  std::ranges::replace_if(name, [](char c) { return c == '/' || is_control(c); }, '_');
  if (name.starts_with('.')) {
    name[0] = '_';
  }
  return name.substr(0, longest_part);
}

base::result<std::string> below_folder(std::string_view path, const config::Recording& recording) {
  auto rest = config::below_recordings(path, recording);
  if (!rest) {
    return base::Error{
        fmt::format("{} lies outside of the recordings folder, {}", path, recording.folder.string())};
  }
  std::vector<std::string> parts;
  while (!rest->empty()) {
    const auto slash = std::min(rest->find('/'), rest->size());
    if (slash > 0) {
      parts.push_back(harmless(rest->substr(0, slash)));
    }
    rest->remove_prefix(std::min(slash + 1, rest->size()));
  }
  if (parts.empty() || parts.size() > most_folders) {
    return base::Error{fmt::format("\"{}\" is no name for a file", path)};
  }
  if (!format_of(parts.back())) {
    parts.back() += ".wav";
  }
  std::string file;
  for (const auto& part : parts) {
    file += (file.empty() ? "" : "/") + part;
  }
  return base::success(std::move(file));
}

base::result<std::string> named_file(const call::Call& call, std::string_view path) {
  const auto own = [&](std::string_view name) {
    const bool is_ours = name.starts_with("strftime(") || name == "recordings_dir";
    return is_ours ? call.value(name) : as_name(call.value(name));
  };
  const auto global = [&](std::string_view name) {
    const auto found = call.config().vars.find(std::string(name));
    return found == call.config().vars.end() ? std::string() : found->second;
  };
  return below_folder(dialplan::expand(path, own, global), call.config().recording);
}

}  // namespace switchroom::recording
