// Ports as call control sees them: allocation, events, timeouts, moves between threads.
#include "peer.hpp"

#include <atomic>
#include <filesystem>
#include <set>

using namespace switchroom;
using namespace switchroom::media;
using namespace switchroom::media::test;

namespace {

std::size_t descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

}  // namespace

TEST_CASE("ports are even, within the range and spread over it", "[port]") {
  Room room({.first_port = 21001, .last_port = 21999, .threads = 1});
  std::vector<std::unique_ptr<Port>> ports;
  std::set<std::uint16_t> numbers;
  for (int i = 0; i < 50; ++i) {
    ports.push_back(room.open());
    const std::uint16_t port = ports.back()->local_rtp().port;
    CHECK(port % 2 == 0);
    CHECK(port >= 21002);
    CHECK(port <= 21998);
    CHECK(ports.back()->local_rtcp_port() == port + 1);
    numbers.insert(port);
  }
  CHECK(numbers.size() == 50);
  CHECK(*numbers.rbegin() - *numbers.begin() > 500);
  CHECK(room.engine->open_ports() == 50);
}

TEST_CASE("a range that is used up says so, for each address by itself", "[port]") {
  Room room({.first_port = 22000, .last_port = 22007, .threads = 1});
  std::vector<std::unique_ptr<Port>> ports;
  for (int i = 0; i < 4; ++i) {
    ports.push_back(room.open());
  }
  PortSettings settings;
  settings.local = asio::ip::make_address("127.0.0.1");
  const auto fifth = room.engine->open(settings, {});
  REQUIRE_FALSE(fifth.has_value());
  CHECK(fifth.error() == Engine::OpenError::ports_used_up);
  PortSettings other;
  other.local = asio::ip::make_address("127.0.0.2");
  CHECK(room.engine->open(other, {}).has_value());
  ports.pop_back();
  std::unique_ptr<Port> again;
  CHECK(room.until([&] {  // its thread closes the sockets in its own time
    auto opened = room.engine->open(settings, {});
    if (opened) {
      again = std::move(*opened);
    }
    return again != nullptr;
  }));
}

TEST_CASE("ports that others hold are passed over", "[port]") {
  Peer rtp("127.0.0.1", 22100);
  Peer rtcp("127.0.0.1", 22103);
  Room room({.first_port = 22100, .last_port = 22105, .threads = 1});
  CHECK(room.open()->local_rtp().port == 22104);
}

TEST_CASE("an address that is not ours cannot be bound", "[port]") {
  Room room;
  PortSettings settings;
  settings.local = asio::ip::make_address("192.0.2.1");
  const auto port = room.engine->open(settings, {});
  REQUIRE_FALSE(port.has_value());
  CHECK(port.error() == Engine::OpenError::cannot_bind);
}

TEST_CASE("a range without a pair has no ports", "[port]") {
  Room room({.first_port = 22001, .last_port = 22002, .threads = 1});
  PortSettings settings;
  settings.local = asio::ip::make_address("127.0.0.1");
  CHECK_FALSE(room.engine->open(settings, {}).has_value());
  room.engine->configure({.first_port = 22200, .last_port = 22299});
  CHECK(room.open()->local_rtp().port >= 22200);
}

TEST_CASE("the first packet is told once, on the call thread", "[port]") {
  Room room;
  Peer a;
  int told = 0;
  std::thread::id where;
  PortEvents events;
  events.on_first_packet = [&] {
    ++told;
    where = std::this_thread::get_id();
  };
  const auto port = room.open({}, std::move(events));
  port->apply(plan_for(a.local()));
  room.go_on();
  a.talk(port->local_rtp(), 5);
  CHECK(room.until([&] { return told > 0 && port->statistics().received == 5; }));
  room.go_on(50ms);
  CHECK(told == 1);
  CHECK(where == std::this_thread::get_id());
}

TEST_CASE("silence is told once, and again after sound", "[port]") {
  Room room;
  Peer a;
  int told = 0;
  base::Duration silent{};
  PortSettings settings;
  settings.rtp_timeout = 300ms;
  settings.hold_timeout = 1h;
  PortEvents events;
  events.on_timeout = [&](base::Duration d) {
    ++told;
    silent = d;
  };
  const auto port = room.open(settings, std::move(events));
  room.go_on(500ms);
  CHECK(told == 0);  // nothing is agreed yet, so nothing is missed
  port->apply(plan_for(a.local()));
  CHECK(room.until([&] { return told == 1; }));
  CHECK(silent >= 300ms);
  room.go_on(500ms);
  CHECK(told == 1);
  a.talk(port->local_rtp());
  CHECK(room.until([&] { return told == 2; }));
  SECTION("on hold the other timeout counts") {
    port->apply(plan_for(a.local(), sdp::Direction::sendonly));
    room.go_on(600ms);
    CHECK(told == 2);
  }
}

TEST_CASE("hold_timeout ends a hold", "[port]") {
  Room room;
  Peer a;
  int told = 0;
  PortSettings settings;
  settings.hold_timeout = 300ms;  // and no rtp_timeout at all
  PortEvents events;
  events.on_timeout = [&](base::Duration) { ++told; };
  const auto port = room.open(settings, std::move(events));
  port->apply(plan_for(a.local()));
  room.go_on(500ms);
  CHECK(told == 0);
  port->apply(plan_for(a.local(), sdp::Direction::inactive));
  CHECK(room.until([&] { return told == 1; }));
}

