// Which cause a leg's end gives the call, and which of several failures the caller hears.
#include "call/ending.hpp"

#include <catch2/catch.hpp>

using switchroom::call::cause_of;
using switchroom::call::failure_of;
using switchroom::call::is_better_failure;
using switchroom::sip::SessionEnd;
using How = SessionEnd::How;

namespace {

SessionEnd end(How how, int status = 0, int q850 = 0) {
  SessionEnd made;
  made.how = how;
  made.status = status;
  made.q850 = q850;
  return made;
}

}  // namespace

TEST_CASE("the kind of end gives the cause") {
  CHECK(cause_of(end(How::received_bye)).name == "NORMAL_CLEARING");
  CHECK(cause_of(end(How::sent_bye)).name == "NORMAL_CLEARING");
  CHECK(cause_of(end(How::received_cancel)).name == "ORIGINATOR_CANCEL");
  CHECK(cause_of(end(How::received_cancel, 200)).name == "LOSE_RACE");
  CHECK(cause_of(end(How::no_response)).name == "NO_USER_RESPONSE");
  CHECK(cause_of(end(How::no_ack)).name == "RECOVERY_ON_TIMER_EXPIRE");
  CHECK(cause_of(end(How::transport)).name == "NORMAL_TEMPORARY_FAILURE");
}

TEST_CASE("a refusal's status gives the cause, a Reason header wins over it") {
  CHECK(cause_of(end(How::received_refusal, 486)).name == "USER_BUSY");
  CHECK(cause_of(end(How::received_refusal, 603)).name == "CALL_REJECTED");
  CHECK(cause_of(end(How::received_refusal, 404)).name == "UNALLOCATED_NUMBER");
  CHECK(cause_of(end(How::received_refusal, 480, 17)).name == "USER_BUSY");
  CHECK(cause_of(end(How::received_bye, 0, 38)).q850 == 38);
}

TEST_CASE("a status that only concerns our own request is not passed to the caller") {
  CHECK(failure_of(end(How::received_refusal, 486)).status == 486);
  CHECK(failure_of(end(How::received_refusal, 302)).status == 480);
  CHECK(failure_of(end(How::received_refusal, 302)).cause.q850 == 23);
  CHECK(failure_of(end(How::received_refusal, 401)).status == 403);
  CHECK(failure_of(end(How::received_refusal, 407)).status == 403);
  CHECK(failure_of(end(How::received_refusal, 422)).status == 0);
  CHECK(failure_of(end(How::received_refusal, 487)).status == 480);
  CHECK(failure_of(end(How::received_refusal, 487)).cause.name == "NORMAL_UNSPECIFIED");
  CHECK(failure_of(end(How::no_response)).status == 0);
}

TEST_CASE("of several failures the caller hears the one that says most") {
  const auto declined = failure_of(end(How::received_refusal, 603));
  const auto busy = failure_of(end(How::received_refusal, 486));
  const auto away = failure_of(end(How::received_refusal, 480));
  const auto silent = failure_of(end(How::no_response));
  CHECK(is_better_failure(declined, busy));
  CHECK(is_better_failure(busy, away));
  CHECK(is_better_failure(away, silent));
  CHECK_FALSE(is_better_failure(silent, busy));
  CHECK_FALSE(is_better_failure(busy, busy));
}
