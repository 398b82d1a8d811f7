// docs/dialplan.md says what this version has, and its examples work.
#include "apps/application.hpp"
#include "config/load.hpp"
#include "dialplan/plan.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <iterator>

namespace {

std::string document() {
  std::ifstream file(SWITCHROOM_SOURCE_DIR "/docs/dialplan.md");
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_CASE("docs/dialplan.md has the table of applications") {
  INFO("the table should be:\n" << switchroom::apps::reference());
  CHECK(document().find(switchroom::apps::reference()) != std::string::npos);
}

TEST_CASE("the examples of docs/dialplan.md pass the checks") {
  const std::string text = document();
  std::string toml =
      "[pbx]\ndomain = \"pbx.example\"\n[profiles.internal]\nlisten = [\"udp:127.0.0.1:5060\"]\n"
      "[control]\nsocket = \"/tmp/none.sock\"\n";
  std::size_t examples = 0;
  for (auto begin = text.find("```toml\n"); begin != std::string::npos;
       begin = text.find("```toml\n", begin)) {
    begin += 8;
    toml += text.substr(begin, text.find("```", begin) - begin);
    ++examples;
  }
  CHECK(examples > 0);
  switchroom::config::Checks checks;
  checks.application = [](const auto& action, const auto&) { return switchroom::apps::check_action(action); };
  checks.condition = [](const auto& condition) { return switchroom::dialplan::check_condition(condition); };
  const auto loaded = switchroom::config::load_text(toml, "docs/dialplan.md", checks);
  for (const auto& problem : loaded.problems) {
    FAIL_CHECK(problem.text());
  }
  CHECK(loaded.snapshot != nullptr);
}
