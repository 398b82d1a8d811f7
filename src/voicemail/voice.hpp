// What a mailbox says to a caller, and what it hears: prompts, keys, recordings.
#pragma once

#include "base/asio.hpp"
#include "call/call.hpp"
#include "config/snapshot.hpp"
#include "media/sound.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace switchroom::voicemail {

/// How a recording ended.
struct Recorded {
  enum class How : std::uint8_t { key, silence, longest, over, failed } how = How::over;
  char key = 0;
  std::uint32_t length_ms = 0;  // without the silence that ended it; 0 when the call is over: see `kept`
};

struct RecordLimits {
  std::string keys = "#";
  base::Duration longest{};
  base::Duration silence{};  // zero: none ends it
  unsigned silence_level = 0;
  /// Called once with what was recorded, also when the call is over by then.
  std::function<void(std::uint32_t length_ms)> kept;
};

/// Lives in the frame of a conversation. All on the call's coroutine.
class Voice {
 public:
  explicit Voice(call::Call& call) : call_(call), settings_(call.config().voicemail) {}

  /// The prompt of this name: what is said there.
  [[nodiscard]] std::string prompt(std::string_view name) const;
  [[nodiscard]] const config::Voicemail& settings() const { return settings_; }
  [[nodiscard]] const config::VoicemailKeys& keys() const { return settings_.keys; }
  [[nodiscard]] call::Call& call() { return call_; }
  /// The caller has hung up, or the call is being ended.
  [[nodiscard]] bool over() const { return call_.ending() || call_.is_transferred(); }

  /// Says one after the other (each as `playback` takes it; what cannot be played is left out). The key of
  /// `keys` that ended it, or 0.
  awaitable<char> say(std::vector<std::string> sounds, std::string keys = {});
  awaitable<char> say_prompt(std::string_view name, std::string keys = {}) {
    return say({prompt(name)}, std::move(keys));
  }
  /// Says, then waits for one key, whichever; 0: none came, or it is over.
  awaitable<char> ask_key(std::vector<std::string> sounds);
  /// Says, then takes digits up to the terminator.
  awaitable<std::string> ask_digits(std::vector<std::string> sounds, std::size_t most);
  /// Plays a message: rewind, skip and pause work, any other key ends it and is returned.
  awaitable<char> play_message(std::vector<std::string> sounds);
  /// After the tone. The file is new.
  awaitable<Recorded> record(std::filesystem::path file, RecordLimits limits);

 private:
  awaitable<media::PlayList> load(std::vector<std::string> sounds);

  call::Call& call_;
  const config::Voicemail& settings_;
};

/// "time:…" and so on: a moment as sounds, for say().
std::string said_moment(base::WallMicros when);
std::string said_length(std::uint32_t length_ms);
/// Digits one by one, or nothing for what is no number.
std::string said_number(std::string_view number);

}  // namespace switchroom::voicemail
