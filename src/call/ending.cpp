#include "call/ending.hpp"

#include <fmt/core.h>

namespace switchroom::call {
namespace {

using How = sip::SessionEnd::How;

int rank(const Ending& ending) {
  if (ending.status >= 600) {
    return 5;
  }
  switch (ending.cause.q850) {
    case 17:  // busy
      return 4;
    case 21:  // rejected
      return 3;
    case 19:  // rang, nobody came
      return 2;
    case 18:
    case 41:
    case 102: return ending.status != 0 ? 1 : 0;  // somebody answered, or nothing did
    default: return 1;
  }
}

/// What the caller hears of a refusal; 0: the status of the cause. A challenge was meant for us, a session
/// timer, glare and an end of the INVITE that nobody asked for are matters of that leg alone.
int status_for_caller(int status) {
  switch (status) {
    case 401:
    case 407: return 403;
    case 487: return 480;
    case 422:
    case 491: return 0;
    default: return status >= 400 ? status : 480;  // 3xx: "gone" (410) would be a lie
  }
}

}  // namespace

const sip::Cause& cause_by_name(std::string_view name) {
  const sip::Cause* cause = sip::cause_named(name);
  return cause != nullptr ? *cause : sip::cause_of_q850(31);
}

sip::Cause cause_of(const sip::SessionEnd& end) {
  if (end.q850 != 0) {
    return sip::cause_of_q850(end.q850);
  }
  switch (end.how) {
    case How::sent_bye:
    case How::received_bye: return cause_by_name("NORMAL_CLEARING");
    case How::received_cancel:  // RFC 3326: the caller's own exchange rang others too, and one of them
                                // answered
      if (end.status == 200) {
        return cause_by_name("LOSE_RACE");
      }
      [[fallthrough]];
    case How::sent_cancel: return cause_by_name("ORIGINATOR_CANCEL");
    case How::sent_refusal:
    case How::received_refusal: return sip::cause_of_status(end.status);
    case How::no_response: return cause_by_name("NO_USER_RESPONSE");
    case How::no_ack:
    case How::expired: return cause_by_name("RECOVERY_ON_TIMER_EXPIRE");
    case How::transport: break;
  }
  return cause_by_name("NORMAL_TEMPORARY_FAILURE");
}

bool is_better_failure(const Ending& candidate, const Ending& best) { return rank(candidate) > rank(best); }

Ending failure_of(const sip::SessionEnd& end) {
  Ending ending{cause_of(end), 0, {}, "callee"};
  if (end.how == How::received_refusal) {
    ending.status = status_for_caller(end.status);
    ending.reason = ending.status == end.status ? end.reason_phrase : std::string();
    if (end.status == 487 && end.q850 == 0) {
      ending.cause = cause_by_name("NORMAL_UNSPECIFIED");  // the caller did not cancel
    }
  }
  return ending;
}

bool is_trouble(const sip::SessionEnd& end) {
  switch (end.how) {
    case How::sent_bye:
    case How::received_bye:
    case How::sent_cancel:
    case How::received_cancel: return false;
    default: return true;
  }
}

std::string in_words(const sip::SessionEnd& end, std::string_view who) {
  switch (end.how) {
    case How::sent_bye: return fmt::format("we ended the call with {}", who);
    case How::received_bye: return fmt::format("{} hung up", who);
    case How::sent_cancel: return fmt::format("{} stopped ringing: we cancelled", who);
    case How::received_cancel: return fmt::format("{} gave up before an answer", who);
    case How::sent_refusal:
      return fmt::format("we refused {} with {} {}", who, end.status, end.reason_phrase);
    case How::received_refusal: return fmt::format("{} answered {} {}", who, end.status, end.reason_phrase);
    case How::no_response:
      return fmt::format(
          "{} did not answer our INVITE at all: is it still at the address that it registered from?", who);
    case How::no_ack:
      return fmt::format(
          "{} never acknowledged our 200: it probably cannot reach the address in our Contact "
          "(see public_address)",
          who);
    case How::expired: return fmt::format("{} stopped refreshing the session", who);
    case How::transport: break;
  }
  return fmt::format("nothing could be sent to {}", who);
}

}  // namespace switchroom::call
