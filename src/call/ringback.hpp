// What a caller hears while others ring for him.
#pragma once

#include "call/leg.hpp"
#include "dialplan/dial_string.hpp"
#include "media/engine.hpp"

#include <memory>
#include <string>

namespace switchroom::call {

class Call;

/// Lives as long as one dial string is rung. Before the answer: a plain 180, for which the caller's phone
/// makes a sound of its own, or as early media what the variable `ringback` names. After the answer: what
/// `transfer_ringback` names, else `ringback`, else a ringing tone; "none" for silence. On the call's
/// coroutine; the sound ends with the object.
class Ringback {
 public:
  explicit Ringback(Call& call) : call_(call) {}

  /// Reads the sound, so that begin() need not wait. `for_all`: the assignments of {…}.
  awaitable<void> prepare(dialplan::Assignments for_all);
  /// Somebody rings.
  void begin();
  /// Somebody is heard while he rings: he takes the place of the tone. False: the caller cannot hear him.
  bool hear(Leg& leg);
  /// He has stopped.
  void stop_hearing() { early_.reset(); }
  [[nodiscard]] bool is_hearing() const { return early_ != nullptr; }
  /// The link of the one who is heard, which outlives his answer; the tone ends.
  std::unique_ptr<media::Link> take();

 private:
  bool play();

  Call& call_;
  media::PlayList list_;
  std::unique_ptr<media::Playback> tone_;
  std::unique_ptr<media::Link> early_;
};

}  // namespace switchroom::call
