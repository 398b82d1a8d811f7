// Names on the keys, and numbers that lead nowhere.
#include "dialplan/reach.hpp"

#include "dialplan/keypad.hpp"

#include <catch2/catch.hpp>

using namespace switchroom;

TEST_CASE("names are spelled on the keys") {
  CHECK(dialplan::keys_of("Alice Johnson") == "254235646766");
  CHECK(dialplan::keys_of("Jürgen O'Neill") == "587436663455");
  CHECK(dialplan::keys_of("Łukasz") == "585279");
  CHECK(dialplan::keys_of("山田\xff\xc3").empty());
  CHECK(dialplan::last_name_first("Alice B. Johnson ") == "Johnson Alice B.");
  CHECK(dialplan::last_name_first("Cher") == "Cher");
}

TEST_CASE("only what is certain leads nowhere") {
  config::Snapshot snapshot;
  const auto add = [&](const char* context, std::vector<config::Condition> when, const char* set = "") {
    config::ContextEntry entry;
    entry.when = std::move(when);
    entry.actions = {{"set", set, {}}};
    snapshot.contexts[context].push_back(std::move(entry));
  };
  add("a", {{"destination_number", "^10\\d\\d$", {}}, {"caller_id_number", "^7$", {}}});
  add("a", {{"${is_extension}", "^true$", {}}});
  add("any", {{"caller_id_number", "^7$", {}}});
  add("bad", {{"destination_number", "^(", {}}});
  add("changing", {{"destination_number", "^1$", {}}}, "destination_number=2");
  snapshot.extensions["2000"];
  const auto reaches = [&](const char* context, const char* number) {
    return dialplan::may_reach(context, number, snapshot);
  };
  CHECK(reaches("a", "1001"));
  CHECK(reaches("a", "2000"));
  CHECK_FALSE(reaches("a", "411"));
  CHECK(reaches("any", "411"));
  CHECK(reaches("bad", "411"));
  CHECK(reaches("changing", "411"));
}
