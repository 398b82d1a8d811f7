// Registration and pings of trunks, without a socket.
#include "sip/trunk/ping_counter.hpp"
#include "sip/trunk/register_machine.hpp"

#include <catch2/catch.hpp>

using namespace switchroom;
using namespace switchroom::sip;
using namespace std::chrono_literals;
using Next = RegisterMachine::Next;
using State = RegisterMachine::State;

namespace {

const base::Time start{1000s};

RegisterMachine machine() { return RegisterMachine({3600s, 30s, 600s, {}}); }

RegisterMachine::Answer status(int code) {
  RegisterMachine::Answer answer;
  answer.status = code;
  answer.words = std::to_string(code);
  return answer;
}

/// One round at one place that answers so.
void round(RegisterMachine& machine, const RegisterMachine::Answer& answer, base::Time now) {
  machine.begin_round();
  if (machine.on_answer(answer, now) == Next::elsewhere) {
    machine.end_round(now);
  }
}

}  // namespace

TEST_CASE("a registration is refreshed before it expires, by what was granted") {
  auto one = machine();
  one.begin_round();
  CHECK(one.state() == State::trying);
  auto ok = status(200);
  ok.granted = 100;
  CHECK(one.on_answer(ok, start) == Next::done);
  CHECK(one.state() == State::registered);
  CHECK(one.next() == start + 80s);
  CHECK(one.is_bound(start + 99s));
  CHECK_FALSE(one.is_bound(start + 100s));
  one.begin_round();
  CHECK(one.state() == State::registered);  // a refresh is no outage
}

TEST_CASE("absurd expiries of a registrar do no harm") {
  auto one = machine();
  auto ok = status(200);
  ok.granted = 0;
  round(one, ok, start);
  CHECK(one.next() > start);
  ok.granted = UINT32_MAX;
  round(one, ok, start);
  CHECK(one.bound_until() == start + std::chrono::hours(24 * 7));
  ok.granted.reset();
  round(one, ok, start);
  CHECK(one.bound_until() == start + 3600s);
}

TEST_CASE("a challenge is answered while there are credentials to answer with") {
  auto one = machine();
  one.begin_round();
  auto challenged = status(401);
  challenged.authorized = true;
  CHECK(one.on_answer(challenged, start) == Next::again);
  challenged.authorized = false;
  CHECK(one.on_answer(challenged, start) == Next::done);
  CHECK(one.state() == State::failed);
  CHECK(one.next() == start + 600s);  // a wrong password is not tried every 30 s
  CHECK(one.last_failure() == "401");
}

TEST_CASE("423 raises what is asked for, within reason") {
  auto one = machine();
  one.begin_round();
  auto brief = status(423);
  brief.min_expires = 7200;
  CHECK(one.on_answer(brief, start) == Next::again);
  CHECK(one.expires() == 7200s);
  CHECK(one.on_answer(brief, start) == Next::done);  // the same again: it does not mean it
  CHECK(one.expires() == 7200s);
  auto other = machine();
  other.begin_round();
  brief.min_expires = UINT32_MAX;
  CHECK(other.on_answer(brief, start) == Next::done);
  brief.min_expires.reset();
  CHECK(other.on_answer(brief, start) == Next::done);
}

TEST_CASE("a registrar that raises it for ever is left alone") {
  auto one = machine();
  one.begin_round();
  auto brief = status(423);
  int again = 0;
  for (std::uint32_t i = 1; i < 20; ++i) {
    brief.min_expires = 4000 + i;
    again += one.on_answer(brief, start) == Next::again ? 1 : 0;
  }
  CHECK(again == 2);
}

TEST_CASE("trouble on the way: the next place, then growing pauses up to the longest") {
  auto one = machine();
  for (const int code : {0, 302, 408, 500, 503, 600}) {
    CHECK(one.on_answer(status(code), start) == Next::elsewhere);
  }
  base::Duration before{};
  for (int i = 0; i < 4; ++i) {
    round(one, status(503), start);
    const base::Duration pause = one.next() - start;
    CHECK(pause > before);
    before = pause;
  }
  CHECK(before == 240s);
  round(one, status(503), start);
  round(one, status(503), start);
  CHECK(one.next() == start + 600s);
  round(one, status(200), start);
  round(one, status(503), start);
  CHECK(one.next() == start + 30s);  // a success begins anew
}

TEST_CASE("pauses are spread") {
  RegisterMachine low({3600s, 30s, 600s, [] { return 0.0; }});
  RegisterMachine high({3600s, 30s, 600s, [] { return 1.0; }});
  round(low, status(0), start);
  round(high, status(0), start);
  CHECK(low.next() == start + 24s);
  CHECK(high.next() == start + 36s);
}

TEST_CASE("Retry-After makes a pause longer, never shorter, and not endless") {
  auto one = machine();
  auto busy = status(503);
  busy.retry_after = 120;
  round(one, busy, start);
  CHECK(one.next() == start + 120s);
  busy.retry_after = 1;
  round(one, busy, start);
  CHECK(one.next() == start + 60s);
  busy.retry_after = UINT32_MAX;
  round(one, busy, start);
  CHECK(one.next() == start + std::chrono::hours(1));
}

TEST_CASE("a refresh that fails leaves the binding until it expires, and is tried again before") {
  auto one = machine();
  auto ok = status(200);
  ok.granted = 1000;
  round(one, ok, start);
  for (int i = 0; i < 6; ++i) {
    round(one, status(0), start + 900s);
  }
  CHECK(one.is_bound(start + 999s));
  CHECK(one.next() <= start + 1000s);
  round(one, status(403), start + 950s);
  CHECK_FALSE(one.is_bound(start + 951s));
}

TEST_CASE("a name that cannot be found is a failure in words") {
  auto one = machine();
  one.begin_round();
  one.end_round(start, "sip.example: there is no such name");
  CHECK(one.state() == State::failed);
  CHECK(one.last_failure() == "sip.example: there is no such name");
  CHECK(one.next() == start + 30s);
}

TEST_CASE("pings: down after three misses in a row, up after the answers that are asked for") {
  PingCounter pings(3, 2);
  CHECK(pings.up());
  CHECK_FALSE(pings.on_miss());
  CHECK_FALSE(pings.on_miss());
  CHECK_FALSE(pings.on_answer());
  CHECK_FALSE(pings.on_miss());
  CHECK_FALSE(pings.on_miss());
  CHECK(pings.up());
  CHECK(pings.on_miss());
  CHECK_FALSE(pings.up());
  CHECK_FALSE(pings.on_answer());
  CHECK_FALSE(pings.on_miss());
  CHECK_FALSE(pings.on_answer());
  CHECK(pings.on_answer());
  CHECK(pings.up());
}

TEST_CASE("any final answer is a sign of life but 408 and 503") {
  for (const int code : {200, 302, 401, 403, 404, 405, 407, 500, 501, 603}) {
    CHECK(PingCounter::is_alive(code));
  }
  for (const int code : {0, 100, 408, 503}) {
    CHECK_FALSE(PingCounter::is_alive(code));
  }
}
