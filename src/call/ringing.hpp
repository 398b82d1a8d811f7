// One round of a dial string: several phones at once, the first to answer wins.
#pragma once

#include "call/ending.hpp"
#include "call/ringback.hpp"
#include "call/targets.hpp"

#include <optional>
#include <vector>

namespace switchroom::call {

class Call;

/// Lives in the frame of the coroutine that rings.
///
/// Of each leg's variables, or the call's: leg_timeout (seconds, then it stops ringing), leg_delay_start
/// (seconds, before it begins), ignore_early_media. One leg's end leaves the others ringing, unless
/// fail_on_single_reject names its cause (or is `true`). A phone that refuses the form in which encryption
/// was offered is rung again with the others: RTP/SAVP, UDP/TLS/RTP/SAVP.
class Ringing {
 public:
  Ringing(Call& call, Ringback& ringback) : call_(call), ringback_(ringback) {}

  void start(Targets targets);
  /// Takes in what happened; true when the round is over.
  bool look();
  /// When look() has something to do without news: a leg to begin, or to end.
  [[nodiscard]] base::Time next_turn() const;
  /// Where phones have sent the call since.
  dialplan::DialRound take_redirections() { return std::exchange(redirections_, {}); }
  void lose(const Ending& ending);
  /// Ends all but the winner; the others learn that somebody else took the call, or why nobody may any more.
  void end_others(const sip::Cause& without_winner);

  [[nodiscard]] Leg* winner() const { return winner_; }
  [[nodiscard]] Ending failure() const;
  /// One of them refused in a way that ends it for all (fail_on_single_reject).
  [[nodiscard]] bool is_rejected() const { return rejected_; }

 private:
  struct Attempt {
    Leg* leg = nullptr;  // not owned: the call's
    base::Time deadline = base::Time::max();
    bool ignores_sound = false;
    std::vector<LegTarget> again;  // how else its sound could be encrypted
  };
  struct Later {
    LegTarget target;
    base::Time begins;
    std::vector<LegTarget> again;
  };
  void start_one(LegTarget target, std::vector<LegTarget> again);
  void start_due();
  void end_overdue();
  void look_at(Attempt& attempt);
  bool try_again(Attempt& attempt);
  void on_event(Attempt& attempt, const LegEvent& event);
  void on_early_media(const Attempt& attempt);
  void mind_caller();
  [[nodiscard]] bool is_alone() const { return attempts_.size() == 1 && later_.empty(); }

  Call& call_;
  Ringback& ringback_;
  std::vector<Attempt> attempts_;  // those that ring
  std::vector<Later> later_;
  Leg* winner_ = nullptr;  // not owned
  std::optional<Ending> failure_;
  bool rejected_ = false;
  dialplan::DialRound redirections_;
};

}  // namespace switchroom::call
