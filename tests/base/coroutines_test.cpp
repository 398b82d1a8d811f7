// Signal, TaskGroup and within(): what every call stands on.
#include "base/signal.hpp"
#include "base/task_group.hpp"
#include "base/within.hpp"

#include <catch2/catch.hpp>
#include <sys/wait.h>

#include <csignal>
#include <deque>
#include <string>
#include <unistd.h>

using namespace switchroom;
using namespace std::chrono_literals;
using base::nap;
using base::Signal;
using base::TaskGroup;
using base::within;

namespace {

struct Room {
  asio::io_context context{1};
  std::string log;
  TaskGroup tasks{context.get_executor(), [this](const std::string& what) { log += "failed:" + what + ";"; }};
  Signal signal{context.get_executor()};
};

// Appends when it unwinds: shows that a frame was destroyed.
struct Mark {
  std::string& log;
  std::string text;
  ~Mark() { log += text; }
};

}  // namespace

TEST_CASE("a raised signal lets waiters through at once, and stays up until reset") {
  Room room;
  room.signal.notify();
  room.tasks.spawn([](Room& r) -> awaitable<void> {
    co_await r.signal.wait();
    co_await r.signal.wait();
    r.log += co_await r.signal.wait_for(0s) ? "yes;" : "no;";
    r.signal.reset();
    r.log += co_await r.signal.wait_for(1ms) ? "yes;" : "no;";
  }(room));
  room.context.run();
  CHECK(room.log == "yes;no;");
}

TEST_CASE("one notify wakes every waiter, those with a deadline too, long before it") {
  Room room;
  for (int i = 0; i < 3; ++i) {
    room.tasks.spawn([](Room& r) -> awaitable<void> {
      co_await r.signal.wait();
      r.log += 'w';
    }(room));
    room.tasks.spawn(
        [](Room& r) -> awaitable<void> { r.log += co_await r.signal.wait_for(1h) ? 'd' : '-'; }(room));
    room.tasks.spawn([](Room& r) -> awaitable<void> {
      r.log += co_await r.signal.wait_until(base::Time::max()) ? 'm' : '-';
    }(room));
    room.tasks.spawn([](Room& r) -> awaitable<void> {
      r.log += co_await r.signal.wait_for(base::Duration::max()) ? 'M' : '-';
    }(room));
  }
  room.tasks.spawn([](Room& r) -> awaitable<void> {
    co_await nap(5ms);
    r.signal.notify();
  }(room));
  const auto start = base::Clock::now();
  room.context.run();
  CHECK(base::Clock::now() - start < 5s);
  std::sort(room.log.begin(), room.log.end());
  CHECK(room.log == "MMMdddmmmwww");
}

TEST_CASE("no wake-up is lost between a producer and a consumer that races its waits") {
  Room room;
  std::deque<int> queue;
  int taken = 0;
  room.tasks.spawn([](Room& r, std::deque<int>& q, int& n) -> awaitable<void> {
    while (n < 2000) {
      // Both kinds of wait, with a deadline that often ends in the same turn as the notify.
      if (q.empty() && n % 2 == 0) (void)co_await r.signal.wait_for(50us);
      if (q.empty() && n % 2 == 1) (void)co_await within(50us, r.signal.wait());
      r.signal.reset();
      while (!q.empty()) {
        CHECK(q.front() == n);
        q.pop_front();
        ++n;
      }
    }
  }(room, queue, taken));
  room.tasks.spawn([](Room& r, std::deque<int>& q) -> awaitable<void> {
    for (int i = 0; i < 2000; ++i) {
      co_await nap(i % 7 == 0 ? 60us : 0us);
      q.push_back(i);
      r.signal.notify();
    }
  }(room, queue));
  room.context.run();
  CHECK(taken == 2000);
}

