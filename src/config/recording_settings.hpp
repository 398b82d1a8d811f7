// [recording], and whether the calls of something are recorded.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

namespace switchroom::config {

/// Of a profile, an extension, a ring group …: `record` and `record_path`.
struct RecordRule {
  bool on = false;
  std::string path;  // a template; empty: [recording] path
};

/// What `record_session` is to do by it.
std::string record_argument(const RecordRule& rule);

/// [recording.rules.NAME]: what is kept of the files that match.
struct RetentionRule {
  std::string match;             // a glob on the path below the folder: "conference/*"
  std::chrono::seconds keep{0};  // zero: for ever
  std::uint64_t max_size = 0;    // bytes of all that match; 0: any
};

struct Recording {
  std::filesystem::path folder = "recordings";  // absolute once loaded
  std::string path = "${strftime(%Y/%m/%d)}/${uuid}_${caller_id_number}_to_${destination_number}.wav";
  bool stereo = false;
  std::uint32_t rate = 0;         // Hz; 0: as the caller's codec has it
  std::string pause = "silence";  // or "cut"
  std::string consent;            // sounds; empty: none
  std::string consent_to = "both";
  std::chrono::seconds beep{0};  // 0: none
  std::uint32_t opus_kbit = 0;
  std::string mp3_quality = "V2";     // or "64k"
  std::chrono::seconds mp3_after{0};  // 0: stays as it is
  std::filesystem::path mp3_folder;   // absolute once loaded; empty: beside the file
  std::chrono::seconds keep{0};       // 0: for ever
  std::uint64_t max_size = 0;         // bytes; 0: any
  std::uint64_t min_free = 0;         // bytes of the file system
  std::map<std::string, RetentionRule> rules;
};

/// "V2" is -2 ("V0" is -100), "64k" is 64; nothing for anything else.
std::optional<int> mp3_quality(const std::string& text);

}  // namespace switchroom::config
