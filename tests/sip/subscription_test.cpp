// One subscription, without a wire: RFC 6665.
#include "sip/subscriptions/subscription.hpp"

#include <catch2/catch.hpp>

using namespace switchroom;
using sip::Subscription;
using namespace std::chrono_literals;

namespace {
const base::Time start(std::chrono::hours(1));
}

TEST_CASE("a first SUBSCRIBE is answered and told the state; a refresh likewise") {
  Subscription one({});
  auto step = one.on_subscribe(600, start);
  CHECK(step.status == 200);
  CHECK(step.expires == 600);
  CHECK(step.notify);
  CHECK(one.state_header(start + 10s) == "active;expires=590");
  CHECK(one.deadline() == start + 600s);
  CHECK_FALSE(one.on_notify_answer(200).notify);
  step = one.on_subscribe(100'000, start + 300s);
  CHECK(step.expires == 3600);
  CHECK(step.notify);
}

TEST_CASE("too short is refused, and the first one then is none") {
  Subscription one({});
  const auto step = one.on_subscribe(10, start);
  CHECK(step.status == 423);
  CHECK(step.min_expires == 60);
  CHECK_FALSE(step.notify);
  CHECK(step.over);
}

TEST_CASE("zero fetches, and ends") {
  Subscription one({});
  const auto step = one.on_subscribe(0, start);
  CHECK(step.status == 200);
  CHECK(step.notify);
  CHECK(step.over);
  CHECK(one.state_header(start) == "terminated;reason=timeout");
}

TEST_CASE("what changes while a NOTIFY is on its way is told once by the next") {
  Subscription one({});
  CHECK(one.on_subscribe(600, start).notify);
  CHECK_FALSE(one.on_change().notify);
  CHECK_FALSE(one.on_change().notify);
  CHECK(one.on_notify_answer(200).notify);
  CHECK_FALSE(one.on_notify_answer(200).notify);
  CHECK(one.on_change().notify);
}

TEST_CASE("time ends it with a last NOTIFY") {
  Subscription one({});
  (void)one.on_subscribe(60, start);
  (void)one.on_notify_answer(200);
  CHECK_FALSE(one.on_timer(start + 59s).notify);
  const auto step = one.on_timer(start + 60s);
  CHECK(step.notify);
  CHECK(step.over);
  CHECK(one.state_header(start + 60s) == "terminated;reason=timeout");
}

TEST_CASE("a phone that knows nothing of it any more ends it; one that is busy does not") {
  for (const int status : {481, 408}) {
    Subscription one({});
    (void)one.on_subscribe(600, start);
    CHECK(one.on_notify_answer(status).over);
    CHECK_FALSE(one.on_change().notify);
  }
  Subscription one({});
  (void)one.on_subscribe(600, start);
  CHECK_FALSE(one.on_notify_answer(500).over);
  CHECK(one.on_change().notify);
}
