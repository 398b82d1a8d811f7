// The examples of some pages pass the checks, each by itself.
#include "apps/application.hpp"
#include "config/load.hpp"
#include "dialplan/plan.hpp"
#include "tolls/permission.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <iterator>

TEST_CASE("each example of a page passes the checks") {
  const std::string page = GENERATE("docs/recording.md", "docs/sounds.md", "docs/tolls.md");
  std::ifstream file(SWITCHROOM_SOURCE_DIR "/" + page);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const std::string office = "[pbx]\ndomain = \"pbx.example\"\n[control]\nsocket = \"/tmp/none.sock\"\n";
  const std::string profile = "[profiles.internal]\nlisten = [\"udp:127.0.0.1:5060\"]\n";
  const std::string context = "[[contexts.default]]\nname = \"none\"\ndo = [\"answer\"]\n";
  switchroom::config::Checks checks;
  checks.application = switchroom::apps::check_action;
  checks.condition = switchroom::dialplan::check_condition;
  checks.toll = switchroom::tolls::check_word;
  checks.country = switchroom::tolls::check_country;
  std::size_t examples = 0;
  for (auto begin = text.find("```toml\n"); begin != std::string::npos;
       begin = text.find("```toml\n", begin)) {
    begin += 8;
    const std::string example = text.substr(begin, text.find("```", begin) - begin);
    const bool has_context = example.find("[[contexts.default]]") != std::string::npos;
    const bool has_profile = example.find("[profiles.internal]") != std::string::npos;
    const auto loaded = switchroom::config::load_text(
        office + (has_profile ? "" : profile) + example + (has_context ? "" : context), page, checks);
    for (const auto& problem : loaded.problems) {
      FAIL_CHECK(problem.text());
    }
    CHECK(loaded.snapshot != nullptr);
    ++examples;
  }
  CHECK(examples >= 3);
}
