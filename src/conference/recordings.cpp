#include "conference/recordings.hpp"

#include "recording/file/place.hpp"

#include <algorithm>

namespace switchroom::conference {
namespace {

constexpr unsigned tap_seconds = 10;  // that a slow disk may take

/// The part of an absolute path that is below `root`; relative ones as they are.
std::string below(const std::filesystem::path& root, const std::string& file) {
  const std::filesystem::path path(file);
  if (!path.is_absolute()) {
    return file;
  }
  return path.lexically_normal().lexically_relative(root.lexically_normal()).string();
}

/// The rates that a tap knows.
unsigned tap_rate(unsigned rate) { return rate == 32000 ? 16000 : rate; }

}  // namespace

base::result<std::string> Recordings::start(const std::string& file) {
  const std::string inside = below(root_, file);
  if (const auto parts = recording::parts_below(inside); !parts) {
    return base::Error{"\"" + file + "\" is no file below " + root_.string() + ": " + parts.error().what};
  }
  const std::string whole = (root_ / inside).string();
  if (std::ranges::any_of(running_, [&](const Running& one) { return one.file == whole; })) {
    return base::Error{"the conference is being recorded to " + whole + " already"};
  }
  recording::RecordingSettings settings;
  settings.root = root_;
  settings.file = inside;
  settings.channels = recording::Channels::received;
  settings.rate = tap_rate(rate_);
  auto tap = tap_({.rate = settings.rate, .received = true, .sent = false, .seconds = tap_seconds});
  running_.push_back({file, whole, recorder_.start(std::move(tap), std::move(settings), {})});
  return base::success(whole);
}

std::vector<std::string> Recordings::stop(std::string_view which) {
  std::vector<std::string> ended;
  std::erase_if(running_, [&](const Running& one) {
    if (which != "all" && which != one.file && which != one.asked) {
      return false;
    }
    ended.push_back(one.file);
    return true;
  });
  return ended;
}

std::vector<std::string> Recordings::files() const {
  std::vector<std::string> files;
  files.reserve(running_.size());
  for (const Running& one : running_) {
    files.push_back(one.file);
  }
  return files;
}

}  // namespace switchroom::conference