TEST_CASE("cancelling a task unwinds whatever it waits for, destructors included") {
  Room room;
  const auto waits = GENERATE(0, 1, 2, 3, 4, 5);
  const auto id = room.tasks.spawn(
      [](Room& r, int kind) -> awaitable<void> {
        const Mark mark{r.log, "unwound;"};
        using namespace asio::experimental::awaitable_operators;
        if (kind == 0) co_await r.signal.wait();
        if (kind == 1) (void)co_await r.signal.wait_for(1h);
        if (kind == 2) co_await nap(1h);
        if (kind == 3) (void)co_await within(1h, r.signal.wait());
        if (kind == 4) (void)co_await (r.signal.wait() || nap(1h));
        if (kind == 5) (void)co_await within(2h, within(1h, r.signal.wait_for(3h)));
        r.log += "went on;";
      }(room, waits),
      [&room] { room.log += "done;"; });
  room.tasks.spawn([](Room& r, TaskGroup::TaskId victim) -> awaitable<void> {
    co_await nap(2ms);
    r.tasks.cancel(victim);
    CHECK(r.log.empty());  // nothing runs inside cancel()
    r.tasks.cancel(victim);
    r.tasks.cancel(12345);
  }(room, id));
  const auto start = base::Clock::now();
  room.context.run();
  CHECK(base::Clock::now() - start < 5s);
  CHECK(room.log == "unwound;done;");
  CHECK(room.tasks.empty());
}

TEST_CASE("a task that is cancelled before its first turn does no wait") {
  Room room;
  const auto id = room.tasks.spawn([](Room& r) -> awaitable<void> {
    co_await nap(1h);
    r.log += "went on;";
  }(room));
  room.tasks.cancel(id);
  room.context.run();
  CHECK(room.log.empty());
  CHECK(room.tasks.empty());
}

TEST_CASE("a notify and a cancel in the same turn: the task ends") {
  Room room;
  const auto id = room.tasks.spawn([](Room& r) -> awaitable<void> {
    co_await r.signal.wait();
    r.log += "raised;";
    co_await nap(1h);
    r.log += "never;";
  }(room));
  room.tasks.spawn([](Room& r, TaskGroup::TaskId victim, bool first) -> awaitable<void> {
    co_await nap(1ms);
    if (first) r.signal.notify();
    r.tasks.cancel(victim);
    if (!first) r.signal.notify();
  }(room, id, GENERATE(true, false)));
  room.context.run();
  CHECK(room.log.find("never") == std::string::npos);
  CHECK(room.tasks.empty());
}

TEST_CASE("close: cancel all and join; what was cancelled may still say goodbye") {
  Room room;
  for (int i = 0; i < 3; ++i) {
    room.tasks.spawn([](Room& r) -> awaitable<void> {
      try {
        co_await nap(1h);
      } catch (...) {
      }
      co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
      co_await nap(2ms);
      r.log += "bye;";
    }(room));
  }
  TaskGroup closer(room.context.get_executor(), {});
  closer.spawn([](Room& r) -> awaitable<void> {
    co_await nap(1ms);
    r.tasks.cancel();
    co_await r.tasks.join();
    CHECK(r.tasks.empty());
    r.log += "joined;";
    co_await r.tasks.join();  // an empty group has nothing to wait for
  }(room));
  room.context.run();
  CHECK(room.log == "bye;bye;bye;joined;");
}

TEST_CASE("a failure is told once, cancellation never; done may destroy the group") {
  Room room;
  auto group = std::make_unique<TaskGroup>(room.context.get_executor(),
                                           [&room](const std::string& what) { room.log += what + ";"; });
  group->spawn(
      []() -> awaitable<void> {
        co_await nap(1ms);
        throw std::runtime_error("boom");
      }(),
      [&] {
        room.log += "done;";
        group.reset();
      });
  room.context.run();
  CHECK(room.log == "boom;done;");
}

