#include "base/random.hpp"
#include "base/timer_queue.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <set>
#include <string>

using namespace switchroom;
using namespace std::chrono_literals;
using base::ManualTimers;
using base::Time;
using base::TimerHeap;
using base::TimerId;

TEST_CASE("timers run in the order of their deadlines, equal ones in the order of their adding") {
  ManualTimers timers;
  std::string order;
  timers.after(30ms, [&] { order += 'c'; });
  timers.after(10ms, [&] { order += 'a'; });
  timers.after(20ms, [&] { order += 'b'; });
  timers.after(30ms, [&] { order += 'd'; });
  timers.advance(10ms);
  CHECK(order == "a");
  timers.advance(100ms);
  CHECK(order == "abcd");
  CHECK(timers.size() == 0);
}

TEST_CASE("a cancelled timer does not run, and stale, unknown and zero ids are ignored") {
  ManualTimers timers;
  int ran = 0;
  const TimerId gone = timers.after(5ms, [&] { ran += 100; });
  timers.cancel(gone);
  timers.cancel(gone);
  timers.cancel(0);
  timers.cancel(0xffffffffffffffff);
  const TimerId reuses_the_slot = timers.after(5ms, [&] { ++ran; });
  CHECK(reuses_the_slot != gone);
  timers.cancel(gone);
  timers.advance(10ms);
  CHECK(ran == 1);
  timers.cancel(reuses_the_slot);
}

TEST_CASE("an action may cancel another that is due in the same turn, itself, and add timers") {
  TimerHeap heap;
  int ran = 0;
  TimerId second = 0;
  TimerId first = 0;
  first = heap.add(Time(1ms), [&] {
    heap.cancel(second);
    heap.cancel(first);
    heap.add(Time(0ms), [&] { ran += 10; });  // due already: in the next call, not in this one
  });
  second = heap.add(Time(2ms), [&] { ran += 100; });
  heap.add(Time(3ms), [&] { ++ran; });
  heap.run_due(Time(5ms));
  CHECK(ran == 1);
  CHECK(heap.size() == 1);
  heap.run_due(Time(5ms));
  CHECK(ran == 11);
  CHECK(heap.empty());
  CHECK(heap.next() == Time::max());
}

TEST_CASE(
    "what an action holds is released when it is cancelled and after it ran, and may cancel timers then") {
  TimerHeap heap;
  auto held = std::make_shared<int>(1);
  const TimerId id = heap.add(Time(1ms), [held] {});
  heap.add(Time(1ms), [held] {});
  heap.cancel(id);
  CHECK(held.use_count() == 2);
  heap.run_due(Time(1ms));
  CHECK(held.use_count() == 1);

  const TimerId other = heap.add(Time(9ms), [] {});
  struct CancelsAtItsEnd {
    TimerHeap& heap;
    TimerId id;
    ~CancelsAtItsEnd() { heap.cancel(id); }
  };
  const TimerId outer = heap.add(Time(9ms), [guard = std::make_shared<CancelsAtItsEnd>(heap, other)] {});
  heap.cancel(outer);
  CHECK(heap.empty());
}

TEST_CASE("a heap of timers agrees with a sorted map through 100,000 random adds, cancels and runs") {
  TimerHeap heap;
  std::map<std::pair<Time, TimerId>, int> model;
  std::map<TimerId, Time> deadlines;
  std::vector<TimerId> ran;
  Time now{};
  for (int step = 0; step < 100'000; ++step) {
    const auto choice = base::random_below(10);
    if (choice < 6) {
      const Time when = now + std::chrono::microseconds(base::random_below(50'000));
      auto id = std::make_shared<TimerId>();
      *id = heap.add(when, [&ran, id] { ran.push_back(*id); });
      model.emplace(std::pair(when, *id), 0);
      deadlines[*id] = when;
    } else if (choice < 9 && !deadlines.empty()) {
      auto victim = deadlines.lower_bound(base::random_u64() % (deadlines.rbegin()->first + 1));
      heap.cancel(victim->first);
      model.erase({victim->second, victim->first});
      deadlines.erase(victim);
    } else {
      now += std::chrono::microseconds(base::random_below(300));
      ran.clear();
      heap.run_due(now);
      for (const TimerId id : ran) {
        REQUIRE(!model.empty());
        REQUIRE(model.begin()->first.second == id);
        REQUIRE(model.begin()->first.first <= now);
        deadlines.erase(id);
        model.erase(model.begin());
      }
      REQUIRE((model.empty() || model.begin()->first.first > now));
    }
    REQUIRE(heap.size() == model.size());
    REQUIRE(heap.next() == (model.empty() ? Time::max() : model.begin()->first.first));
  }
}

TEST_CASE("the real queue wakes for a timer that is earlier than the one it waits for") {
  asio::io_context context(1);
  base::TimerQueue timers(context);
  std::string order;
  const Time start = base::Clock::now();
  timers.after(40ms, [&] { order += 'b'; });
  timers.after(5ms, [&] {
    order += 'a';
    timers.after(1ms, [&] { order += '+'; });
  });
  const TimerId never = timers.after(20ms, [&] { order += 'x'; });
  timers.cancel(never);
  context.run();
  CHECK(order == "a+b");
  CHECK(base::Clock::now() - start >= 40ms);
}

TEST_CASE("a queue may go while its expiry is under way") {
  asio::io_context context(1);
  bool ran = false;
  auto timers = std::make_unique<base::TimerQueue>(context);
  timers->after(0ms, [&] { ran = true; });
  asio::post(context, [&] {
    const Time end = base::Clock::now() + 5ms;
    while (base::Clock::now() < end) {
    }
    timers.reset();
  });
  context.run();
  SUCCEED(ran);
}

TEST_CASE("200,000 live timers", "[.bench]") {
  TimerHeap heap;
  std::vector<TimerId> ids(200'000);
  Time now{};
  struct Three {
    void* a;
    void* b;
  };
  const auto set = [&](std::size_t i) {
    now += 5us;
    ids[i] = heap.add(now + 32s, [payload = Three{&heap, &ids}] { (void)payload; });
  };
  auto start = base::Clock::now();
  for (std::size_t i = 0; i < ids.size(); ++i) set(i);
  const auto filled = base::Clock::now();
  for (int round = 0; round < 2'000'000; ++round) {
    const std::size_t i = base::random_below(200'000);
    heap.cancel(ids[i]);
    set(i);
  }
  const auto churned = base::Clock::now();
  heap.run_due(now + 1h);
  const auto ended = base::Clock::now();
  WARN("add " << (filled - start).count() / 200'000 << " ns, cancel and add (with a random number) "
              << (churned - filled).count() / 2'000'000 << " ns, run " << (ended - churned).count() / 200'000
              << " ns");
}
