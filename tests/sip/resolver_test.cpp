// The resolver against a name server that the test plays itself on the loopback.
#include "sip/transport/resolver.hpp"

#include "base/task_group.hpp"
#include "sip/transport/dns_ttl.hpp"
#include "sip/transport/srv_order.hpp"

#include <boost/asio/write.hpp>
#include <catch2/catch.hpp>
#include <fmt/core.h>

#include <array>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

using namespace switchroom;
using namespace switchroom::sip;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

enum Type : std::uint16_t { a = 1, aaaa = 28, srv = 33, naptr = 35 };

std::string number(unsigned value) {
  return {static_cast<char>(value >> 8U & 0xffU), static_cast<char>(value & 0xffU)};
}
std::string counted(std::string_view text) {
  return std::string(1, static_cast<char>(text.size())).append(text);
}
std::string encoded(std::string_view name) {
  std::string out;
  while (!name.empty() && name != ".") {
    const auto dot = std::min(name.find('.'), name.size());
    out += counted(name.substr(0, dot));
    name.remove_prefix(std::min(dot + 1, name.size()));
  }
  return out + '\0';
}
std::string srv_record(unsigned priority, unsigned weight, unsigned port, std::string_view target) {
  return number(priority) + number(weight) + number(port) + encoded(target);
}
std::string naptr_record(unsigned order, unsigned preference, std::string_view service, std::string_view next,
                         std::string_view flags = "s") {
  return number(order) + number(preference) + counted(flags) + counted(service) + counted("") + encoded(next);
}
std::string bytes_of(const char* address) {
  const auto parsed = asio::ip::make_address(address);
  std::string out;
  if (parsed.is_v4()) {
    for (const auto byte : parsed.to_v4().to_bytes()) {
      out += static_cast<char>(byte);
    }
  } else {
    for (const auto byte : parsed.to_v6().to_bytes()) {
      out += static_cast<char>(byte);
    }
  }
  return out;
}

/// Answers by UDP and, what it truncated there, by TCP, on one port.
class NameServer {
 public:
  explicit NameServer(asio::io_context& io)
      : udp_(io, {asio::ip::make_address("127.0.0.1"), 0}),
        tcp_(io, {udp_.local_endpoint().address(), udp_.local_endpoint().port()}) {
    receive();
    accept();
  }
  [[nodiscard]] std::string where() const {
    return fmt::format("127.0.0.1:{}", udp_.local_endpoint().port());
  }
  unsigned ttl = 60;  // of all that is answered
  void add(const std::string& name, Type type, std::string data) {
    records_[{name, type}].push_back(std::move(data));
  }

  std::set<std::pair<std::string, int>> silent;  // these are never answered
  bool all_silent = false;
  bool garbage = false;
  bool truncate = false;
  std::vector<std::string> asked;

