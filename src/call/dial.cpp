#include "call/dial.hpp"

#include "base/log.hpp"
#include "call/call.hpp"

#include <algorithm>
#include <charconv>
#include <memory>
#include <utility>

namespace switchroom::call {
namespace {

using log::Level;
using log::Subsystem;

constexpr std::size_t most_redirections = 10;

base::Duration ring_time(const Variables& variables) {
  const std::string text = variables.value("call_timeout");
  unsigned seconds = 60;
  std::from_chars(text.data(), text.data() + text.size(), seconds);
  return std::chrono::seconds(std::clamp(seconds, 1U, 3600U));
}

/// One round of ringing. Lives in the frame of dial().
class Ringing {
 public:
  explicit Ringing(Call& call) : call_(call) {}

  void start(std::vector<LegTarget> targets) {
    const auto codecs =
        call_.has_caller() ? call_.caller().media().usable_codecs() : std::vector<sdp::CodecId>();
    for (auto& target : targets) {
      start_one(std::move(target), codecs);
    }
    alone_ =
        std::count_if(attempts_.begin(), attempts_.end(), [](const Leg* leg) { return leg != nullptr; }) == 1;
  }

  /// Takes in what happened; true when the round is over.
  bool look() {
    for (Leg*& leg : attempts_) {
      while (leg != nullptr && winner_ == nullptr) {
        const auto event = leg->next_event();
        if (!event) {
          break;
        }
        on_event(leg, *event);
      }
      if (leg != nullptr && leg != winner_ && leg->ended()) {
        lose(failure_of(*leg->end()));
        if (auto further = redirection_of(call_, *leg->end()); !further.empty()) {
          redirections_.push_back(std::move(further));
        }
        early_.reset();
        leg->release();
        leg = nullptr;
      }
    }
    mind_caller();
    const bool nobody_rings =
        std::all_of(attempts_.begin(), attempts_.end(), [](const Leg* leg) { return leg == nullptr; });
    return winner_ != nullptr || call_.ending() || (nobody_rings && redirections_.empty());
  }

  /// Where phones have sent the call since, as dial strings.
  std::vector<std::string> take_redirections() { return std::exchange(redirections_, {}); }

  /// Ends all but the winner; the others learn that somebody else took the call, or why nobody may any more.
  void end_others(const sip::Cause& without_winner) {
    if (winner_ == nullptr && call_.ending()) {
      return;  // the call's goodbye tells them why
    }
    for (Leg* leg : attempts_) {
      if (leg == nullptr || leg == winner_) {
        continue;
      }
      if (winner_ != nullptr) {
        call_.drop(*leg, cause_by_name("LOSE_RACE"), completed_elsewhere);
      } else {
        call_.drop(*leg, without_winner);
      }
    }
  }

  void lose(const Ending& ending) {
    if (!failure_ || is_better_failure(ending, *failure_)) {
      failure_ = ending;
    }
  }

  [[nodiscard]] DialResult result() {
    return {winner_, failure_.value_or(Ending{cause_by_name("NO_ANSWER"), 0, {}, "switchroom"}),
            winner_ != nullptr ? std::move(early_) : nullptr};
  }

 private:
  void start_one(LegTarget target, const std::vector<sdp::CodecId>& caller_codecs) {
    auto codecs =
        call_.has_caller() ? shared_codecs(caller_codecs, *target.profile) : profile_codecs(*target.profile);
    if (codecs.empty()) {
      lose({cause_by_name("INCOMPATIBLE_DESTINATION"), 488, {}, "switchroom"});
      return;
    }
    const std::string label = target.label;
    auto leg = Leg::outgoing(call_.services(), &call_, std::move(target), codecs);
    if (!leg) {
      log::line(Level::error, Subsystem::call, call_.uuid(), "cannot ring {}: {}", label,
                describe(leg.error()));
      const int status = sip_status(leg.error());
      lose({sip::cause_of_status(status), status, {}, "switchroom"});
      return;
    }
    log::line(Level::info, Subsystem::call, call_.uuid(), "ringing {} at {}", label,
              base::text((*leg)->session().flow().remote));
    attempts_.push_back(&call_.adopt(std::move(*leg)));
  }