TEST_CASE("nothing is told after the port is gone, not even what was on its way", "[port]") {
  Room room;
  Peer a;
  bool gone = false;
  bool told_late = false;
  PortEvents events;
  events.on_first_packet = [&, alive = std::make_shared<int>(7)] { told_late = gone || *alive != 7; };
  auto port = room.open({}, std::move(events));
  port->apply(plan_for(a.local()));
  room.go_on();
  a.talk(port->local_rtp());
  while (!port->statistics().heard) {
    std::this_thread::sleep_for(1ms);
  }  // the event is posted, not delivered
  std::this_thread::sleep_for(20ms);
  port.reset();
  gone = true;
  room.go_on(100ms);
  CHECK_FALSE(told_late);
}

TEST_CASE("a port may go inside its own event", "[port]") {
  Room room;
  Peer a;
  std::unique_ptr<Port> port;
  std::string kept;
  PortEvents events;
  events.on_first_packet = [&port, &kept, text = std::string(100, 'x')] {
    port.reset();
    kept = text;  // what the function captured is still there
  };
  port = room.open({}, std::move(events));
  port->apply(plan_for(a.local()));
  room.go_on();
  a.talk(port->local_rtp());
  CHECK(room.until([&] { return !kept.empty(); }));
  CHECK(kept.size() == 100);
}

TEST_CASE("no packet is lost as a live port moves between threads", "[port][move]") {
  Room room({.first_port = 21000, .last_port = 28999, .threads = 3});
  Peer a;
  Peer b;
  const auto b_port = room.open();
  std::vector<std::unique_ptr<Port>> anchors;  // one on each thread
  anchors.push_back(room.open());
  anchors.push_back(room.open());
  const auto a_port = room.open();
  a_port->apply(plan_for(a.local()));
  a_port->echo(true);
  room.go_on();
  constexpr int packets = 2000;
  std::atomic<bool> talking{true};
  std::set<std::uint16_t> numbers;
  const auto listen = [&](std::chrono::milliseconds patience) {
    while (const auto heard = a.hear(patience)) {
      numbers.insert(heard->packet.sequence);
    }
  };
  std::thread talker([&] {
    for (int i = 0; i < packets; ++i) {
      a.talk(a_port->local_rtp());
      listen(0ms);
      if (i % 8 == 0) {
        std::this_thread::sleep_for(1ms);
      }
    }
    talking = false;
  });
  std::unique_ptr<Link> link;
  int moves = 0;
  while (talking) {
    link = room.engine->link(*anchors[static_cast<std::size_t>(moves % 2)], *a_port);
    ++moves;
    room.go_on(1ms);
  }
  talker.join();
  CHECK(moves > 20);
  CHECK(room.until([&] { return a_port->statistics().received == packets; }));
  CHECK(a_port->statistics().lost == 0);
  CHECK(a_port->statistics().sent == packets);
  listen(100ms);
  CHECK(numbers.size() == packets);
}

TEST_CASE("ports, links and moves in every order, under way", "[port][move]") {
  const std::size_t before = descriptors();
  {
    Room room({.first_port = 21000, .last_port = 28999, .threads = 3});
    Peer peer;
    std::vector<std::unique_ptr<Port>> ports;
    std::vector<std::unique_ptr<Link>> links;
    std::uint32_t dice = 12345;
    const auto roll = [&dice](std::size_t sides) {
      dice = dice * 1664525U + 1013904223U;
      return (dice >> 8U) % sides;
    };
    for (int step = 0; step < 3000; ++step) {
      switch (roll(6)) {
        case 0:
          if (ports.size() < 24) {
            ports.push_back(room.open());
            ports.back()->apply(plan_for(peer.local()));
          }
          break;
        case 1:
          if (ports.size() > 4) {
            ports.erase(ports.begin() + static_cast<std::ptrdiff_t>(roll(ports.size())));
          }
          break;
        case 2:
          if (!links.empty()) {
            links.erase(links.begin() + static_cast<std::ptrdiff_t>(roll(links.size())));
          }
          break;
        case 3:
          for (const auto& port : ports) {
            peer.talk(port->local_rtp());
          }
          room.call.restart();
          room.call.poll();
          break;
        default:
          if (ports.size() > 1) {
            const std::size_t first = roll(ports.size());
            const std::size_t second = (first + 1 + roll(ports.size() - 1)) % ports.size();
            links.push_back(room.engine->link(*ports[first], *ports[second]));
            if (links.size() > 20) {
              links.erase(links.begin());
            }
          }
      }
      for (const auto& port : ports) {
        (void)port->statistics();
      }
    }
    CHECK(room.engine->open_ports() == ports.size());
    ports.clear();
    links.clear();
    CHECK(room.engine->open_ports() == 0);
  }
  CHECK(descriptors() == before);
}

TEST_CASE("an engine that was never used ends", "[port]") {
  asio::io_context call;
  for (int i = 0; i < 20; ++i) {
    Engine::start(call, {.threads = 4});
  }
}
