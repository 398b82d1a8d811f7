#include "base/ask.hpp"
#include "base/task_group.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <future>
#include <string>

using namespace switchroom;
using namespace std::chrono_literals;
using base::Worker;

TEST_CASE("a worker does one job after another, in their order, and flush waits for all") {
  Worker worker("test", Worker::AtEnd::drop);
  std::string order;
  std::promise<void> go;
  worker.post([&] {
    go.get_future().wait();
    order += 'a';
  });
  worker.post([&] { order += 'b'; });
  worker.post([&] { order += 'c'; });
  CHECK_FALSE(worker.flush(1ms));
  CHECK(worker.waiting() >= 2);
  go.set_value();
  REQUIRE(worker.flush(5s));
  CHECK(order == "abc");
  CHECK(worker.waiting() == 0);
}

TEST_CASE("at its end a worker finishes what waits, or drops it; what it does is always finished") {
  for (const auto at_end : {Worker::AtEnd::finish, Worker::AtEnd::drop}) {
    std::atomic<int> done = 0;
    std::promise<void> begun;
    std::promise<void> go;
    std::thread opener;
    {
      Worker worker("test", at_end);
      worker.post([&] {
        begun.set_value();
        go.get_future().wait();
        ++done;
      });
      begun.get_future().wait();
      worker.post([&] { ++done; });
      worker.post([&] { ++done; });
      opener = std::thread([&] {
        std::this_thread::sleep_for(20ms);
        go.set_value();
      });
    }
    CHECK(done == (at_end == Worker::AtEnd::finish ? 3 : 1));
    opener.join();
  }
}

TEST_CASE(
    "a coroutine is told what a job returned; a cancelled one leaves, and the job is done all the same") {
  asio::io_context context;
  std::atomic<int> done = 0;
  std::string told;
  std::promise<void> go;
  {
    Worker worker("test", Worker::AtEnd::finish);
    base::TaskGroup tasks{context.get_executor(), [](const std::string& what) { FAIL(what); }};
    const auto seven = [&]() -> awaitable<void> {
      told = co_await base::ask(worker, context, [&] {
        ++done;
        return std::string("seven");
      });
    };
    tasks.spawn(seven());
    context.run_for(5s);
    CHECK(told == "seven");

    const auto eight = [&]() -> awaitable<void> {
      told = co_await base::ask(worker, context, [&] {
        go.get_future().wait();
        ++done;
        return std::string("eight");
      });
    };
    tasks.spawn(eight());
    context.restart();
    context.run_for(10ms);
    tasks.cancel();
    context.restart();
    context.run_for(50ms);
    CHECK(told == "seven");
    go.set_value();
  }
  CHECK(done == 2);
  context.restart();
  context.run_for(10ms);
  CHECK(told == "seven");
}
