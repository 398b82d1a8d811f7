#include "call/ringing.hpp"

#include "base/log.hpp"
#include "call/call.hpp"
#include "call/leg_encryption.hpp"
#include "dialplan/spellings.hpp"

#include <algorithm>
#include <utility>

namespace switchroom::call {
namespace {

using log::Level;
using log::Subsystem;

Ending by_us(std::string_view cause, int status = 0) {
  return {cause_by_name(cause), status, {}, "switchroom"};
}

std::string value_for(Call& call, const Variables& leg, std::string_view name) {
  auto own = leg.value(name);
  return own.empty() ? call.variables().value(name) : own;
}

/// Seconds from now; none: `otherwise`.
base::Time so_many_seconds(const std::string& text, base::Time otherwise) {
  const auto seconds = dialplan::seconds_in(text);
  return seconds ? base::Clock::now() + *seconds : otherwise;
}

/// The same target, asked for encryption in the forms that its first INVITE did not insist on: phones refuse
/// what they do not know. A handshake without being asked for is tried with our own phones alone, not with
/// carriers.
std::vector<LegTarget> other_forms(const LegTarget& target) {
  using Form = LegEncryption::Form;
  const auto encryption =
      leg_encryption(*target.profile, target.encryption, sip::is_secure(target.call.to.kind));
  const bool handshake = encryption.dtls && (encryption.prefers_dtls || !target.extension.empty());
  std::vector<LegTarget> forms;
  const auto add = [&](bool possible, Form form, const char* keys) {
    if (possible && encryption.offered() != form) {
      forms.push_back(target);
      forms.back().encryption = {"mandatory", {keys}};
    }
  };
  if (encryption.wanted != sdp::Encryption::forbidden) {
    add(handshake && encryption.prefers_dtls, Form::dtls, "dtls");
    add(!encryption.suites.empty(), Form::sdes, "sdes");
    add(handshake && !encryption.prefers_dtls, Form::dtls, "dtls");
  }
  return forms;
}

}  // namespace

// -- beginnings ------------------------------------------------------------------------------------

void Ringing::start(Targets targets) {
  if (targets.failure) {
    lose(*targets.failure);
  }
  const base::Time now = base::Clock::now();
  for (auto& target : targets.legs) {
    const base::Time begins = so_many_seconds(target.variables.value("leg_delay_start"), now);
    if (begins > now) {
      auto again = other_forms(target);
      later_.push_back({std::move(target), begins, std::move(again)});
    } else {
      auto again = other_forms(target);
      start_one(std::move(target), std::move(again));
    }
  }
}

void Ringing::start_one(LegTarget target, std::vector<LegTarget> again) {
  const auto partners =
      call_.has_caller() ? call_.caller().media().usable_codecs() : std::vector<sdp::CodecId>();
  if (call_.has_caller() && partners.empty()) {
    lose(by_us("INCOMPATIBLE_DESTINATION", 488));  // its profile forbids all of them
    return;
  }
  const std::string label = target.label;
  Attempt attempt;
  attempt.deadline = so_many_seconds(value_for(call_, target.variables, "leg_timeout"), base::Time::max());
  const std::string ignores = value_for(call_, target.variables, "ignore_early_media");
  attempt.ignores_sound = dialplan::is_true(ignores) || ignores == "ring_ready" || ignores == "consume";
  attempt.again = std::move(again);
  auto leg = Leg::outgoing(call_.services(), &call_, std::move(target), partners);
  if (!leg) {
    log::line(Level::error, Subsystem::call, call_.uuid(), "cannot ring {}: {}", label,
              describe(leg.error()));
    const int status = sip_status(leg.error());
    lose({sip::cause_of_status(status), status, {}, "switchroom"});
    return;
  }
  log::line(Level::info, Subsystem::call, call_.uuid(), "ringing {} at {}", label,
            base::text((*leg)->session().flow().remote));
  call_.note_tried(**leg);
  attempt.leg = &call_.adopt(std::move(*leg));
  attempts_.push_back(std::move(attempt));
}

void Ringing::start_due() {
  const base::Time now = base::Clock::now();
  for (auto at = later_.begin(); at != later_.end();) {
    if (at->begins > now) {
      ++at;
      continue;
    }
    Later due = std::move(*at);
    at = later_.erase(at);
    start_one(std::move(due.target), std::move(due.again));
  }
}

// -- what happens ----------------------------------------------------------------------------------

bool Ringing::look() {
  for (auto& attempt : attempts_) {
    look_at(attempt);
  }
  std::erase_if(attempts_, [](const Attempt& attempt) { return attempt.leg == nullptr; });
  mind_caller();
  if (winner_ == nullptr && !call_.ending() && !rejected_) {
    end_overdue();
    start_due();
  }
  const bool nobody_rings = attempts_.empty() && later_.empty() && redirections_.empty();
  return winner_ != nullptr || call_.leaving() || rejected_ || nobody_rings;
}

/// What a phone says to RTP/AVP when it wants RTP/SAVP or UDP/TLS/RTP/SAVP or nothing.
bool Ringing::try_again(Attempt& attempt) {
  const int status = attempt.leg->end()->status;
  if (attempt.again.empty() || (status != 488 && status != 606 && status != 415)) {
    return false;
  }
  log::line(Level::info, Subsystem::call, call_.uuid(),
            "{} answered {}: it is rung again with {}RTP/SAVP, in case it insists on SRTP (srtp = "
            "\"mandatory\" and "
            "srtp_keys at its extension or trunk save the first try)",
            attempt.leg->label(), status,
            attempt.again.front().encryption.keys.front() == "dtls" ? "UDP/TLS/" : "");
  LegTarget next = std::move(attempt.again.front());
  attempt.again.erase(attempt.again.begin());
  later_.push_back({std::move(next), base::Clock::now(), std::move(attempt.again)});
  ringback_.stop_hearing();
  attempt.leg->release();
  attempt.leg = nullptr;
  return true;
}

void Ringing::look_at(Attempt& attempt) {
  while (attempt.leg != nullptr && winner_ == nullptr) {
    const auto event = attempt.leg->next_event();
    if (!event) {
      break;
    }
    on_event(attempt, *event);
  }
  Leg* const leg = attempt.leg;
  if (leg == nullptr || leg == winner_ || !leg->ended() || try_again(attempt)) {
    return;
  }
  auto further = redirection_of(call_, *leg);
  redirections_.insert(redirections_.end(), further.begin(), further.end());
  const Ending ending = failure_of(*leg->end());
  lose(ending);
  rejected_ = rejected_ || (further.empty() &&
                            dialplan::names_cause(value_for(call_, leg->variables(), "fail_on_single_reject"),
                                                  ending.cause.name, ending.cause.q850));
  ringback_.stop_hearing();
  leg->release();
  attempt.leg = nullptr;
}

void Ringing::on_event(Attempt& attempt, const LegEvent& event) {
  switch (event.kind) {
    case LegEvent::Kind::ringing: ringback_.begin(); break;
    case LegEvent::Kind::early_media: on_early_media(attempt); break;
    case LegEvent::Kind::answered: winner_ = attempt.leg; break;
    case LegEvent::Kind::unsecured:
      lose(by_us("SRTP_READ_ERROR"));
      call_.drop(*attempt.leg, cause_by_name("SRTP_READ_ERROR"));
      attempt.leg = nullptr;
      break;
    case LegEvent::Kind::failed_media:
      lose(by_us("INCOMPATIBLE_DESTINATION", 488));  // no fault of the caller's
      call_.drop(*attempt.leg, cause_by_name("INCOMPATIBLE_DESTINATION"));
      attempt.leg = nullptr;
      break;
    default: break;
  }
}

// With several phones ringing the caller hears ringing: which of them he would hear is nobody's choice.
void Ringing::on_early_media(const Attempt& attempt) {
  if (attempt.ignores_sound) {
    ringback_.begin();
    return;
  }
  call_.mark_progress(true);
  if (!call_.has_caller() || ringback_.is_hearing()) {
    return;
  }
  if (!is_alone() || !ringback_.hear(*attempt.leg)) {
    ringback_.begin();
  }
}

void Ringing::mind_caller() {
  if (!call_.has_caller()) {
    return;
  }
  while (const auto event = call_.caller().next_event()) {
    call_.mind_alone(call_.caller(), *event);
  }
}

// -- ends ------------------------------------------------------------------------------------------

base::Time Ringing::next_turn() const {
  base::Time next = base::Time::max();
  for (const auto& attempt : attempts_) {
    next = std::min(next, attempt.deadline);
  }
  for (const auto& later : later_) {
    next = std::min(next, later.begins);
  }
  return next;
}

void Ringing::end_overdue() {
  const base::Time now = base::Clock::now();
  for (auto& attempt : attempts_) {
    if (attempt.deadline <= now) {
      log::line(Level::info, Subsystem::call, call_.uuid(), "{} did not answer in its time (leg_timeout)",
                attempt.leg->label());
      lose(by_us("NO_ANSWER"));
      ringback_.stop_hearing();
      call_.drop(*attempt.leg, cause_by_name("NO_ANSWER"));
      attempt.leg = nullptr;
    }
  }
  std::erase_if(attempts_, [](const Attempt& attempt) { return attempt.leg == nullptr; });
}

void Ringing::end_others(const sip::Cause& without_winner) {
  later_.clear();
  if (winner_ == nullptr && call_.ending()) {
    return;  // the call's goodbye tells them why
  }
  for (const auto& attempt : attempts_) {
    if (attempt.leg == winner_) {
      continue;
    }
    if (winner_ != nullptr) {
      call_.drop(*attempt.leg, cause_by_name("LOSE_RACE"), completed_elsewhere);
    } else {
      call_.drop(*attempt.leg, without_winner);
    }
  }
}

void Ringing::lose(const Ending& ending) {
  if (!failure_ || is_better_failure(ending, *failure_)) {
    failure_ = ending;
  }
}

Ending Ringing::failure() const { return failure_.value_or(by_us("NO_ANSWER")); }

}  // namespace switchroom::call