 private:
  void receive() {
    udp_.async_receive_from(asio::buffer(in_), from_, [this](error_code ec, std::size_t size) {
      if (ec) {
        return;
      }
      const std::string answer = reply({in_.data(), size}, truncate);
      if (!answer.empty()) {
        error_code ignored;
        udp_.send_to(asio::buffer(answer), from_, 0, ignored);
      }
      receive();
    });
  }
  void accept() {
    tcp_.async_accept([this](error_code ec, asio::ip::tcp::socket socket) {
      if (ec) {
        return;
      }
      auto peer = std::make_shared<asio::ip::tcp::socket>(std::move(socket));
      peer->async_read_some(asio::buffer(in_), [this, peer](error_code failed, std::size_t size) {
        if (!failed && size > 2) {
          asked.emplace_back("by TCP");
          const std::string answer = reply({in_.data() + 2, size - 2}, false);
          error_code ignored;
          asio::write(*peer, asio::buffer(number(static_cast<unsigned>(answer.size())) + answer), ignored);
        }
      });
      accept();
    });
  }
  std::string reply(std::string_view query, bool cut) {
    std::string name;
    std::size_t at = 12;
    while (at < query.size() && query[at] != 0) {
      const auto size = static_cast<std::size_t>(query[at]);
      name += (name.empty() ? "" : ".") + std::string(query.substr(at + 1, size));
      at += size + 1;
    }
    const int type = static_cast<unsigned char>(query[at + 2]);
    asked.push_back(fmt::format("{} {}", name, type));
    if (all_silent || silent.contains({name, type})) {
      return {};
    }
    const std::string question(query.substr(12, at + 5 - 12));
    if (garbage) {
      return std::string(query.substr(0, 2)) + "\x81\x80" + number(1) + number(9) + number(0) + number(0) +
             question + std::string(40, '\xc0');
    }
    const auto found = records_.find({name, static_cast<Type>(type)});
    const bool known =
        std::any_of(records_.begin(), records_.end(), [&](const auto& r) { return r.first.first == name; });
    const std::size_t count = found == records_.end() || cut ? 0 : found->second.size();
    std::string out(query.substr(0, 2));
    out += static_cast<char>(cut ? 0x87 : 0x85);
    out += known ? '\x80' : '\x83';  // or no such name
    out += number(1) + number(static_cast<unsigned>(count)) + number(0) + number(0) + question;
    for (std::size_t i = 0; i < count; ++i) {
      const std::string& data = found->second[i];
      out += "\xc0\x0c" + number(static_cast<unsigned>(type)) + number(1) + number(0) + number(ttl) +
             number(static_cast<unsigned>(data.size())) + data;
    }
    return out;
  }

  std::map<std::pair<std::string, Type>, std::vector<std::string>> records_;
  std::array<char, 2048> in_{};
  asio::ip::udp::endpoint from_;
  asio::ip::udp::socket udp_;
  asio::ip::tcp::acceptor tcp_;
};

struct Desk {
  std::vector<std::string> ask(const char* text, std::size_t times = 1) {
    const auto uri = parse_uri(text);
    REQUIRE(uri.has_value());
    std::vector<std::string> answers;
    std::size_t done = 0;
    for (std::size_t i = 0; i < times; ++i) {
      tasks.spawn(
          [](Resolver& r, Uri what, std::vector<std::string>& out, std::string& problem) -> awaitable<void> {
            auto found = co_await r.resolve(std::move(what));
            if (!found) {
              problem = found.error().what;
              co_return;
            }
            for (const auto& one : *found) {
              out.push_back(std::string(name(one.kind)) + " " + base::text(one.endpoint));
            }
          }(resolver, *uri, answers, error),
          [&done] { ++done; });
    }
    const auto end = base::Clock::now() + seconds(8);
    while (done < times && base::Clock::now() < end) {
      io.restart();
      io.run_one_for(milliseconds(50));
    }
    REQUIRE(done == times);
    return answers;
  }
  asio::io_context io{1};
  NameServer server{io};
  Resolver resolver{io, server.where()};
  std::string error;
  base::TaskGroup tasks{io.get_executor(), [](const std::string& what) { FAIL(what); }};
};

using Words = std::vector<std::string>;

}  // namespace

TEST_CASE("a numeric host is its own address and asks nobody") {
  Desk desk;
  CHECK(desk.ask("sip:1001@192.0.2.7") == Words{"UDP 192.0.2.7:5060"});
  CHECK(desk.ask("sip:1001@192.0.2.7:5080;transport=tcp") == Words{"TCP 192.0.2.7:5080"});
  CHECK(desk.ask("sip:[2001:db8::7]:5070;transport=UDP") == Words{"UDP [2001:db8::7]:5070"});
  CHECK(desk.server.asked.empty());
  CHECK_FALSE(numeric_destination(*parse_uri("sip:host.example")).has_value());
  CHECK_FALSE(numeric_destination(*parse_uri("sip:192.0.2.7;transport=sctp")).has_value());
  CHECK_FALSE(numeric_destination(*parse_uri("tel:+15551234")).has_value());
}

