// CPU time of the dialplan: a call's way through a context of many rules, and what a reload reads and
// compiles. Usage: bench_dialplan [rules] [extensions]
#include "config/load.hpp"
#include "dialplan/plan.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <map>
#include <string>
#include <vector>

namespace {

using namespace switchroom;

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

/// The median of some rounds, in microseconds for each repetition.
template <class Work>
double microseconds(unsigned repetitions, const Work& work) {
  std::vector<double> rounds;
  for (int round = 0; round < 7; ++round) {
    const double began = cpu_seconds();
    for (unsigned i = 0; i < repetitions; ++i) work();
    rounds.push_back((cpu_seconds() - began) * 1e6 / repetitions);
  }
  std::ranges::sort(rounds);
  return rounds[rounds.size() / 2];
}

/// Each rule wants a number of its own; one in four looks at the caller, too, and one in ten at the time.
config::SnapshotPtr many_rules(unsigned count) {
  auto snapshot = std::make_shared<config::Snapshot>();
  auto& entries = snapshot->contexts["default"];
  for (unsigned i = 0; i < count; ++i) {
    config::ContextEntry entry;
    entry.name = fmt::format("rule {}", i);
    entry.when = {{"destination_number", fmt::format("^({})$", 100'000 + i), {}}};
    if (i % 4 == 0) entry.when.push_back({"caller_id_number", "^1\\d{3}$", {}});
    if (i % 10 == 0) entry.when.push_back({"days", "mon-sun", {}});
    entry.actions = {{"bridge", "user/$1", {}}};
    entries.push_back(std::move(entry));
  }
  return snapshot;
}

std::string office_of(unsigned extensions) {
  std::string text =
      "[pbx]\ndomain = \"bench.invalid\"\ndata_dir = \"/tmp/bench\"\n"
      "[profiles.internal]\nlisten = [\"udp:127.0.0.1:5060\"]\n[control]\nsocket = \"/tmp/bench.sock\"\n"
      "[[contexts.default]]\nname = \"all\"\nwhen = { destination_number = '^(\\d{6})$' }\ndo = [\"bridge "
      "user/$1\"]\n";
  for (unsigned i = 0; i < extensions; ++i) {
    text += fmt::format(
        "[extensions.{0}]\nname = \"Person {0}\"\npassword = \"tulip-{0}-harbour\"\ngroups = [\"team{1}\"]\n"
        "caller_id = \"1555{0}\"\ntoll_allow = [\"local\", \"domestic\"]\n",
        100'000 + i, i % 100);
  }
  return text;
}

}  // namespace

int main(int argc, char** argv) {
  const unsigned rules = argc > 1 ? static_cast<unsigned>(std::atoi(argv[1])) : 1'000;
  const unsigned extensions = argc > 2 ? static_cast<unsigned>(std::atoi(argv[2])) : 10'000;
  const auto snapshot = many_rules(rules);
  fmt::print("compiling {} rules: {:.0f} us\n", rules,
             microseconds(3, [&] { dialplan::Dialplan plan(snapshot); }));
  const dialplan::Dialplan plan(snapshot);
  const auto now = dialplan::local_time(1'764'000'000'000'000);
  for (const auto& [what, number] :
       {std::pair{"the first rule", 100'000U}, std::pair{"the last rule", 100'000 + rules - 1},
        std::pair{"no rule", 200'000U}}) {
    const std::map<std::string, std::string, std::less<>> facts{
        {"destination_number", std::to_string(number)}, {"caller_id_number", "1001"}};
    const dialplan::Variables look_up = [&](std::string_view name) {
      const auto found = facts.find(name);
      return found == facts.end() ? std::string() : found->second;
    };
    std::size_t found = 0;
    const double us = microseconds(200, [&] { found += plan.match("default", look_up, now) ? 1 : 0; });
    fmt::print("{} of {} matches: {:.1f} us ({} hits)\n", what, rules, us, found);
  }
  const std::string text = office_of(extensions);
  bool fine = true;
  const double load = microseconds(1, [&] {
    const auto loaded = config::load_text(text, "bench.toml", {});
    fine = fine && loaded.snapshot != nullptr;
  });
  fmt::print("reading {} extensions ({} KB): {:.0f} ms{}\n", extensions, text.size() / 1024, load / 1000,
             fine ? "" : " AND IT FAILED");
  return fine ? 0 : 1;
}
