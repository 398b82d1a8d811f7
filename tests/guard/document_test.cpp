// docs/security/bans.md: its examples load.
#include "config/load.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

TEST_CASE("the examples of docs/security/bans.md load") {
  std::ifstream file(SWITCHROOM_SOURCE_DIR "/docs/security/bans.md");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const std::string head =
      "[pbx]\ndomain = \"pbx.example\"\n[profiles.internal]\nlisten = [\"udp:127.0.0.1:5060\"]\n"
      "[control]\nsocket = \"/tmp/none.sock\"\n";
  std::vector<switchroom::config::SnapshotPtr> examples;
  for (auto begin = text.find("```toml\n"); begin != std::string::npos;
       begin = text.find("```toml\n", begin)) {
    begin += 8;
    const std::string toml = head + text.substr(begin, text.find("```", begin) - begin);
    const auto loaded = switchroom::config::load_text(toml, "docs/security/bans.md", {});
    for (const auto& problem : loaded.problems) {
      FAIL_CHECK(problem.text());
    }
    REQUIRE(loaded.snapshot != nullptr);
    examples.push_back(loaded.snapshot);
  }
  REQUIRE(examples.size() == 2);
  CHECK(examples[0]->bans.never == "trusted");
  CHECK(examples[0]->limits.calls_per_address == 20);
  CHECK(examples[1]->bans.nftables == "inet filter switchroom");
}
