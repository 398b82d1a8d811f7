// A call: its caller's leg, the legs that were dialled for it, its variables, its record, and the
// coroutine that reads the dialplan top to bottom.
#pragma once

#include "base/signal.hpp"
#include "call/digit_actions.hpp"
#include "call/ending.hpp"
#include "call/leg.hpp"
#include "call/services.hpp"
#include "call/variables.hpp"
#include "cdr/record.hpp"
#include "dialplan/plan.hpp"
#include "dialplan/spellings.hpp"

#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace switchroom::call {

class Call;
class PairSound;

using dialplan::Destination;
/// Where a call goes on: at a number, or first of all with one application.
struct Next {
  Destination to;
  std::optional<dialplan::Step> step = std::nullopt;
};
/// "1001", "1001 default", and as FreeSWITCH writes it "1001 XML default".
inline Destination destination(std::string_view text) { return dialplan::parse_destination(text); }

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
  /// A leg that has left another call; what is known of it goes with it.
  void begin_taken(std::unique_ptr<Leg> leg, Variables variables, Next next);

  /// The same, but the called one runs this step instead of meeting the dialplan. Before it begins to run.
  void begin_with(dialplan::Step step) { first_step_ = std::move(step); }

  /// The life of the call, for a TaskGroup. `target` is set for originated calls.
  awaitable<void> run();
  awaitable<void> run_originated(std::string target);

  // -- for applications; all on the coroutine of the call --
  /// Whom applications serve: the caller, or for an action of bind_digit_action the one who shall have it.
  [[nodiscard]] Leg& caller() { return subject_ != nullptr ? *subject_ : *caller_; }
  /// The leg that the call began with, whoever is served now.
  [[nodiscard]] Leg& own_leg() { return *caller_; }
  [[nodiscard]] bool has_caller() const { return caller_ != nullptr; }
  [[nodiscard]] Variables& variables() { return variables_; }
  [[nodiscard]] const config::Snapshot& config() const { return *rules_.config; }
  [[nodiscard]] const dialplan::Dialplan& dialplan() const { return *rules_.dialplan; }
  [[nodiscard]] const Services& services() const { return services_; }
  /// A variable, or what is worked out by that name (call/computed.hpp).
  [[nodiscard]] std::string value(std::string_view name) const;
  [[nodiscard]] std::string expanded(std::string_view text) const;
  /// The argument of the running step as it stands in the file, for who replaces its variables otherwise.
  [[nodiscard]] const std::string& written_argument() const { return written_argument_; }
  /// The same for a dial string: what variables hold adds no targets to it.
  [[nodiscard]] std::string expanded_for_dialling(std::string_view text) const;
  /// When the running step is done the dialplan is read from `to` on.
  void transfer(Destination to);
  void transfer(Next next);
  [[nodiscard]] bool is_transferred() const { return transfer_.has_value(); }
  /// What runs is to come to its end: the call ends, or goes on elsewhere.
  [[nodiscard]] bool leaving() const { return ending_.has_value() || transfer_.has_value(); }
  /// The keys of bind_digit_action.
  [[nodiscard]] DigitActions& digit_actions() { return digit_actions_; }
  /// On which side of this call an action runs.
  [[nodiscard]] Side acting_side() const { return subject_ != nullptr ? Side::callee : Side::caller; }
  /// Bindings have changed.
  void listen_for_bound_keys();
  /// Counts actions that took the place of what was playing.
  [[nodiscard]] unsigned interruptions() const { return interruptions_; }
  /// Lives until the call has ended.
  void keep(std::shared_ptr<void> what) { kept_.push_back(std::move(what)); }
  /// Runs what `to` matches and comes back.
  awaitable<void> execute(Destination to);
  /// One step out of another place than a context (a menu's key). False: the call is over.
  awaitable<bool> run_step(const dialplan::Step& step);
  /// Ends the call so much later, whatever it does then.
  void hang_up_after(base::Duration time, const sip::Cause& cause);
  /// Lets a caller who has not been answered hear what is played (183). False: it sent no offer.
  bool hear_early();
  /// Answers the caller with any codec of its profile; nothing when answered. False: it cannot be (no
  /// codec in common), and the call is ending.
  awaitable<bool> answer();
  bool answer_with(const std::vector<sdp::CodecId>& codecs);
  /// Waits until something happens on any leg, or until `deadline`; false when the time is over. Who
  /// waits here looks at ending() next: a caller who hangs up then ends the wait as news, and only other
  /// waits (a name, a file) by cancellation, which costs an exception.
  awaitable<bool> next_news(base::Time deadline = base::Time::max());
  /// Ends a wait for news. From a callback on the call thread.
  void wake() { news_.notify(); }
  /// For steps that only wait: keeps the caller's re-offers answered while time passes.
  awaitable<void> idle_until(base::Time deadline);
  /// Answers a caller's (or lone leg's) re-offer from its own codecs; ends the call on silence.
  void mind_alone(Leg& leg, const LegEvent& event);
  /// The dialplan goes no further; the caller hears `ending`.
  void end_with(Ending ending);
  [[nodiscard]] bool ending() const { return ending_.has_value(); }
  /// What a failed step leaves for the end of the dialplan, if nothing better comes.
  void note_failure(Ending ending) { failure_ = std::move(ending); }
  [[nodiscard]] const std::optional<Ending>& failure() const { return failure_; }

  // -- legs --
  Leg& adopt(std::unique_ptr<Leg> leg);
  /// Hangs the leg up (if it lives) and forgets it when it has ended. Not for the partner.
  void drop(Leg& leg, const sip::Cause& cause, std::string_view sip_reason = {});
  /// From here on `leg` is the other party: its figures stand in the record, and its end ends the call (if it
  /// is this call's own), unless the caller stays. `sound`: of the two, until they part.
  void join(Leg* leg, PairSound* sound, bool caller_stays = false);
  /// They no longer talk; the record keeps what was.
  void part();
  /// The partner, who is of this call, goes on by itself as a call of its own.
  void send_partner_to(Next next);
  void forget_sound() { pair_sound_ = nullptr; }
  [[nodiscard]] PairSound* pair_sound() const { return pair_sound_; }
  /// The call has been answered to its caller now (for the record).
  void mark_answered();
  void mark_progress(bool with_media);
  /// For the record: this leg is rung now; it is the last one tried until another one is.
  void note_tried(const Leg& leg);
  /// For the record: a file of this call's sound (`instead_of`: what was named before), or why one is not
  /// whole.
  void note_recording(const std::string& file, const std::string& instead_of);
  void note_recording_trouble(const std::string& what);

  // -- from outside the coroutine --
  /// What runs comes to its end, then the dialplan is read from `to` on.
  void redirect(Next next);
  /// Ends the call (pbxctl hangup, shutdown): the owner cancels the coroutine after this.
  void hang_up(const sip::Cause& cause) { end_with({cause, 0, {}, "switchroom"}); }
  void set_cancel(std::function<void()> cancel) { cancel_ = std::move(cancel); }

  /// The extension that the call is made by, when its phone has signed in (or is registered where it calls
  /// from), or when the call was originated for it; else empty.
  [[nodiscard]] const std::string& account() const { return account_; }
  /// The trunk that the call came in by; or empty.
  [[nodiscard]] const std::string& trunk() const { return trunk_; }
  [[nodiscard]] const std::string& uuid() const { return record_.uuid; }
  [[nodiscard]] const std::string& call_id() const override { return record_.uuid; }
  [[nodiscard]] const cdr::Record& record() const { return record_; }
  [[nodiscard]] Leg* partner() const { return partner_; }
  [[nodiscard]] base::Time began() const { return began_; }
  [[nodiscard]] std::optional<base::Time> answered_at() const { return answered_; }
  [[nodiscard]] std::string state() const;  // "ringing", "talking", …
  /// Fills in what changes while the call runs: packets, codecs.
  void refresh_record();

 private:
  void on_leg_event(Leg& leg) override;
  void on_leg_key(Leg& leg) override;
  void on_leg_over_cap(Leg& leg) override;
  void on_leg_end(Leg& leg, const sip::SessionEnd& end) override;

  awaitable<void> follow_dialplan();
  awaitable<bool> run_context();
  void enter(Destination to);
  awaitable<void> follow(const std::vector<dialplan::Step>& steps);
  awaitable<void> say_goodbye();
  awaitable<void> perform_digit_actions();
  awaitable<void> perform(DigitAction action, Side side);
  [[nodiscard]] std::optional<Side> side_of(const Leg& leg) const;
  void open_record();
  void note_caller(const Leg& leg);
  void conclude(const Ending& ending, std::string_view disposition);
  [[nodiscard]] Ending outcome() const;
  [[nodiscard]] std::string global(std::string_view name) const;
  void take_partner_quality(const Leg& leg);

  Services services_;
  Rulebook rules_;
  RunStep run_step_;
  Variables variables_;
  cdr::Record record_;
  std::string account_;
  std::string trunk_;
  base::Time began_;
  std::optional<base::Time> answered_;
  std::optional<Ending> ending_;
  std::optional<Ending> failure_;
  bool concluded_ = false;
  std::size_t steps_done_ = 0;
  std::string written_argument_;
  Destination route_;
  std::optional<dialplan::Step> first_step_;
  std::optional<Destination> transfer_;
  unsigned transfers_ = 0;
  unsigned execution_depth_ = 0;
  base::TimerId hangup_timer_ = 0;
  base::Signal news_;
  bool waits_for_news_ = false;  // inside next_news()
  bool performs_ = false;        // an action of bind_digit_action
  unsigned interruptions_ = 0;
  std::vector<std::shared_ptr<void>> kept_;  // shared: of any kind
  DigitActions digit_actions_;
  std::function<void()> cancel_;
  Leg* partner_ = nullptr;           // not owned: in others_, or another call's
  Leg* subject_ = nullptr;           // not owned: the partner, while it is served
  PairSound* pair_sound_ = nullptr;  // not owned
  bool caller_stays_ = false;
  std::unique_ptr<Leg> caller_;
  std::list<std::unique_ptr<Leg>> others_;
};

}  // namespace switchroom::call
