#include "config/recording_checks.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace switchroom::config {
namespace {

namespace fs = std::filesystem;

// Where FreeSWITCH keeps recordings: dialplans that came from it name them.
constexpr std::array<std::string_view, 3> foreign_folders{
    "/var/lib/freeswitch/recordings/", "/usr/local/freeswitch/recordings/", "/opt/freeswitch/recordings/"};
constexpr std::array<std::string_view, 6> endings{".wav", ".wave", ".flac", ".opus", ".ogg", ".mp3"};

bool is_within(const fs::path& inner, const fs::path& outer) {
  const fs::path relative = inner.lexically_relative(outer);
  return !relative.empty() && *relative.begin() != "..";
}

bool has_ending(std::string_view path) {
  return std::ranges::any_of(endings, [&](std::string_view ending) {
    return path.size() > ending.size() &&
           std::equal(ending.begin(), ending.end(), path.end() - static_cast<std::ptrdiff_t>(ending.size()),
                      [](char a, char b) { return a == (b >= 'A' && b <= 'Z' ? b + 32 : b); });
  });
}

class RecordingChecks {
 public:
  RecordingChecks(Snapshot& snapshot, const Places& places, std::vector<Problem>& problems)
      : snapshot_(snapshot), recording_(snapshot.recording), places_(places), problems_(problems) {}

  void complete_folders() {
    const fs::path& data = snapshot_.pbx.data_dir;
    if (recording_.folder.empty()) {
      complain("recording.folder", "is empty");
    }
    recording_.folder = (data / recording_.folder).lexically_normal();
    if (!recording_.folder.has_filename()) {
      recording_.folder = recording_.folder.parent_path();
    }
    if (recording_.mp3_folder.empty()) {
      return;
    }
    recording_.mp3_folder = (data / recording_.mp3_folder).lexically_normal();
    if (!recording_.mp3_folder.has_filename()) {
      recording_.mp3_folder = recording_.mp3_folder.parent_path();
    }
    if (recording_.mp3_folder != recording_.folder && (is_within(recording_.mp3_folder, recording_.folder) ||
                                                       is_within(recording_.folder, recording_.mp3_folder))) {
      complain("recording.mp3_folder",
               "and folder must not lie within each other; leave it out for the same");
    }
  }

  void check(const Checks& checks) {
    check_path("recording.path", recording_.path);
    for (const auto& [name, profile] : snapshot_.profiles) {
      check_path("profiles." + name + ".record_path", profile.record.path);
    }
    for (const auto& [number, extension] : snapshot_.extensions) {
      check_path("extensions." + number + ".record_path", extension.record.path);
    }
    for (const auto& [name, group] : snapshot_.ring_groups) {
      check_path("ring_groups." + name + ".record_path", group.record.path);
    }
    for (const auto& [name, trunk] : snapshot_.trunks) {
      check_path("trunks." + name + ".record_path", trunk.record.path);
    }
    for (const auto& route : snapshot_.inbound) {
      check_path("inbound.record_path", route.record.path);
    }
    for (const auto& route : snapshot_.outbound) {
      check_path("outbound.record_path", route.record.path);
    }
    if (!mp3_quality(recording_.mp3_quality)) {
      complain("recording.mp3_quality",
               fmt::format("\"{}\" is neither \"V0\" to \"V9\" nor a rate of MP3 such as \"64k\"",
                           recording_.mp3_quality));
    }
    check_consent(checks);
    for (const auto& [name, rule] : recording_.rules) {
      if (rule.match.empty()) {
        complain("recording.rules." + name, "has no match: which files, as in match = \"support/*\"");
      }
    }
  }

 private:
  void complain(const std::string& key, std::string what) {
    std::string_view at = key;
    auto found = places_.find(at);
    while (found == places_.end() && at.find('.') != std::string_view::npos) {
      at = at.substr(0, at.rfind('.'));
      found = places_.find(at);
    }
    problems_.push_back({found == places_.end() ? Place{snapshot_.file.string(), 1, 1} : found->second, key,
                         std::move(what)});
  }
  void check_path(const std::string& key, const std::string& path) {
    if (std::string wrong = path.empty() ? "" : wrong_recording_path(path, recording_); !wrong.empty()) {
      complain(key, std::move(wrong));
    }
  }
  void check_consent(const Checks& checks) {
    if (recording_.consent.empty() || !checks.application) {
      return;
    }
    if (std::string wrong = checks.application({"playback", recording_.consent, {}}, snapshot_);
        !wrong.empty()) {
      complain("recording.consent", std::move(wrong));
    }
  }
  Snapshot& snapshot_;
  Recording& recording_;
  const Places& places_;
  std::vector<Problem>& problems_;
};

}  // namespace

std::string record_argument(const RecordRule& rule) {
  return rule.path.empty() ? "at_answer" : rule.path + " at_answer";
}

std::optional<int> mp3_quality(const std::string& text) {
  const bool vbr = text.starts_with('V');
  const std::string_view number =
      vbr ? std::string_view(text).substr(1) : std::string_view(text).substr(0, text.find('k'));
  int value = 0;
  const auto [end, ec] = std::from_chars(number.data(), number.data() + number.size(), value);
  if (ec != std::errc{} || end != number.data() + number.size() || value < 0) {
    return std::nullopt;
  }
  if (vbr) {
    return value <= 9 ? std::optional(value == 0 ? -100 : -value) : std::nullopt;
  }
  constexpr std::array rates{8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320};
  return text == fmt::format("{}k", value) && std::ranges::count(rates, value) != 0 ? std::optional(value)
                                                                                    : std::nullopt;
}

std::optional<std::string_view> below_recordings(std::string_view path, const Recording& recording) {
  if (!path.starts_with('/')) {
    return path;
  }
  const std::string own = recording.folder.string() + "/";
  if (path.starts_with(own)) {
    return path.substr(own.size());
  }
  for (const std::string_view foreign : foreign_folders) {
    if (path.starts_with(foreign)) {
      return path.substr(foreign.size());
    }
  }
  return std::nullopt;
}

std::string wrong_recording_path(std::string_view path, const Recording& recording) {
  const auto below = below_recordings(path, recording);
  if (!below) {
    return fmt::format("\"{}\" lies outside of the recordings folder, {}; give a path below it", path,
                       recording.folder.string());
  }
  for (std::string_view rest = *below; !rest.empty();) {
    const auto slash = std::min(rest.find('/'), rest.size());
    if (rest.substr(0, slash) == "..") {
      return fmt::format("\"{}\" leads out of the recordings folder", path);
    }
    rest.remove_prefix(std::min(slash + 1, rest.size()));
  }
  const bool is_computed =
      below->ends_with('}') || below->find('$', below->rfind('.') + 1) != std::string::npos;
  if (below->empty() || below->ends_with('/') || (!is_computed && !has_ending(*below))) {
    return fmt::format("\"{}\" ends with none of .wav, .flac, .opus, .ogg and .mp3", path);
  }
  return {};
}

void complete_recording(Snapshot& snapshot, const Places& places, const Checks& checks,
                        std::vector<Problem>& problems) {
  RecordingChecks whole(snapshot, places, problems);
  whole.complete_folders();
  whole.check(checks);
}

}  // namespace switchroom::config
