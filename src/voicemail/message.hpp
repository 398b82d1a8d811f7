// A message as the index holds it, and how its file is named.
#pragma once

#include "base/clock.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace switchroom::voicemail {

using MessageId = std::int64_t;  // grows with time, never used twice

enum class State : std::uint8_t { fresh, saved, deleted };
std::string_view name(State state);  // "new", "saved", "deleted"
std::optional<State> parse_state(std::string_view text);

enum class MailState : std::uint8_t {
  none,  // nothing to send, or sent
  due,   // to be queued; after a crash it is queued again, under the same name
};

struct Message {
  MessageId id = 0;
  std::string mailbox;
  std::string file;   // below the mailbox's folder
  std::string intro;  // what was said when it was forwarded, likewise; may be empty
  std::string caller_number;
  std::string caller_name;
  std::string call;  // uuid
  base::WallMicros left_at = 0;
  std::uint32_t length_ms = 0;
  bool urgent = false;
  State state = State::fresh;
  State before = State::fresh;  // what a deleted one was
  base::WallMicros deleted_at = 0;
  MailState mail = MailState::none;
};

/// Everything that must survive the loss of the index stands in the file's name:
/// "20261125T090000.123456Z~NUMBER~NAME~TOKEN.wav", and before it, while it is being said, "MAILBOX~".
struct FileName {
  base::WallMicros left_at = 0;
  std::string caller_number;
  std::string caller_name;
  std::string token;
};
std::string write_name(const FileName& name);
std::optional<FileName> parse_name(std::string_view file);

/// A text as a part of a file's name: no dots, slashes, tildes; what is odd becomes %XX. What would make it
/// longer than `longest` bytes is left out.
std::string escaped(std::string_view text, std::size_t longest = 192);
std::string unescaped(std::string_view text);

/// The length of a PCM WAV whose header may not have been completed: by its size. Completes the header if
/// asked to. nullopt: no WAV.
struct WavFacts {
  unsigned rate = 0;
  std::uint32_t length_ms = 0;
};
std::optional<WavFacts> wav_facts(const std::filesystem::path& file, bool mend);

}  // namespace switchroom::voicemail
