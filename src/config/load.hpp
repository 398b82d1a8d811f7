// From files to one validated Snapshot, or to all that is wrong with them.
#pragma once

#include "config/snapshot.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace switchroom::config {

/// "file:line:column: key: what is wrong; did you mean …".
struct Problem {
  Place place;
  std::string key;
  std::string what;
  [[nodiscard]] std::string text() const;
  /// The same of what works as it is written and is seldom meant: "file:line:column: key: warning: what".
  [[nodiscard]] std::string warning() const;
};

/// What the loader asks of rooms that it may not include. Each returns an empty string when all is well.
struct Checks {
  /// Is this an application of this version, and is its argument right? "unknown application \"brige\"; did
  /// you mean bridge".
  std::function<std::string(const Action& action, const Snapshot& snapshot)> application;
  /// Can this be played to who is on hold?
  std::function<std::string(const std::string& text, const Snapshot& snapshot)> hold_music;
  /// Does the pattern compile, is the field known?
  std::function<std::string(const Condition& condition, const Snapshot& snapshot)> condition;
  /// Can this menu work: its sounds, keys, and where they lead?
  std::function<std::string(const Menu& menu, const Snapshot& snapshot)> menu;
  /// Does this folder hold music?
  std::function<std::string(const Music& music)> music;
  /// Would something in this context take a call to this number?
  std::function<bool(const std::string& context, const std::string& number, const Snapshot& snapshot)>
      reaches;
  /// What is wrong with the conferences and their keys.
  std::function<std::vector<Problem>(const Snapshot& snapshot)> conferences;
  /// Are these hours understood, and their calendars there?
  std::function<std::string(const Hours& hours)> hours;
  /// Is this a word of `tolls = […]`; is this the code of a country?
  std::function<std::string(const std::string& word)> toll;
  std::function<std::string(const std::string& iso)> country;
  /// Can this variable have this value?
  std::function<std::string(const std::string& name, const std::string& value)> variable;
};

struct Loaded {
  SnapshotPtr snapshot = nullptr;            // null when there are problems
  std::vector<Problem> problems = {};        // every one, in the order of the file
  std::vector<Problem> warnings = {};        // likewise; none when there are problems
  std::vector<std::string> next_start = {};  // keys that keep their value until then (config/next_start.hpp)
};

/// Reads FILE and its includes. Never throws; a file that cannot be read is a problem with its reason.
/// `running`: the configuration of the process that asks, which what is read would follow; what takes effect
/// at a start only has that one's value in the snapshot.
Loaded load(const std::filesystem::path& file, const Checks& checks, const Snapshot* running = nullptr);
/// The same from text (tests, the embedded default); `name` stands for the file in messages.
Loaded load_text(std::string_view text, const std::string& name, const Checks& checks,
                 const Snapshot* running = nullptr);

/// The reference of all keys in Markdown, from the same table that loads them (docs/configuration.md).
std::string reference();

/// Why a password is refused (short, well-known, the extension's own number …), or empty.
std::string password_weakness(std::string_view password, std::string_view extension);

}  // namespace switchroom::config