TEST_CASE("a task that fails inside a race is told by its own words") {
  Room room;
  room.tasks.spawn([]() -> awaitable<void> {
    using namespace asio::experimental::awaitable_operators;
    co_await ([]() -> awaitable<void> {
      co_await nap(1ms);
      throw std::runtime_error("inner");
    }() && nap(1h));
  }());
  room.context.run();
  CHECK(room.log == "failed:inner;");
}

TEST_CASE("destroying a group with a running task ends the process") {
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    std::signal(SIGABRT, SIG_DFL);
    asio::io_context context(1);
    {
      TaskGroup group(context.get_executor(), {});
      group.spawn(nap(1h));
      context.poll();
    }
    _exit(0);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(WIFSIGNALED(status));
  CHECK(WTERMSIG(status) == SIGABRT);
}

TEST_CASE("within: a value in time, nothing after it, an exception at once") {
  Room room;
  room.tasks.spawn([](Room& r) -> awaitable<void> {
    const auto value = [](base::Duration d) -> awaitable<std::string> {
      co_await nap(d);
      co_return "v;";
    };
    r.log += (co_await within(1h, value(1ms))).value_or("late;");
    r.log += (co_await within(1ms, value(1h))).value_or("late;");
    r.log += co_await within(1h, nap(1ms)) ? "in time;" : "late;";
    r.log += co_await within(1ms, nap(1h)) ? "in time;" : "late;";
    std::string what;
    try {
      (void)co_await within(1h, []() -> awaitable<int> {
        co_await nap(1ms);
        throw std::runtime_error("broken;");
      }());
    } catch (const std::exception& error) {
      what = error.what();
    }
    r.log += what;
  }(room));
  const auto start = base::Clock::now();
  room.context.run();
  CHECK(room.log == "v;late;in time;late;broken;");
  CHECK(base::Clock::now() - start < 5s);
}

TEST_CASE("within keeps a result that comes in the same turn as the deadline") {
  Room room;
  room.tasks.spawn([](Room& r) -> awaitable<void> {
    // Both timers have run out by the time the loop looks: whichever it serves first, the value counts
    // if the operation could still finish.
    const auto stubborn = []() -> awaitable<int> {
      co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
      co_await nap(2ms);
      co_return 7;
    };
    const auto got = co_await within(1ms, stubborn());
    r.log += got == 7 ? "kept" : "lost";
  }(room));
  room.context.run();
  CHECK(room.log == "kept");
}

TEST_CASE("a signal may go before the frames of its waiters") {
  // In a process of its own, since the group's destructor would rightly abort.
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    auto context = std::make_unique<asio::io_context>(1);
    TaskGroup group(context->get_executor(), {});
    auto signal = std::make_unique<Signal>(context->get_executor());
    group.spawn([](Signal& s) -> awaitable<void> { (void)co_await s.wait_for(1h); }(*signal));
    context->poll();
    signal.reset();
    context.reset();  // destroys the frame
    _exit(0);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("what waits cost", "[.bench]") {
  Room room;
  room.tasks.spawn([](Room& r) -> awaitable<void> {
    const auto time = [&](const char* what, int n, auto start) {
      WARN(what << ": " << (base::Clock::now() - start).count() / n << " ns");
    };
    constexpr int n = 100'000;
    auto start = base::Clock::now();
    for (int i = 0; i < n; ++i) {
      asio::post(r.context, [&r] { r.signal.notify(); });
      co_await r.signal.wait();
      r.signal.reset();
    }
    time("wait", n, start);
    start = base::Clock::now();
    for (int i = 0; i < n; ++i) {
      asio::post(r.context, [&r] { r.signal.notify(); });
      (void)co_await r.signal.wait_for(1h);
      r.signal.reset();
    }
    time("wait_for", n, start);
    start = base::Clock::now();
    for (int i = 0; i < n; ++i) {
      asio::post(r.context, [&r] { r.signal.notify(); });
      (void)co_await within(1h, r.signal.wait());
      r.signal.reset();
    }
    time("within(wait)", n, start);
  }(room));
  room.context.run();
}