TEST_CASE("an address may be believed for as long as the shortest of all answers says") {
  Desk desk;
  desk.server.add("_sip._udp.example.test", srv, srv_record(10, 0, 5070, "a.test"));
  desk.server.add("a.test", a, bytes_of("192.0.2.1"));
  desk.server.ttl = 7;
  Located located;
  bool done = false;
  const auto look_up = [&](const char* uri) {
    done = false;
    desk.tasks.spawn(
        [](Resolver& r, Uri what, Located& out) -> awaitable<void> {
          auto found = co_await r.locate(std::move(what));
          out = found ? *found : Located{};
        }(desk.resolver, *parse_uri(uri), located),
        [&done] { done = true; });
    const auto end = base::Clock::now() + seconds(8);
    while (!done && base::Clock::now() < end) {
      desk.io.restart();
      desk.io.run_one_for(milliseconds(50));
    }
    REQUIRE(done);
  };
  look_up("sip:example.test;transport=udp");
  REQUIRE(located.places.size() == 1);
  CHECK(located.good_for == seconds(7));
  look_up("sip:a.test:5060");
  CHECK(located.good_for == seconds(7));
  look_up("sip:192.0.2.7");
  CHECK(located.good_for == std::chrono::hours(24));
}

TEST_CASE("times to live out of broken answers") {
  const auto of = [](const std::string& bytes) {
    return shortest_ttl(reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  };
  const std::string head = std::string(4, '\0') + number(1) + number(2) + number(0) + number(0);
  const std::string question = encoded("a.test") + number(1) + number(1);
  const std::string record = "\xc0\x0c" + number(1) + number(1) + number(0);
  const std::string whole =
      head + question + record + number(60) + number(1) + "x" + record + number(50) + number(0);
  CHECK(of(whole) == 50);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto ttl = of(whole.substr(0, size));
    CHECK((ttl == 60 || ttl == UINT32_MAX));
  }
  CHECK(of({}) == UINT32_MAX);
  CHECK(of(head + std::string(300, '\xff')) == UINT32_MAX);
  CHECK(of(std::string(12, '\xff') + std::string(4000, '\0')) != 60);
}

TEST_CASE("what we do not speak is an error at once") {
  Desk desk;
  for (const char* uri : {"sip:a@example.test;transport=ws", "sip:192.0.2.1;transport=sctp", "tel:123"}) {
    CHECK(desk.ask(uri).empty());
    CHECK(desk.error.find("neither UDP nor TCP") != std::string::npos);
  }
  CHECK(desk.server.asked.empty());
}

TEST_CASE("with a port only addresses are asked for, IPv4 first") {
  Desk desk;
  desk.server.add("pbx.test", aaaa, bytes_of("2001:db8::5"));
  desk.server.add("pbx.test", a, bytes_of("192.0.2.5"));
  CHECK(desk.ask("sip:pbx.test:5099") == Words{"UDP 192.0.2.5:5099", "UDP [2001:db8::5]:5099"});
  CHECK(desk.ask("sip:pbx.test:5099;transport=tcp") == Words{"TCP 192.0.2.5:5099", "TCP [2001:db8::5]:5099"});
  for (const auto& question : desk.server.asked) {
    CHECK((question == "pbx.test 1" || question == "pbx.test 28"));
  }
}

TEST_CASE("NAPTR leads to SRV, SRV to addresses, in their order") {
  Desk desk;
  desk.server.add("example.test", naptr, naptr_record(20, 5, "SIP+D2U", "_sip._udp.alt.test"));
  desk.server.add("example.test", naptr, naptr_record(10, 5, "SIP+D2T", "_sip._tcp.alt.test"));
  desk.server.add("example.test", naptr, naptr_record(1, 5, "SIPS+D2T", "_sips._tcp.alt.test"));
  desk.server.add("example.test", naptr, naptr_record(1, 5, "E2U+sip", "_sip._udp.bad.test", "u"));
  desk.server.add("_sip._tcp.alt.test", srv, srv_record(20, 1, 5072, "b.test"));
  desk.server.add("_sip._tcp.alt.test", srv, srv_record(10, 1, 5071, "a.test"));
  desk.server.add("_sip._udp.alt.test", srv, srv_record(10, 1, 5073, "a.test"));
  desk.server.add("a.test", a, bytes_of("192.0.2.1"));
  desk.server.add("b.test", a, bytes_of("192.0.2.2"));
  CHECK(desk.ask("sip:1001@example.test") ==
        Words{"TCP 192.0.2.1:5071", "TCP 192.0.2.2:5072", "UDP 192.0.2.1:5073"});
  SECTION("a transport parameter asks for its SRV alone") {
    desk.server.add("_sip._udp.example.test", srv, srv_record(1, 1, 5060, "b.test"));
    desk.server.asked.clear();
    CHECK(desk.ask("sip:1001@example.test;transport=udp") == Words{"UDP 192.0.2.2:5060"});
    for (const auto& question : desk.server.asked) {
      CHECK(question.find("_tcp") == std::string::npos);
      CHECK(question.find(" 35") == std::string::npos);
    }
  }
}

