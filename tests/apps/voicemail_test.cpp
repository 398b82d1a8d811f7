// The examples of docs/voicemail.md and docs/mail.md load, and the application's spellings are understood.
#include "apps/application.hpp"
#include "config/load.hpp"
#include "config/voicemail_settings.hpp"
#include "dialplan/plan.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

using namespace switchroom;

namespace {

std::string document(const std::string& name) {
  std::ifstream file(std::string(SWITCHROOM_SOURCE_DIR) + "/docs/" + name);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> examples_in(const std::string& text) {
  std::vector<std::string> examples;
  for (auto begin = text.find("```toml\n"); begin != std::string::npos;
       begin = text.find("```toml\n", begin)) {
    begin += 8;
    examples.push_back(text.substr(begin, text.find("```", begin) - begin));
  }
  return examples;
}

config::Loaded load(const std::string& text) {
  config::Checks checks;
  checks.application = apps::check_action;
  checks.condition = dialplan::check_condition;
  return config::load_text(
      "[pbx]\ndomain = \"pbx.example\"\n[profiles.internal]\nlisten = [\"udp:127.0.0.1:5060\"]\n"
      "[control]\nsocket = \"/tmp/none.sock\"\n" +
          text,
      "example", checks);
}

constexpr const char* alice =
    "[extensions.1001]\npassword = \"kV4-harbor-Otter-77\"\nvoicemail = { pin = \"4711\" }\n";

}  // namespace

TEST_CASE("the examples of docs/voicemail.md and docs/mail.md load") {
  ::setenv("SMTP_PASSWORD", "correct-horse", 1);
  std::size_t count = 0;
  for (const auto* name : {"voicemail.md", "mail.md"}) {
    for (const auto& example : examples_in(document(name))) {
      ++count;
      const bool own = example.find("[extensions.1001]") != std::string::npos;
      const bool fills = example.find("[[contexts.default]]") != std::string::npos;
      const auto loaded = load((own ? std::string() : std::string(alice)) +
                               (fills ? "" : "[[contexts.default]]\ndo = [\"answer\"]\n") + example);
      INFO(name << ":\n" << example);
      for (const auto& problem : loaded.problems) {
        FAIL_CHECK(problem.text());
      }
      CHECK(loaded.snapshot != nullptr);
    }
  }
  CHECK(count >= 7);
}

TEST_CASE("docs/voicemail.md names every prompt") {
  const std::string text = document("voicemail.md");
  for (const auto& prompt : config::voicemail_prompts()) {
    INFO(prompt.name);
    CHECK(text.find("| `" + std::string(prompt.name) + "` | `" + std::string(prompt.sounds) + "` |") !=
          std::string::npos);
  }
}

TEST_CASE("voicemail understands its own spellings and FreeSWITCH's") {
  const auto loaded = load(std::string(alice) + "[[contexts.default]]\ndo = [\"answer\"]\n");
  REQUIRE(loaded.snapshot);
  const auto check = [&](const std::string& argument) {
    return apps::check_action({"voicemail", argument, {}}, *loaded.snapshot);
  };
  for (const auto* good : {"1001", "1001 busy", "default pbx.example 1001", "default ${domain_name} $1",
                           "check", "check 1001", "check ask", "check default pbx.example",
                           "check default pbx.example 1001", "$1", "default 10.0.0.1 1001"}) {
    INFO(good);
    CHECK(check(good).empty());
  }
  CHECK(check("") != "");
  CHECK(check("1009").find("there is no mailbox 1009") != std::string::npos);
  CHECK(check("default pbx.example 1009") != "");
  CHECK(check("1001 loudly") != "");
}

TEST_CASE("what is wrong with mailboxes is told with its key") {
  const auto said = [&](const std::string& text) {
    const auto loaded = load(text + "[[contexts.default]]\ndo = [\"answer\"]\n");
    std::string all;
    for (const auto& problem : loaded.problems) {
      all += problem.text() + "\n";
    }
    return all;
  };
  const std::string person = "[extensions.1001]\npassword = \"kV4-harbor-Otter-77\"\n";
  CHECK(said(person + "voicemail = { pin = \"1001\" }\n")
            .find("extensions.1001.voicemail.pin: the PIN is the mailbox's own") != std::string::npos);
  CHECK(said(person + "voicemail = { email = \"alice@example.com\" }\n").find("voicemail.pin: is missing") !=
        std::string::npos);
  CHECK(said(std::string(alice) + "[voicemail.keys]\nsave = \"7\"\n").find("are the same key in a message") !=
        std::string::npos);
  CHECK(said(std::string(alice) + "[voicemail.prompts]\ngoodby = \"\"\n").find("did you mean goodbye") !=
        std::string::npos);
  CHECK(said(std::string(alice) + "[voicemail.lists.all]\nmembers = [\"1009\"]\n")
            .find("there is no mailbox 1009") != std::string::npos);
  CHECK(said("[mail]\nserver = \"mail.example\"\n").find("mail.from: is missing") != std::string::npos);
}
