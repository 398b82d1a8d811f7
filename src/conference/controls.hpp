// Keys in a conference: which there are, what they do, and when a press is complete.
#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "config/snapshot.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace switchroom::conference {

/// What a key does.
struct Control {
  enum class Act : std::uint8_t {
    mute,
    deaf,
    deaf_mute,
    energy,
    talk_volume,
    listen_volume,
    hangup,
    lock,
    mute_others,
    unmute_others,
    kick_last,
    transfer,
    execute,
    hand,
    count,
    record,
    event
  };
  Act act = Act::event;
  int step = 0;      // of energy and volumes: up, down, 0 for back to the beginning
  std::string data;  // where to, or what to run
};

/// "vol talk up", "deaf mute", "transfer 1009 default" (also with XML in it). The error is a sentence.
base::result<Control> parse_control(std::string_view text);

/// A group as it is used. Values: a member keeps its own.
using Bindings = std::vector<std::pair<std::string, Control>>;

/// The group of that name from the file, or what is built in for "default" and "moderator"; none for "none"
/// and for names that are not there.
Bindings bindings_of(const config::Snapshot& config, const std::string& group);
bool has_group(const config::Snapshot& config, const std::string& group);

/// Presses to controls. A press that may be the beginning of a longer one waits for a second.
class KeyMatcher {
 public:
  explicit KeyMatcher(Bindings bindings) : bindings_(std::move(bindings)) {}

  /// What is complete with this press: a waiting shorter one, too, when this does not go on from it.
  std::vector<Control> press(char key, base::Time now);
  /// When on_time() has something to do.
  [[nodiscard]] std::optional<base::Time> deadline() const { return deadline_; }
  std::vector<Control> on_time(base::Time now);

 private:
  [[nodiscard]] const Control* exact(std::string_view keys) const;
  [[nodiscard]] bool goes_on(std::string_view keys) const;
  void flush(std::vector<Control>& controls);

  Bindings bindings_;
  std::string typed_;
  std::optional<base::Time> deadline_;
};

}  // namespace switchroom::conference
