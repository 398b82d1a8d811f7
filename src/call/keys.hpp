// Key presses of one leg's peer, each once, in whatever form they come.
#pragma once

#include "base/clock.hpp"

#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>

namespace switchroom::call {

/// How a press travels: `dtmf` of a profile.
enum class KeyForm : std::uint8_t {
  event,  // RFC 4733
  info,   // INFO with application/dtmf-relay or application/dtmf
  tone    // as sound
};
/// "rfc4733", "info", "inband"; event for anything else.
KeyForm key_form(std::string_view configured);

struct KeyPress {
  enum class Phase : std::uint8_t { begun, ended, whole };
  char key = 0;  // 0-9 * # A-D
  Phase phase = Phase::whole;
  base::Duration length{};  // unless it has just begun
  bool passed_on = false;   // the partner hears it already
};

/// Call thread.
class KeyQueue {
 public:
  /// False: it was heard already in another form, or nobody has read the last 64.
  bool push(const KeyPress& press, KeyForm form);
  /// The oldest, its end included.
  std::optional<KeyPress> next();
  /// Takes out the first press of one of `keys` and leaves all others; 0: none.
  char take_first_of(std::string_view keys);
  void clear() { presses_.clear(); }
  /// The press that push() took in last; only right after it.
  [[nodiscard]] const KeyPress& newest() const { return presses_.back(); }
  void drop_newest() { presses_.pop_back(); }
  /// A press that was taken out and is somebody else's after all.
  void put_back(const KeyPress& press) { presses_.push_back(press); }
  /// The peer was re-negotiated: it may press in another form now.
  void forget_form() { form_.reset(); }

 private:
  std::list<KeyPress> presses_;  // no deque: see Leg::events_
  /// A phone that sends a press in two forms is believed in the one that came first.
  std::optional<KeyForm> form_;
};

/// What an INFO says of a press; nullopt for anything that is none (a flash, another type). Lengths are kept
/// between 40 ms and 6 s, 100 ms where none is given.
std::optional<KeyPress> parse_info_key(std::string_view content_type, std::string_view body);
inline constexpr std::string_view info_key_type = "application/dtmf-relay";
std::string write_info_key(const KeyPress& press);

}  // namespace switchroom::call
