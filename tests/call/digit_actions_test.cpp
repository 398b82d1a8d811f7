// Which presses run what, and which are given back.
#include "call/digit_actions.hpp"

#include "call/limits.hpp"

#include <catch2/catch.hpp>

#include <map>

using namespace switchroom;
using namespace switchroom::call;
using namespace std::chrono_literals;

namespace {

class ManualTimers final : public base::Timers {
 public:
  [[nodiscard]] base::Time now() const override { return now_; }
  base::TimerId at(base::Time when, std::function<void()> action) override {
    timers_[++last_] = {when, std::move(action)};
    return last_;
  }
  void cancel(base::TimerId id) override { timers_.erase(id); }
  void pass(base::Duration time) {
    now_ += time;
    for (auto it = timers_.begin(); it != timers_.end();) {
      if (it->second.first <= now_) {
        const auto action = std::move(it->second.second);
        timers_.erase(it);
        action();
        it = timers_.begin();
      } else {
        ++it;
      }
    }
  }

 private:
  base::Time now_;
  base::TimerId last_ = 0;
  std::map<base::TimerId, std::pair<base::Time, std::function<void()>>> timers_;
};

class Bench {
 public:
  void bind(const char* text) {
    auto binding = parse_digit_binding(text);
    REQUIRE(binding.has_value());
    actions.bind(std::move(*binding), Side::caller);
  }
  /// Which of them are left to others at once.
  std::string press(std::string_view keys, bool hold = true, Side side = Side::caller) {
    std::string left;
    for (const char key : keys) {
      if (!actions.hear(side, {.key = key}, hold)) {
        left += key;
      }
    }
    return left;
  }
  std::string done() {
    std::string what;
    while (const auto action = actions.next()) {
      what += action->digits + "=" + action->argument + " ";
    }
    return what;
  }

  ManualTimers timers;
  std::string given_back;
  DigitActions actions{timers, [] {},
                       [this](Side, const std::vector<KeyPress>& presses) {
                         for (const auto& one : presses) {
                           given_back += one.key;
                         }
                       }};
};

}  // namespace

TEST_CASE("bindings are read") {
  const auto one = parse_digit_binding("realm,*1,exec:log,INFO a\\,b,both,peer");
  REQUIRE(one.has_value());
  CHECK(one->application == "log");
  CHECK(one->argument == "INFO a,b");
  CHECK((one->hears.self && one->hears.peer && !one->acts.self && one->acts.peer));
  const auto two = parse_digit_binding(",12,exec[i]:hangup");
  REQUIRE(two.has_value());
  CHECK(two->realm == "default");
  CHECK((two->hears.self && !two->hears.peer && two->acts.self));
  for (const auto* bad :
       {"", "a,b", "a,,exec:log", "a,1,exec:", "a,1,log", "a,x,exec:log", "a,~(,exec:log"}) {
    INFO(bad);
    CHECK_FALSE(parse_digit_binding(bad).has_value());
  }
}

TEST_CASE("rows of keys run their action") {
  Bench bench;
  bench.bind("r,*1,exec:log,one");
  bench.bind("r,*12,exec:log,twelve");
  bench.bind("r,~9\\d\\d,exec:log,nine");
  CHECK(bench.press("*12").empty());
  CHECK(bench.done() == "*12=twelve ");
  CHECK(bench.press("*1").empty());
  CHECK(bench.done().empty());  // one more key could follow
  bench.timers.pass(2s);
  CHECK(bench.done() == "*1=one ");
  CHECK(bench.press("955").empty());
  CHECK(bench.done() == "955=nine ");
  CHECK(bench.given_back.empty());
}

TEST_CASE("keys that lead nowhere are given back in order") {
  Bench bench;
  bench.bind("r,*1,exec:log,one");
  CHECK(bench.press("5") == "5");
  CHECK(bench.press("*").empty());
  CHECK(bench.press("7") == "7");
  CHECK(bench.given_back == "*");
  CHECK(bench.press("**1").empty());
  CHECK(bench.given_back == "**");
  CHECK(bench.done() == "*1=one ");
  CHECK(bench.press("*").empty());
  bench.timers.pass(2s);
  CHECK(bench.given_back == "***");
}

TEST_CASE("in a conversation nothing is held") {
  Bench bench;
  bench.bind("r,*1,exec:log,one");
  CHECK(bench.press("*17", false) == "*17");
  CHECK(bench.done() == "*1=one ");
  CHECK(bench.given_back.empty());
  CHECK(bench.press("*1", false, Side::callee) == "*1");
  CHECK(bench.done().empty());
}

TEST_CASE("realms take turns") {
  Bench bench;
  bench.bind("a,1,exec:log,a");
  bench.bind("b,1,exec:log,b");
  bench.press("1");
  CHECK(bench.done() == "1=a ");
  bench.actions.choose_realm("b", Side::caller);
  bench.press("1");
  CHECK(bench.done() == "1=b ");
  bench.actions.choose_realm("none", Side::caller);
  CHECK(bench.press("1") == "1");
  bench.actions.choose_realm("a", Side::caller);
  bench.actions.clear("a", Side::caller);
  CHECK(bench.press("1") == "1");
}

TEST_CASE("limits count calls and beginnings") {
  Limits limits;
  const base::Time now{};
  auto one = limits.take({"a", 2, {}}, now);
  auto two = limits.take({"a", 2, {}}, now);
  CHECK(limits.take({"a", 2, {}}, now) == nullptr);
  CHECK(limits.take({"b", 2, {}}, now) != nullptr);
  one.reset();
  CHECK(limits.take({"a", 2, {}}, now) != nullptr);
  CHECK(limits.used("a") == 1);
  CHECK(limits.all().at("a").refused == 1);
  CHECK(limits.take({"often", 1, 10s}, now) != nullptr);
  CHECK(limits.take({"often", 1, 10s}, now + 9s) == nullptr);
  CHECK(limits.take({"often", 1, 10s}, now + 10s) != nullptr);
  const auto counted = limits.take({"all", std::nullopt, {}}, now);
  CHECK(limits.take({"all", std::nullopt, {}}, now) != nullptr);
}
