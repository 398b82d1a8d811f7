// Two calls whose callers talk with each other: one has taken the other out of a parking slot.
#pragma once

#include "base/asio.hpp"
#include "call/pair_sound.hpp"

#include <memory>

namespace switchroom::call {

class Call;

/// Each call minds its own leg, on its own coroutine. Whoever comes first waits for the other no longer than
/// a few seconds; whoever leaves first ends it. Shared by the two coroutines, which end one after the other.
/// Call thread.
class Meeting {
 public:
  Meeting(Call& first, Call& second);
  ~Meeting();
  Meeting(const Meeting&) = delete;
  Meeting& operator=(const Meeting&) = delete;

  /// Talks until either leaves. Both are answered.
  awaitable<void> attend(Call& own);
  /// Also for who was to come and cannot.
  void leave();
  [[nodiscard]] bool is_over() const { return sound_ == nullptr; }

 private:
  awaitable<void> talk(Call& own, Call& other);

  Call& first_;
  Call& second_;
  std::unique_ptr<PairSound> sound_;  // null: over
};

}  // namespace switchroom::call
