// Keys that do something whatever the call does: bind_digit_action.
#pragma once

#include "base/result.hpp"
#include "base/timers.hpp"
#include "call/keys.hpp"
#include "dialplan/pattern.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace switchroom::call {

/// One of the two legs of a call.
enum class Side : std::uint8_t { caller, callee };
constexpr Side other_side(Side side) { return side == Side::caller ? Side::callee : Side::caller; }

/// Which legs, seen from one of them.
struct Legs {
  bool self = false;
  bool peer = false;
};
/// "self", "peer", "both"; nullopt for anything else.
std::optional<Legs> parse_legs(std::string_view text);

/// What one binding says.
struct DigitBinding {
  std::string realm;
  std::string digits;                                // as written; a pattern without its ~
  std::shared_ptr<const dialplan::Pattern> pattern;  // shared: by both legs' bindings
  std::string application;
  std::string argument;
  Legs hears{true, false};  // whose presses, seen from who binds
  Legs acts{true, false};   // who does it, seen from who pressed
};
/// "REALM,DIGITS|~PATTERN,exec:APPLICATION[,ARGUMENT][,LEG[,LEG]]"; a comma within is written \,. The error
/// is a sentence.
base::result<DigitBinding> parse_digit_binding(std::string_view text);

/// What was pressed, and what follows.
struct DigitAction {
  Side pressed;
  Legs acts;
  std::string digits;
  std::string application;
  std::string argument;
};

/// The bindings of one call and what its two sides have pressed towards them. Call thread.
class DigitActions {
 public:
  /// `on_action`: there is something to do. `give_back`: presses that were held and mean nothing here.
  DigitActions(base::Timers& timers, std::function<void()> on_action,
               std::function<void(Side, const std::vector<KeyPress>&)> give_back);
  ~DigitActions();
  DigitActions(const DigitActions&) = delete;
  DigitActions& operator=(const DigitActions&) = delete;

  void bind(DigitBinding binding, Side by);
  /// From now on this realm's bindings count; the first one bound counts without a word. "none": no one's.
  void choose_realm(const std::string& realm, Side side);
  /// "all" or a realm's name.
  void clear(const std::string& realm, Side side);
  /// Does any binding wait for this side's keys?
  [[nodiscard]] bool listens_to(Side side) const;

  /// A press (not its end). `hold`: nobody else shall see it before it is known to mean nothing here; true:
  /// it is held.
  bool hear(Side side, const KeyPress& press, bool hold);
  std::optional<DigitAction> next();
  [[nodiscard]] bool has_next() const { return !actions_.empty(); }
  void set_digit_timeout(base::Duration timeout) { digit_timeout_ = timeout; }

 private:
  struct Ear {
    std::vector<DigitBinding> bindings;
    std::optional<std::string> realm;
    std::string typed;
    std::vector<KeyPress> held;
    base::TimerId timer = 0;
  };
  Ear& ear(Side side) { return ears_[static_cast<std::size_t>(side)]; }
  [[nodiscard]] const DigitBinding* match(const Ear& ear) const;
  [[nodiscard]] bool may_follow(const Ear& ear) const;
  void fire(Side side, const DigitBinding& binding);
  void on_timeout(Side side);
  void forget_first(Side side);

  base::Timers& timers_;
  std::function<void()> on_action_;
  std::function<void(Side, const std::vector<KeyPress>&)> give_back_;
  base::Duration digit_timeout_{std::chrono::milliseconds(1500)};
  std::array<Ear, 2> ears_;
  std::list<DigitAction> actions_;  // no deque: see Leg::events_
};

}  // namespace switchroom::call
