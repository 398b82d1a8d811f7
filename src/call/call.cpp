#include "call/call.hpp"

#include "base/log.hpp"
#include "base/random.hpp"
#include "call/dial.hpp"
#include "call/emergency.hpp"
#include "call/events.hpp"
#include "call/facts.hpp"
#include "call/targets.hpp"
#include "cdr/recorder.hpp"

#include <algorithm>
#include <utility>

namespace switchroom::call {
namespace {

using log::Level;
using log::Subsystem;
using namespace std::chrono_literals;

constexpr auto goodbye_limit = 5s;  // a peer that does not answer our BYE is left to its transaction

}  // namespace

Call::Call(const Services& services, Rulebook rules, RunStep run_step)
    : services_(services),
      rules_(std::move(rules)),
      run_step_(std::move(run_step)),
      began_(services.timers.now()),
      news_(services.context.get_executor()),
      digit_actions_(
          services.timers, [this] { wake(); },
          [this](Side side, const std::vector<KeyPress>& presses) {
            Leg* const leg = side == Side::caller ? caller_.get() : partner_;
            for (const auto& press : presses) {
              if (leg != nullptr) {
                leg->keys().put_back(press);
              }
            }
            wake();
          }) {}

Call::~Call() { services_.timers.cancel(hangup_timer_); }

// -- beginnings ------------------------------------------------------------------------------------

void Call::begin(sip::IncomingCall incoming) {
  const auto own = config().trunk_profiles.find(incoming.trunk);
  const config::Profile& profile =
      own != config().trunk_profiles.end() ? own->second : config().profiles.at(incoming.profile);
  trunk_ = incoming.trunk;
  account_ = incoming.authenticated_user;
  if (account_.empty() && config().emergency.has(incoming.invite.request_uri.user)) {
    account_ = own_phone(incoming, services_.registrar);
  }
  record_.start = base::wall_now();
  sip::IncomingCall call = std::move(incoming);
  Variables facts = facts_of(call, config(), {});
  const auto person = config().extensions.find(call.authenticated_user);
  const bool is_known = person != config().extensions.end();
  const LegRules rules{
      profile, "Switchroom",
      is_known ? OwnEncryption{person->second.srtp, person->second.srtp_keys} : OwnEncryption{}};
  caller_ = Leg::incoming(services_, this, std::move(call), rules);
  variables_ = std::move(facts);
  variables_.set("uuid", caller_->uuid());
  note_caller(*caller_);
  open_record();
  if (const auto read = caller_->read_offer(); !read) {
    log::line(Level::info, Subsystem::call, record_.uuid, "{} is refused: {}", caller_->label(),
              describe(read.error()));
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
    account_ = extension->number;
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

void Call::begin_taken(std::unique_ptr<Leg> leg, Variables variables, Next next) {
  record_.start = base::wall_now();
  variables_ = std::move(variables);
  variables_.set("uuid", leg->uuid());
  variables_.set("destination_number", next.to.number);
  variables_.set("context", next.to.context);
  note_caller(*leg);
  leg->change_owner(this);
  caller_ = std::move(leg);
  account_ = caller_->extension();
  first_step_ = std::move(next.step);
  open_record();
  mark_answered();
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
  services_.events.publish("call.begin", {{"call", record_.uuid},
                                          {"caller", record_.caller_id_number},
                                          {"destination", record_.destination_number},
                                          {"context", record_.context}});
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
    const DialResult dialled = co_await dial(*this, std::move(target));
    variables_.set("effective_caller_id_number", number);
    variables_.set("effective_caller_id_name", name);
    if (dialled.winner == nullptr) {
      end_with(dialled.failure);
    } else {
      const auto leg = std::find_if(others_.begin(), others_.end(),
                                    [&](const auto& other) { return other.get() == dialled.winner; });
      caller_ = std::move(*leg);
      others_.erase(leg);
      note_caller(*caller_);
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

void Call::redirect(Next next) {
  if (!concluded_ && !ending_) {
    transfer(std::move(next));
    news_.notify();
  }
}

void Call::hang_up_after(base::Duration time, const sip::Cause& cause) {
  services_.timers.cancel(hangup_timer_);
  hangup_timer_ = services_.timers.after(time, [this, cause] {
    log::line(Level::info, Subsystem::call, record_.uuid, "the time of sched_hangup is over");
    hang_up(cause);
    if (cancel_ && !waits_for_news_) {
      cancel_();
    }
  });
}

void Call::end_with(Ending ending) {
  if (!ending_) {
    ending_ = std::move(ending);
    news_.notify();
  }
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
