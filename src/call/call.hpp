// A call: its caller's leg, the legs that were dialled for it, its variables, its record, and the
// coroutine that reads the dialplan top to bottom.
#pragma once

#include "base/signal.hpp"
#include "call/ending.hpp"
#include "call/leg.hpp"
#include "call/services.hpp"
#include "call/variables.hpp"
#include "cdr/record.hpp"
#include "dialplan/plan.hpp"

#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace switchroom::call {

class Call;

/// Runs one dialplan step; main gives the table of applications. Throws on cancellation alone.
using RunStep = std::function<awaitable<void>(Call& call, const dialplan::Step& step)>;

/// Call thread. A call is a coroutine (run) that is cancelled when its caller hangs up: every wait inside
/// unwinds, the epilogue says the goodbyes. Its record is written once, before the goodbye goes out.
class Call final : public LegOwner {
 public:
  Call(const Services& services, Rulebook rules, RunStep run_step);
  ~Call() override;
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  /// An INVITE that was admitted: makes the caller's leg in the turn that brought it.
  void begin(sip::IncomingCall incoming);
  /// A call that Switchroom itself places: `target` is dialled as the caller's leg and then meets the
  /// dialplan as if it had dialled `destination`.
  void begin_originated(const std::string& target, const std::string& destination,
                        const std::string& context);

  /// The life of the call, for a TaskGroup. `target` is set for originated calls.
  awaitable<void> run();
  awaitable<void> run_originated(std::string target);

  // -- for applications; all on the coroutine of the call --
  [[nodiscard]] Leg& caller() { return *caller_; }
  [[nodiscard]] bool has_caller() const { return caller_ != nullptr; }
  [[nodiscard]] Variables& variables() { return variables_; }
  [[nodiscard]] const config::Snapshot& config() const { return *rules_.config; }
  [[nodiscard]] const Services& services() const { return services_; }
  [[nodiscard]] std::string expanded(std::string_view text) const;
  /// Answers the caller with any codec of its profile; nothing when answered. False: it cannot be (no
  /// codec in common), and the call is ending.
  awaitable<bool> answer();
  bool answer_with(const std::vector<sdp::CodecId>& codecs);
  /// Waits until something happens on any leg, or until `deadline`; false when the time is over. Who
  /// waits here looks at ending() next: a caller who hangs up then ends the wait as news, and only other
  /// waits (a name, a file) by cancellation, which costs an exception.
  awaitable<bool> next_news(base::Time deadline = base::Time::max());
  /// For steps that only wait: keeps the caller's re-offers answered while time passes.
  awaitable<void> idle_until(base::Time deadline);
  /// Answers a caller's (or lone leg's) re-offer from its own codecs; ends the call on silence.
  void mind_alone(Leg& leg, const LegEvent& event);
  /// The dialplan goes no further; the caller hears `ending`.
  void end_with(Ending ending);
  [[nodiscard]] bool ending() const { return ending_.has_value(); }
  /// What a failed step leaves for the end of the dialplan, if nothing better comes.
  void note_failure(Ending ending) { failure_ = std::move(ending); }

  // -- legs --
  Leg& adopt(std::unique_ptr<Leg> leg);
  /// Hangs the leg up (if it lives) and forgets it when it has ended. Not for the partner.
  void drop(Leg& leg, const sip::Cause& cause, std::string_view sip_reason = {});
  /// From here on `leg` is the other party: its end ends the call, and its figures stand in the record.
  void join(Leg* leg);
  /// The call has been answered to its caller now (for the record).
  void mark_answered();
  void mark_progress(bool with_media);

  // -- from outside the coroutine --
  /// Ends the call (pbxctl hangup, shutdown): the owner cancels the coroutine after this.
  void hang_up(const sip::Cause& cause) { end_with({cause, 0, {}, "switchroom"}); }
  void set_cancel(std::function<void()> cancel) { cancel_ = std::move(cancel); }

  [[nodiscard]] const std::string& uuid() const { return record_.uuid; }
  [[nodiscard]] const cdr::Record& record() const { return record_; }
  [[nodiscard]] Leg* partner() const { return partner_; }
  [[nodiscard]] base::Time began() const { return began_; }
  [[nodiscard]] std::optional<base::Time> answered_at() const { return answered_; }
  [[nodiscard]] std::string state() const;  // "ringing", "talking", …
  /// Fills in what changes while the call runs: packets, codecs.
  void refresh_record();

 private:
  void on_leg_event(Leg& leg) override;
  void on_leg_end(Leg& leg, const sip::SessionEnd& end) override;

  awaitable<void> follow_dialplan();
  awaitable<void> follow(const std::vector<dialplan::Step>& steps);
  awaitable<void> say_goodbye();
  void open_record();
  void conclude(const Ending& ending, std::string_view disposition);
  [[nodiscard]] Ending outcome() const;
  void take_partner_quality(const Leg& leg);

  Services services_;
  Rulebook rules_;
  RunStep run_step_;
  Variables variables_;
  cdr::Record record_;
  base::Time began_;
  std::optional<base::Time> answered_;
  std::optional<Ending> ending_;
  std::optional<Ending> failure_;
  bool concluded_ = false;
  std::size_t steps_done_ = 0;
  base::Signal news_;
  bool waits_for_news_ = false;  // inside next_news()
  std::function<void()> cancel_;
  Leg* partner_ = nullptr;  // not owned: in others_
  std::unique_ptr<Leg> caller_;
  std::list<std::unique_ptr<Leg>> others_;
};

}  // namespace switchroom::call