TEST_CASE("without NAPTR both SRV sets are used, UDP first; without SRV the name itself") {
  Desk desk;
  desk.server.add("plain.test", a, bytes_of("192.0.2.9"));
  CHECK(desk.ask("sip:plain.test") == Words{"UDP 192.0.2.9:5060"});
  CHECK(desk.ask("sip:plain.test;transport=tcp") == Words{"TCP 192.0.2.9:5060"});
  desk.server.add("_sip._tcp.plain.test", srv, srv_record(1, 1, 5061, "plain.test"));
  CHECK(desk.ask("sip:plain.test") == Words{"TCP 192.0.2.9:5061"});
  desk.server.add("_sip._udp.plain.test", srv, srv_record(1, 1, 5062, "plain.test"));
  CHECK(desk.ask("sip:plain.test") == Words{"UDP 192.0.2.9:5062", "TCP 192.0.2.9:5061"});
}

TEST_CASE("the error says what was asked and what came back") {
  Desk desk;
  CHECK(desk.ask("sip:nowhere.test").empty());
  CHECK(desk.error == "nowhere.test: there is no such name");
  desk.server.add("_sip._udp.refused.test", srv, srv_record(0, 0, 0, "."));
  CHECK(desk.ask("sip:refused.test").empty());
  CHECK(desk.error == "refused.test: its DNS says that it offers no SIP");
  desk.server.add("empty.test", naptr, naptr_record(1, 1, "SIP+D2X", "x.test"));
  CHECK(desk.ask("sip:empty.test").empty());
  CHECK(desk.error == "empty.test: the name has no address");
}

TEST_CASE("a silent name server takes five seconds at the most") {
  Desk desk;
  desk.server.all_silent = true;
  const auto start = base::Clock::now();
  CHECK(desk.ask("sip:example.test").empty());
  CHECK(desk.error == "example.test: no name server answered in time");
  CHECK(base::Clock::now() - start < milliseconds(5500));
}

TEST_CASE("one that is silent about NAPTR and SRV only does not hide the address") {
  Desk desk;
  desk.server.add("router.test", a, bytes_of("192.0.2.3"));
  desk.server.silent = {
      {"router.test", naptr}, {"_sip._udp.router.test", srv}, {"_sip._tcp.router.test", srv}};
  CHECK(desk.ask("sip:router.test") == Words{"UDP 192.0.2.3:5060"});
}

TEST_CASE("garbage is an error, not a crash") {
  Desk desk;
  desk.server.garbage = true;
  CHECK(desk.ask("sip:example.test").empty());
  CHECK_FALSE(desk.error.empty());
  desk.server.garbage = false;
  desk.server.add("good.test", a, bytes_of("192.0.2.4"));
  CHECK(desk.ask("sip:good.test:5060") == Words{"UDP 192.0.2.4:5060"});
}

TEST_CASE("records of the wrong length are an error, not a crash") {
  Desk desk;
  desk.server.add("short.test", a, "\x7f");
  desk.server.add("short.test", naptr, naptr_record(1, 1, "SIP+D2U", "x").substr(0, 6));
  desk.server.add("_sip._udp.short.test", srv, number(1));
  desk.server.add("_sip._tcp.short.test", srv, number(1) + number(1) + number(1) + "\xc0\x0c\xc0\x0c");
  CHECK(desk.ask("sip:short.test").empty());
  CHECK_FALSE(desk.error.empty());
}