  static std::vector<sdp::CodecId> profile_codecs(const config::Profile& profile) {
    std::vector<sdp::CodecId> codecs;
    for (const auto& name : profile.codecs) {
      if (const auto codec = sdp::codec_named(name)) {
        codecs.push_back(*codec);
      }
    }
    return codecs;
  }

  // Sound passes through as it is, so the callee is offered only what the caller speaks too.
  static std::vector<sdp::CodecId> shared_codecs(const std::vector<sdp::CodecId>& caller,
                                                 const config::Profile& profile) {
    auto codecs = caller;
    const auto allowed = profile_codecs(profile);
    std::erase_if(codecs, [&](sdp::CodecId codec) {
      return std::find(allowed.begin(), allowed.end(), codec) == allowed.end();
    });
    return codecs;
  }

  void on_event(Leg*& leg, const LegEvent& event) {
    switch (event.kind) {
      case LegEvent::Kind::ringing:
        call_.mark_progress(false);
        if (call_.has_caller()) {
          call_.caller().ring();
        }
        break;
      case LegEvent::Kind::early_media: on_early_media(*leg); break;
      case LegEvent::Kind::answered: winner_ = leg; break;
      case LegEvent::Kind::failed_media:
        lose({cause_by_name("INCOMPATIBLE_DESTINATION"), 488, {}, "switchroom"});  // no fault of the caller's
        call_.drop(*leg, cause_by_name("INCOMPATIBLE_DESTINATION"));
        leg = nullptr;
        break;
      default: break;
    }
  }

  // With several phones ringing the caller hears ringing: which of them he would hear is nobody's choice.
  void on_early_media(Leg& leg) {
    call_.mark_progress(true);
    if (!call_.has_caller()) {
      return;
    }
    if (early_ != nullptr) {
      return;  // said again: a 180 now would make the caller's phone ring over the sound
    }
    Leg& caller = call_.caller();
    if (alone_ && caller.media().open(
                      leg.media().port())) {  // linked first, so that nothing is missing of what follows
      early_ = call_.services().media.link(*caller.media().port(), *leg.media().port());
      if (caller.send_early_media(leg.media().usable_codecs())) {
        return;
      }
      early_.reset();
    }
    caller.ring();
  }

  void mind_caller() {
    if (!call_.has_caller()) {
      return;
    }
    while (const auto event = call_.caller().next_event()) {
      call_.mind_alone(call_.caller(), *event);
    }
  }

  Call& call_;
  std::vector<Leg*> attempts_;  // not owned: the call's; null once failed
  Leg* winner_ = nullptr;       // not owned
  std::optional<Ending> failure_;
  std::vector<std::string> redirections_;
  bool alone_ = false;
  std::unique_ptr<media::Link> early_;
};

awaitable<void> follow_redirections(Call& call, Ringing& ringing, const std::vector<std::string>& further) {
  for (const auto& dial_string : further) {
    log::line(Level::info, Subsystem::call, call.uuid(), "the call is sent on to {}", dial_string);
    auto targets = co_await find_targets(call, dial_string);
    if (targets.failure) {
      ringing.lose(*targets.failure);
    }
    ringing.start(std::move(targets.legs));
  }
}

}  // namespace

awaitable<DialResult> dial(Call& call, Targets targets) {
  Ringing ringing(call);
  if (targets.failure) {
    ringing.lose(*targets.failure);
  }
  ringing.start(std::move(targets.legs));
  const base::Time deadline = base::Clock::now() + ring_time(call.variables());
  const sip::Cause* why = &cause_by_name("ORIGINATOR_CANCEL");
  std::size_t redirected = 0;
  while (!ringing.look()) {
    if (auto further = ringing.take_redirections(); !further.empty()) {
      // Two phones that send calls to each other would never end.
      if ((redirected += further.size()) <= most_redirections) {
        co_await follow_redirections(call, ringing, further);
      }
      continue;
    }
    if (!co_await call.next_news(deadline)) {
      log::line(Level::info, Subsystem::call, call.uuid(), "nobody answered in time (call_timeout)");
      why = &cause_by_name("NO_ANSWER");
      ringing.lose({*why, 0, {}, "switchroom"});
      break;
    }
  }
  ringing.end_others(*why);
  co_return ringing.result();
}

}  // namespace switchroom::call
