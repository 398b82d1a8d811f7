#include "call/call.hpp"

#include "base/log.hpp"
#include "base/random.hpp"
#include "call/dial.hpp"
#include "call/facts.hpp"
#include "cdr/recorder.hpp"

#include <algorithm>
#include <utility>

namespace switchroom::call {
namespace {

using log::Level;
using log::Subsystem;
using namespace std::chrono_literals;

constexpr auto goodbye_limit = 5s;  // a peer that does not answer our BYE is left to its transaction
constexpr std::size_t step_limit = 1000;

}  // namespace

Call::Call(const Services& services, Rulebook rules, RunStep run_step)
    : services_(services),
      rules_(std::move(rules)),
      run_step_(std::move(run_step)),
      began_(services.timers.now()),
      news_(services.context.get_executor()) {}

Call::~Call() = default;

// -- beginnings ------------------------------------------------------------------------------------

void Call::begin(sip::IncomingCall incoming) {
  const config::Profile& profile = config().profiles.at(incoming.profile);
  record_.start = base::wall_now();
  sip::IncomingCall call = std::move(incoming);
  Variables facts = facts_of(call, config(), {});
  record_.sip_from_uri = call.invite.from.uri.text();
  record_.sip_to_uri = call.invite.to.uri.text();
  record_.sip_call_id = call.invite.call_id;
  record_.network_addr = call.from.remote.address.to_string();
  caller_ = Leg::incoming(services_, this, std::move(call), profile, "Switchroom");
  variables_ = std::move(facts);
  variables_.set("uuid", caller_->uuid());
  open_record();
  if (const auto read = caller_->read_offer(); !read) {
    end_with({sip::cause_of_status(sip_status(read.error())), sip_status(read.error()),
              std::string(describe(read.error())), "switchroom"});
  }
}

// Whoever is rung first is the caller: what follows is done on that extension's account.
void Call::begin_originated(const std::string& target, const std::string& destination,
                            const std::string& context) {
  record_.start = base::wall_now();
  record_.uuid = base::random_uuid();
  if (const auto* extension = extension_called(target, config())) {
    add_extension_facts(variables_, *extension);
    variables_.set("caller_id_number", extension->number);
    variables_.set("caller_id_name", extension->name.empty() ? extension->number : extension->name);
  } else {
    const auto uri = sip::parse_uri(target);
    variables_.set("caller_id_number", uri && !uri->user.empty() ? uri->user : target);
    variables_.set("caller_id_name", config().pbx.name);
  }
  variables_.set("uuid", record_.uuid);
  variables_.set("destination_number", destination);
  variables_.set("domain_name", config().pbx.domain);
  variables_.set("context", context);
  open_record();
}

void Call::open_record() {
  record_.uuid = variables_.value("uuid");
  record_.caller_id_name = variables_.value("caller_id_name");
  record_.caller_id_number = variables_.value("caller_id_number");
  record_.destination_number = variables_.value("destination_number");
  record_.context = variables_.value("context");
  record_.accountcode = variables_.value("accountcode");
  services_.recorder.opened(record_);
  log::line(Level::info, Subsystem::call, record_.uuid, "{} calls {} in context {} from {}",
            record_.caller_id_number, record_.destination_number, record_.context,
            record_.network_addr.empty() ? "pbxctl" : record_.network_addr);
}

// -- the life of a call ----------------------------------------------------------------------------

awaitable<void> Call::run() {
  std::exception_ptr why;
  try {
    co_await follow_dialplan();
  } catch (...) {
    why = std::current_exception();
  }
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  co_await say_goodbye();
  if (why) {
    std::rethrow_exception(why);  // cancellation is nothing to the owner, all else it logs
  }
}

awaitable<void> Call::run_originated(std::string target) {
  std::exception_ptr why;
  try {
    // Its display shows whom it is going to talk to.
    const std::string number = variables_.value("effective_caller_id_number");
    const std::string name = variables_.value("effective_caller_id_name");
    variables_.set("effective_caller_id_number", record_.destination_number);
    variables_.set("effective_caller_id_name", config().pbx.name);
    auto targets = co_await find_targets(*this, std::move(target));
    variables_.set("effective_caller_id_number", number);
    variables_.set("effective_caller_id_name", name);
    const DialResult dialled = co_await dial(*this, std::move(targets));
    if (dialled.winner == nullptr) {
      end_with(dialled.failure);
    } else {
      const auto leg = std::find_if(others_.begin(), others_.end(),
                                    [&](const auto& other) { return other.get() == dialled.winner; });
      caller_ = std::move(*leg);
      others_.erase(leg);
      mark_answered();
      co_await follow_dialplan();
    }
  } catch (...) {
    why = std::current_exception();
  }
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  co_await say_goodbye();
  if (why) {
    std::rethrow_exception(why);
  }
}

awaitable<void> Call::follow_dialplan() {
  // An INVITE that the session itself refused (415, 422): its end comes by another turn, and nobody is rung.
  while (caller_->session().ended() && !ending_) {
    (void)co_await next_news();
  }
  const auto lookup = [this](std::string_view name) { return variables_.value(name); };
  const auto explain = [this](const std::string& sentence) {
    log::line(Level::debug, Subsystem::dialplan, record_.uuid, "{}", sentence);
  };
  const bool telling = log::enabled(Level::debug, Subsystem::dialplan);
  const auto told = telling ? explain : std::function<void(const std::string&)>();
  std::size_t from = 0;
  while (!ending_) {
    const auto match = rules_.dialplan->match(record_.context, lookup, from, told);
    if (!match) {
      break;
    }
    from = match->next;
    co_await follow(match->steps);
  }
  if (from == 0 && !ending_) {
    log::line(Level::info, Subsystem::dialplan, record_.uuid, "nothing in context {} matches {}",
              record_.context, record_.destination_number);
    note_failure({cause_by_name("NO_ROUTE_DESTINATION"), 404, {}, "switchroom"});
  }
}

awaitable<void> Call::follow(const std::vector<dialplan::Step>& steps) {
  for (const auto& step : steps) {
    if (ending_ || caller_->ended() || ++steps_done_ > step_limit) {
      break;
    }
    dialplan::Step ready{step.application, expanded(step.argument), step.entry};
    record_.last_app = ready.application;
    record_.last_arg = ready.argument;
    log::line(Level::debug, Subsystem::dialplan, record_.uuid, "{}: {} {}", ready.entry, ready.application,
              ready.argument);
    co_await run_step_(*this, ready);
  }
}

std::string Call::expanded(std::string_view text) const {
  const auto own = [this](std::string_view name) { return variables_.value(name); };
  const auto global = [this](std::string_view name) {
    const auto found = config().vars.find(std::string(name));
    return found == config().vars.end() ? std::string() : found->second;
  };
  return dialplan::expand(text, own, global);
}

Ending Call::outcome() const {
  if (ending_) {
    return *ending_;
  }
  if (failure_) {
    return *failure_;
  }
  return {cause_by_name("NORMAL_CLEARING"), 0, {}, "switchroom"};
}

awaitable<void> Call::say_goodbye() {
  const Ending ending = outcome();
  const bool established = caller_ != nullptr && caller_->established();
  conclude(ending, caller_ == nullptr ? "" : established ? "send_bye" : "send_refuse");
  if (caller_ != nullptr && !caller_->ended()) {
    if (caller_->is_incoming() && !established) {
      const int status = ending.status != 0 ? ending.status : ending.cause.sip_status;
      caller_->refuse(status, ending.reason, ending.cause.q850);
    } else {
      caller_->hang_up(ending.cause);
    }
  }
  const bool elsewhere = ending.cause.name == "LOSE_RACE";
  for (const auto& leg : others_) {
    leg->hang_up(ending.cause, elsewhere ? completed_elsewhere : std::string_view());
  }
  const auto is_live = [](const auto& leg) { return leg != nullptr && !leg->ended(); };
  const base::Time deadline = base::Clock::now() + goodbye_limit;
  while (is_live(caller_) || std::any_of(others_.begin(), others_.end(), is_live)) {
    if (!co_await next_news(deadline)) {
      break;
    }
  }
}

void Call::end_with(Ending ending) {
  if (!ending_) {
    ending_ = std::move(ending);
    news_.notify();
  }
}

// -- the caller's leg ------------------------------------------------------------------------------

bool Call::answer_with(const std::vector<sdp::CodecId>& codecs) {
  if (const auto answered = caller_->answer(codecs); !answered) {
    const int status = sip_status(answered.error());
    log::line(Level::warning, Subsystem::call, record_.uuid, "cannot answer {}: {}", caller_->label(),
              describe(answered.error()));
    end_with({sip::cause_of_status(status), status, {}, "switchroom"});
    return false;
  }
  mark_answered();
  return true;
}

awaitable<bool> Call::answer() {
  if (!answered_ && !answer_with(caller_->media().allowed())) {
    co_return false;
  }
  co_return true;
}

void Call::mark_answered() {
  if (!answered_) {
    answered_ = services_.timers.now();
    record_.answer = base::wall_now();
    services_.recorder.answered(record_.uuid, record_.answer);
  }
}

void Call::mark_progress(bool with_media) {
  base::WallMicros& stamp = with_media ? record_.progress_media : record_.progress;
  if (stamp == 0) {
    stamp = base::wall_now();
  }
}

// -- waiting ---------------------------------------------------------------------------------------

awaitable<bool> Call::next_news(base::Time deadline) {
  others_.remove_if([](const auto& leg) { return leg->is_done(); });
  waits_for_news_ = true;
  const bool woken = co_await news_.wait_until(deadline);
  waits_for_news_ = false;
  news_.reset();
  co_return woken;
}

void Call::mind_alone(Leg& leg, const LegEvent& event) {
  switch (event.kind) {
    case LegEvent::Kind::offer: leg.answer_offer(leg.media().allowed()); break;
    case LegEvent::Kind::failed_media:
      end_with({cause_by_name("INCOMPATIBLE_DESTINATION"), event.status, {}, "switchroom"});
      break;
    case LegEvent::Kind::silence:
      log::line(Level::warning, Subsystem::call, record_.uuid, "no sound from {} for the time in rtp_timeout",
                leg.label());
      end_with({cause_by_name("MEDIA_TIMEOUT"), 0, {}, "switchroom"});
      break;
    default: break;
  }
}

awaitable<void> Call::idle_until(base::Time deadline) {
  for (;;) {
    while (const auto event = caller_->next_event()) {
      mind_alone(*caller_, *event);
    }
    if (ending_ || !co_await next_news(deadline)) {
      co_return;
    }
  }
}

// -- the other legs --------------------------------------------------------------------------------

Leg& Call::adopt(std::unique_ptr<Leg> leg) {
  others_.push_back(std::move(leg));
  return *others_.back();
}

void Call::drop(Leg& leg, const sip::Cause& cause, std::string_view sip_reason) {
  leg.hang_up(cause, sip_reason);
  leg.release();  // next_news() forgets it, and its ports, when its end has come
}

void Call::join(Leg* leg) {
  partner_ = leg;
  record_.bleg_uuid = leg->uuid();
  record_.bridge_channel = leg->label();
}

void Call::on_leg_event(Leg& /*leg*/) { news_.notify(); }

void Call::on_leg_end(Leg& leg, const sip::SessionEnd& end) {
  log::line(is_trouble(end) ? Level::info : Level::debug, Subsystem::call, record_.uuid, "{}",
            in_words(end, leg.label()));
  if (&leg == caller_.get()) {
    const bool cancelled = end.how == sip::SessionEnd::How::received_cancel;
    const bool by_peer = end.how == sip::SessionEnd::How::received_bye || cancelled;
    Ending ending{cause_of(end), cancelled ? 487 : end.status, {}, by_peer ? "caller" : "switchroom"};
    conclude(ending_ ? *ending_ : ending, sip::disposition(end.how));
    end_with(std::move(ending));
    news_.notify();
    if (cancel_ && !waits_for_news_) {
      cancel_();  // every wait of the coroutine unwinds; the epilogue is deaf to it
    }
    return;
  }
  if (&leg == partner_) {
    const bool by_peer = end.how == sip::SessionEnd::How::received_bye;
    Ending ending{cause_of(end), 0, {}, by_peer ? "callee" : "switchroom"};
    conclude(ending_ ? *ending_ : ending, "send_bye");
    end_with(std::move(ending));
  }
  news_.notify();
}

std::string Call::state() const {
  if (concluded_) {
    return "ending";
  }
  if (partner_ != nullptr) {
    return "talking";
  }
  if (answered_) {
    return "answered";
  }
  return record_.progress != 0 || record_.progress_media != 0 ? "ringing" : "new";
}

}  // namespace switchroom::call