TEST_CASE("a truncated answer is asked for again by TCP") {
  Desk desk;
  desk.server.truncate = true;
  desk.server.add("_sip._udp.big.test", srv, srv_record(1, 1, 5064, "big.test"));
  desk.server.add("big.test", a, bytes_of("192.0.2.6"));
  CHECK(desk.ask("sip:big.test;transport=udp") == Words{"UDP 192.0.2.6:5064"});
  CHECK(std::count(desk.server.asked.begin(), desk.server.asked.end(), "by TCP") >= 1);
}

TEST_CASE("what a domain publishes is bounded") {
  Desk desk;
  for (unsigned i = 0; i < 20; ++i) {
    const std::string host = fmt::format("h{}.test", i);
    desk.server.add("_sip._udp.many.test", srv, srv_record(i, 1, 5060, host));
    for (unsigned n = 0; n < 4; ++n) {
      desk.server.add(host, a, bytes_of(fmt::format("192.0.{}.{}", i, n).c_str()));
    }
  }
  CHECK(desk.ask("sip:many.test;transport=udp").size() == 16);
}

TEST_CASE("many questions at once are all answered") {
  Desk desk;
  desk.server.add("plain.test", a, bytes_of("192.0.2.9"));
  CHECK(desk.ask("sip:plain.test", 50).size() == 50);
}

TEST_CASE("resolving is cancelled at once, and its late answer hurts nobody") {
  asio::io_context io{1};
  auto server = std::make_unique<NameServer>(io);
  auto resolver = std::make_unique<Resolver>(io, server->where());
  server->all_silent = true;
  bool ended = false;
  bool answered = false;
  base::TaskGroup tasks(io.get_executor(), {});
  tasks.spawn(
      [](Resolver& r, bool& got) -> awaitable<void> {
        (void)co_await r.resolve(*parse_uri("sip:example.test"));
        got = true;
      }(*resolver, answered),
      [&ended] { ended = true; });
  io.run_for(milliseconds(50));
  const auto start = base::Clock::now();
  tasks.cancel();
  while (!ended && base::Clock::now() - start < seconds(2)) {
    io.restart();
    io.run_one_for(milliseconds(10));
  }
  CHECK(ended);
  CHECK_FALSE(answered);
  CHECK(base::Clock::now() - start < milliseconds(500));
  SECTION("the resolver dies with questions under way") { resolver.reset(); }
  SECTION("the resolver lives on") {}
  io.restart();
  io.run_for(milliseconds(100));
}

TEST_CASE("SRV targets: by priority, and by weight inside one") {
  const std::vector<SrvRecord> records = {
      {20, 0, 1, "last"}, {10, 30, 1, "heavy"}, {10, 10, 1, "light"}, {10, 0, 1, "zero"}, {5, 0, 1, "first"}};
  const auto order = [&](std::vector<std::uint32_t> dice) {
    std::string names;
    std::size_t at = 0;
    for (const auto& record :
         srv_order(records, [&](std::uint32_t n) { return std::min(dice[at++ % dice.size()], n - 1); })) {
      names += record.target + " ";
    }
    return names;
  };
  CHECK(order({0}).starts_with("first zero "));
  CHECK(order({0}).ends_with(" last "));
  CHECK(order({1000}).starts_with("first "));
  CHECK(order({0, 0, 30}).starts_with("first zero "));
  // Drawn often, the heavy one comes before the light one three times of four.
  std::uint32_t state = 1;
  int heavy = 0;
  for (int i = 0; i < 4000; ++i) {
    const auto drawn = srv_order({{1, 30, 1, "heavy"}, {1, 10, 1, "light"}}, [&](std::uint32_t n) {
      state = state * 1664525U + 1013904223U;
      return (state >> 8U) % n;
    });
    heavy += drawn.front().target == "heavy" ? 1 : 0;
  }
  CHECK(heavy > 2800);
  CHECK(heavy < 3200);
  CHECK(srv_order({}, [](std::uint32_t) { return 0U; }).empty());
}
