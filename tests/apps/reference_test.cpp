// docs/dialplan.md says what this version has, and its examples work.
#include "apps/application.hpp"
#include "config/load.hpp"
#include "dialplan/plan.hpp"
#include "dialplan/reach.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <fstream>
#include <iterator>

namespace {

std::string document(const char* name = "dialplan.md") {
  std::ifstream file(std::string(SWITCHROOM_SOURCE_DIR "/docs/") + name);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_CASE("docs/dialplan.md has the table of applications") {
  // To renew it: SWITCHROOM_WRITE_REFERENCE=1 unit_apps
  if (std::getenv("SWITCHROOM_WRITE_REFERENCE") != nullptr) {
    std::string text = document();
    const auto begin = text.find("| application |");
    text.replace(begin, text.find("\n\n", begin) + 1 - begin, switchroom::apps::reference());
    std::ofstream(SWITCHROOM_SOURCE_DIR "/docs/dialplan.md") << text;
  }
  INFO("the table should be:\n" << switchroom::apps::reference());
  CHECK(document().find(switchroom::apps::reference()) != std::string::npos);
}

namespace {

/// All examples of a page as one configuration, which must be right.
void check_examples(const std::string& page, std::string toml) {
  std::ifstream file(SWITCHROOM_SOURCE_DIR "/docs/" + page);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  std::size_t examples = 0;
  for (auto begin = text.find("```toml\n"); begin != std::string::npos;
       begin = text.find("```toml\n", begin)) {
    begin += 8;
    toml += text.substr(begin, text.find("```", begin) - begin);
    ++examples;
  }
  CHECK(examples > 0);
  switchroom::config::Checks checks;
  checks.application = switchroom::apps::check_action;
  checks.condition = switchroom::dialplan::check_condition;
  checks.reaches = switchroom::dialplan::may_reach;
  const auto loaded = switchroom::config::load_text(toml, "docs/" + page, checks);
  for (const auto& problem : loaded.problems) {
    FAIL_CHECK(problem.text());
  }
  CHECK(loaded.snapshot != nullptr);
}

const std::string base =
    "[pbx]\ndomain = \"pbx.example\"\n[profiles.internal]\nlisten = [\"udp:127.0.0.1:5060\"]\n"
    "[control]\nsocket = \"/tmp/none.sock\"\n";

}  // namespace

TEST_CASE("the examples of docs/dialplan.md pass the checks") { check_examples("dialplan.md", base); }

TEST_CASE("the examples of docs/trunks.md pass the checks") {
  check_examples("trunks.md", base +
                                  "[extensions.1001]\npassword = \"tulip-42-harbour\"\n"
                                  "[extensions.1002]\npassword = \"tulip-43-harbour\"\n");
}
