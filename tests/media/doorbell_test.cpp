// When media threads are woken for what the call thread told them.
#include "media/engine/doorbell.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <thread>
#include <vector>

using namespace switchroom;
using namespace switchroom::media;

namespace {

struct Rings {
  /// One turn of the call thread, in which `orders` are put.
  void turn(int orders) {
    asio::post(call, [this, orders] {
      for (int i = 0; i < orders; ++i) {
        bell.press();
      }
      CHECK(at.size() == rings_before);
    });
    rings_before = at.size();
    call.restart();
    call.poll();
  }
  void run() {
    call.restart();
    call.run();  // until no timer is left
  }

  asio::io_context call{1};
  std::vector<base::Time> at;
  std::size_t rings_before = 0;
  Doorbell bell{call, [this] { at.push_back(base::Clock::now()); }};
};

}  // namespace

TEST_CASE("what is put in one turn rings once, at its end", "[doorbell]") {
  Rings rings;
  rings.turn(5);
  CHECK(rings.at.size() == 1);
  rings.run();
  CHECK(rings.at.size() == 1);  // and nothing is left to ring for
}

TEST_CASE("between two rings is a rest, and no order is forgotten in it", "[doorbell]") {
  Rings rings;
  rings.turn(1);
  REQUIRE(rings.at.size() == 1);
  for (int i = 0; i < 3; ++i) {
    rings.turn(2);
  }
  rings.run();
  REQUIRE(rings.at.size() >= 2);
  CHECK(rings.at[1] - rings.at[0] >= Doorbell::rest);
  CHECK(rings.at.size() <= 4);  // a slow machine may have let the rest go by between two turns
}

TEST_CASE("after a rest the next order rings at once", "[doorbell]") {
  Rings rings;
  rings.turn(1);
  std::this_thread::sleep_for(2 * Doorbell::rest);
  rings.turn(1);
  CHECK(rings.at.size() == 2);
}

TEST_CASE("what cannot wait rings at the end of its turn, for all that was put before it", "[doorbell]") {
  Rings rings;
  rings.turn(1);
  rings.turn(1);  // rests now
  rings.bell.press_now();
  rings.bell.press();
  CHECK(rings.at.size() == rings.rings_before);
  rings.rings_before = rings.at.size();
  rings.call.restart();
  rings.call.poll();
  CHECK(rings.at.size() == rings.rings_before + 1);
  rings.run();
  CHECK(rings.at.size() == rings.rings_before + 1);  // what rested was rung for, too
}

TEST_CASE("a bell that goes while it is to ring does not", "[doorbell]") {
  asio::io_context call(1);
  int rung = 0;
  {
    Doorbell bell(call, [&] { ++rung; });
    bell.press();
  }
  call.run();
  CHECK(rung == 0);
}
