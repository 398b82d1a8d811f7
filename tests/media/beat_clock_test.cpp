#include "media/engine/beat_clock.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <poll.h>
#include <vector>

using namespace switchroom;
using namespace std::chrono_literals;

namespace {

struct Member final : media::Beating {
  void hear(base::Time now) override { beats.push_back(now); }
  void blend(base::Time) override {}
  void speak(base::Time) override {}
  std::vector<base::Time> beats;
};

void run(media::BeatClock& clock, base::Duration time) {
  const auto end = base::Clock::now() + time;
  while (base::Clock::now() < end) {
    pollfd wait{clock.descriptor(), POLLIN, 0};
    (void)::poll(&wait, 1, 50);
    clock.tick();
  }
}

}  // namespace

TEST_CASE("two who exchange sound get a beat soon after what comes for them") {
  // Whatever the phase in which they meet the clock: the arrivals are 7 ms apart, so that the best of the
  // four phases lets neither wait more than 7 + 7 + 5 ms. In the worst one of them waited for 27.
  for (int start = 0; start < 4; ++start) {
    media::BeatClock clock;
    Member one, other;
    clock.join(one, nullptr);
    clock.join(other, &one);
    run(clock, 15ms + start * 5ms);
    const auto came = base::Clock::now();
    clock.suit(one, came, other, came - 7ms);
    one.beats.clear();
    other.beats.clear();
    run(clock, 400ms);
    REQUIRE(one.beats.size() >= 15);
    REQUIRE(one.beats == other.beats);
    // Of the earlier one, less whole beats; half of them, since a thread that is held up beats late.
    std::vector<base::Duration> waits;
    for (const auto beat : one.beats) {
      waits.push_back((beat - (came - 7ms)) % media::BeatClock::beat);
    }
    std::ranges::sort(waits);
    CHECK(waits[waits.size() / 2] >= 14ms);  // and the later one for 7
    CHECK(waits[waits.size() / 2] < 20ms);
  }
}

TEST_CASE("who is not served is not moved") {
  media::BeatClock clock;
  Member one, other;
  clock.join(one, nullptr);
  clock.suit(one, base::Clock::now(), other, base::Clock::now());
  run(clock, 50ms);
  CHECK(other.beats.empty());
  CHECK(!one.beats.empty());
  clock.leave(one);
}

TEST_CASE("the timer wakes for those who are served, and for nobody else") {
  media::BeatClock clock;
  Member one;
  std::size_t wakes = 0;
  const auto run_until = [&](const Member& member, std::size_t beats) {
    for (const auto end = base::Clock::now() + 10s;
         member.beats.size() < beats && base::Clock::now() < end;) {
      pollfd wait{clock.descriptor(), POLLIN, 0};
      wakes += ::poll(&wait, 1, 5) == 1 ? 1 : 0;
      clock.tick();
    }
    REQUIRE(member.beats.size() >= beats);
  };
  clock.join(one, nullptr);
  run_until(one, 20);
  CHECK(wakes <= 20);

  // Whoever joins in another phase is served every 20 ms from then on, and not at once for a tick that has
  // passed.
  std::vector<Member> others(3);
  for (Member& other : others) {
    run(clock, 12ms);
    clock.join(other, nullptr);
  }
  run_until(others[2], 20);
  for (const Member& other : others) {
    REQUIRE(other.beats.size() >= 20);
    const auto step = (other.beats.back() - other.beats.front()) / (other.beats.size() - 1);
    CHECK(step > 18ms);
  }
  CHECK(wakes <= one.beats.size() + others[0].beats.size() + others[1].beats.size() + others[2].beats.size());

  for (Member& other : others) {
    clock.leave(other);
  }
  clock.leave(one);
  run(clock, 25ms);
  pollfd wait{clock.descriptor(), POLLIN, 0};
  CHECK(::poll(&wait, 1, 100) == 0);
}
