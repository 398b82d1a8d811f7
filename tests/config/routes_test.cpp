// Trunks and routes: what they become, and what is said about those that cannot work.
#include "config/routes.hpp"

#include "loading.hpp"

#include <regex>

using namespace switchroom;
using namespace switchroom::config;
using Catch::Matchers::Contains;
using Catch::Matchers::EndsWith;

namespace {

const std::string itsp = R"(
[trunks.itsp]
host     = "sip.provider.example"
username = "account"
password = "dR6-open-Door-19"
)";

Loaded with(const std::string& more) { return load_text(std::string(sound) + itsp + more, "t.toml", {}); }

const ContextEntry& entry(const Snapshot& snapshot, const std::string& context, const std::string& name) {
  for (const auto& one : snapshot.contexts.at(context)) {
    if (one.name == name) {
      return one;
    }
  }
  FAIL("no entry " + name);
  return snapshot.contexts.at(context).front();
}

bool takes(const std::string& did, const std::string& dialled) {
  return std::regex_search(dialled, std::regex(did_pattern_of(did)));
}

}  // namespace

TEST_CASE("a trunk has what the file says and sensible rest") {
  const SnapshotPtr snapshot = right(with(""));
  const Trunk& trunk = snapshot->trunks.at("itsp");
  CHECK(trunk.name == "itsp");
  CHECK(*trunk.registers);
  CHECK(trunk.auth_username == "account");
  CHECK(trunk.expires == std::chrono::hours(1));
  CHECK(trunk.ping == std::chrono::seconds(0));
  CHECK(trunk.profile == "internal");
  CHECK(trunk.context == "public");  // phones' profile: its context is not for carriers
  CHECK(snapshot->trunk_profiles.at("itsp").codecs == snapshot->profiles.at("internal").codecs);
  CHECK(snapshot->contexts.at("public").back().name == "unknown number");
}

TEST_CASE("the profile of a trunk: external, else one without auth, and its context") {
  const std::string open =
      "[profiles.zzz]\nlisten = ['udp:127.0.0.1:5080']\nauth = false\ncontext = 'door'\n"
      "[[contexts.door]]\ndo = ['answer']\n";
  CHECK(right(with(open))->trunks.at("itsp").profile == "zzz");
  CHECK(right(with(open))->trunks.at("itsp").context == "door");
  const std::string external =
      "[profiles.external]\nlisten = ['udp:127.0.0.1:5081']\nauth = false\ncontext = 'out'\n"
      "[[contexts.out]]\ndo = ['answer']\n";
  CHECK(right(with(open + external))->trunks.at("itsp").context == "out");
  CHECK_THAT(all(load_text(std::string(sound) + itsp + "profile = 'nothing'\n", "t.toml", {})),
             Contains("t.toml:17:11: trunks.itsp.profile: there is no [profiles.nothing]"));
}

TEST_CASE("trunks that cannot work are told so, each at its place") {
  const auto said = [](const std::string& trunk) {
    return all(load_text(std::string(sound) + "[trunks.x]\n" + trunk + "\n", "t.toml", {}));
  };
  CHECK_THAT(said("username = 'a'"), Contains("trunks.x.host: is missing"));
  CHECK_THAT(said("host = 'a'\nregister = true"),
             Contains("t.toml:14:12: trunks.x.register: needs a username"));
  CHECK_THAT(said("host = 'a'\nusername = 'u'"), Contains("trunks.x: has no password"));
  CHECK_THAT(said("host = 'a'\nusername = 'u'\npassword = '…'"),
             Contains("is the placeholder of the example"));
  CHECK_THAT(said("host = 'a'\nproxy = 'b:99999'"), Contains("is neither NAME nor NAME:PORT"));
  CHECK_THAT(said("host = 'a'\ncaller_id = 'pai'"), Contains("needs a username or from_user"));
  CHECK_THAT(said("host = 'a'\ntransport = 'tcp'"), Contains("profiles.internal does not listen on tcp"));
  CHECK_THAT(said("host = 'a'\nretry_min = '1h'"), Contains("retry_max is shorter than retry_min"));
  CHECK(said("host = 'a'").empty());
  CHECK(said("host = '192.0.2.1'\nproxy = '[2001:db8::1]:5070'").empty());
}

TEST_CASE("the spellings of a DID that carriers use") {
  for (const std::string dialled :
       {"+15551234567", "15551234567", "0015551234567", "01115551234567", "5551234567"}) {
    CHECK(takes("+15551234567", dialled));
  }
  CHECK_FALSE(takes("+15551234567", "155512345678"));
  CHECK_FALSE(takes("+15551234567", "4915551234567"));
  CHECK(takes("+4930123456", "4930123456"));
  CHECK(takes("+4930123456", "004930123456"));
  CHECK_FALSE(takes("+4930123456", "30123456"));
  CHECK(takes("30123456", "30123456"));
  CHECK(takes("30123456", "+30123456"));
  CHECK_FALSE(takes("30123456", "4930123456"));
  CHECK(takes("account.7", "account.7"));
  CHECK_FALSE(takes("account.7", "accountx7"));
}

TEST_CASE("an inbound number becomes an entry, exact ones before patterns, and strangers are rejected last") {
  const SnapshotPtr snapshot = right(with(R"(
[[inbound]]
did_pattern = '\+1555(\d+)'
to  = "1001"
[[inbound]]
did = "+15551234567"
to  = "1001"
caller_id_prefix = "Sales: "
hours = "day"
else_to = "1001 default"
[hours.day]
time = "09:00-17:00"
)"));
  const auto& entries = snapshot->contexts.at("public");
  REQUIRE(entries.size() == 3);
  CHECK(entries[0].name == "inbound +15551234567");
  REQUIRE(entries[0].when.size() == 2);
  CHECK(entries[0].when[1].field == "hours");
  REQUIRE(entries[0].actions.size() == 2);
  CHECK(entries[0].actions[0].argument == "effective_caller_id_name=Sales: ${caller_id_name}");
  CHECK(entries[0].actions[1].application == "transfer");
  CHECK(entries[0].actions[1].argument == "1001 default");
  CHECK(entries[0].otherwise.size() == 2);
  CHECK(entries[1].when[0].pattern == R"(^(?:\+1555(\d+))$)");
  CHECK(entries[2].actions.back().argument == "CALL_REJECTED");
}

TEST_CASE("inbound numbers that cannot work") {
  const auto said = [](const std::string& route) { return all(with("[[inbound]]\n" + route + "\n")); };
  CHECK_THAT(said("did = '1'"), Contains("inbound.to: is missing"));
  CHECK_THAT(said("to = '1001'"), Contains("has neither did nor did_pattern"));
  CHECK_THAT(said("did = '1'\ndid_pattern = '1'\nto = '1001'"), Contains("has both"));
  CHECK_THAT(said("did = '1'\nto = '1001'\nhours = 'x'"), Contains("has hours without else_to"));
  CHECK_THAT(said("did = '1'\nto = '1001'\nelse_to = '1001'"), Contains("has else_to without hours"));
  CHECK_THAT(said("did = '1'\nto = '$1'"), Contains("a capture needs did_pattern"));
  CHECK_THAT(said("did = '1'\nto = '1001'\ncontext = 'pubic'"),
             Contains("no call enters the context \"pubic\""));
  CHECK_THAT(said("did = '1'\nto = '1 nowhere'"), Contains("there is no context \"nowhere\""));
  CHECK_THAT(said("did = '+15551234567'\nto = '1001'\n[[inbound]]\ndid = '+15551234567'\nto = '1001'"),
             Contains("stands in line 17, too"));
}

TEST_CASE("where an inbound number leads is asked of the dialplan") {
  Checks checks;
  checks.reaches = [](const std::string& context, const std::string& number, const Snapshot&) {
    return context == "default" && number == "1001";
  };
  const auto said = [&](const std::string& to) {
    return all(load_text(std::string(sound) + itsp + "[[inbound]]\ndid = '1'\nto = '" + to + "'\n", "t.toml",
                         checks));
  };
  CHECK(said("1001").empty());
  CHECK_THAT(
      said("1002"),
      Contains("t.toml:19:6: inbound.to: nothing in the context \"default\" takes 1002; did you mean 1001"));
}

TEST_CASE("outbound becomes an entry behind the others, with what is sent to the trunk") {
  const auto sent = [](const std::string& keys) {
    const SnapshotPtr snapshot = right(with("[[outbound]]\ntrunks = ['itsp']\n" + keys + "\n"));
    const ContextEntry& made = entry(*snapshot, "default", "outbound-1");
    CHECK(made.name == snapshot->contexts.at("default").back().name);
    return made.actions.at(0).application + " " + made.actions.at(0).argument;
  };
  CHECK(sent(R"(dial = '9(\d{10,11})')") == "outbound outbound-1 $1");
  CHECK(sent(R"(dial = '00\d+')") == "outbound outbound-1 ${destination_number}");
  CHECK(sent("dial = '0(\\d+)'\nsend = '+49$1'") == "outbound outbound-1 +49$1");
  CHECK(sent("dial = '0\\d+'\nstrip = 1\nprefix = '+49'") ==
        "outbound outbound-1 +49${destination_number:1}");
  CHECK(sent("dial = '0(?:1|2)\\(x\\)'") == "outbound outbound-1 ${destination_number}");
}

TEST_CASE("outbound routes that cannot work") {
  const auto said = [](const std::string& route) { return all(with("[[outbound]]\n" + route + "\n")); };
  CHECK_THAT(said("dial = '1'"), Contains("outbound.trunks: is missing"));
  CHECK_THAT(said("trunks = ['itsp']"), Contains("outbound.dial: is missing"));
  CHECK_THAT(said("dial = '1'\ntrunks = ['itps']"),
             Contains("t.toml:19:11: outbound.trunks: there is no [trunks.itps]; did you mean itsp"));
  CHECK_THAT(said("dial = '1'\ntrunks = ['itsp']\ncontext = 'x'"),
             Contains("no call enters the context \"x\""));
  CHECK_THAT(said("dial = '1'\ntrunks = ['itsp', 'itsp']"), Contains("stands there twice"));
  CHECK_THAT(said("dial = '1'\ntrunks = ['itsp']\nsend = '1'\nstrip = 1"), Contains("both send and strip"));
  CHECK_THAT(said("dial = '1'\ntrunks = ['itsp']\n[[outbound]]\ndial = '1'\ntrunks = ['itsp']"),
             Contains("the same pattern stands in line 18"));
}

TEST_CASE("emergency numbers: what they send, and what is refused") {
  const SnapshotPtr snapshot =
      right(with("[emergency]\nnumbers = ['112', '9112', '110']\ntrunks = ['itsp']\nnotify = ['1001']\n"));
  CHECK(snapshot->emergency.has("9112"));
  CHECK_FALSE(snapshot->emergency.has("911"));
  CHECK(snapshot->emergency.sent_for("9112") == "112");
  CHECK(snapshot->emergency.sent_for("110") == "110");
  CHECK(snapshot->contexts.contains(emergency_notice_context));
  const auto said = [](const std::string& keys) { return all(with("[emergency]\n" + keys + "\n")); };
  CHECK_THAT(said("numbers = ['112']"), Contains("emergency.trunks: names no trunk"));
  CHECK_THAT(said("trunks = ['itsp']"), Contains("emergency.numbers: is missing"));
  CHECK_THAT(said("numbers = ['112']\ntrunks = ['x']"), Contains("there is no [trunks.x]"));
  CHECK_THAT(said("numbers = ['1']\ntrunks = ['itsp']"), Contains("is no number that a phone could dial"));
  CHECK_THAT(said("numbers = ['help']\ntrunks = ['itsp']"), Contains("is no number that a phone could dial"));
  CHECK_THAT(said("numbers = ['112', '112']\ntrunks = ['itsp']"), Contains("stands there twice"));
  CHECK_THAT(said("numbers = ['1001']\ntrunks = ['itsp']"), Contains("is the number of an extension, too"));
  CHECK_THAT(said("numbers = ['112']\ntrunks = ['itsp']\nnotify = ['1009']"),
             Contains("there is no extension 1009"));
}

TEST_CASE("the outside world as the design writes it") {
  const SnapshotPtr snapshot = right(load_text(std::string(sound) + R"(
[profiles.external]
listen  = ["udp:0.0.0.0:5080"]
context = "public"
auth    = false
allow   = "carriers"
codecs  = ["PCMU", "PCMA", "G722"]
[acl]
carriers = ["198.51.100.0/24"]
[trunks.itsp]
host     = "sip.provider.example"
username = "account"
password = "a"
register = true
ping     = "25s"
codecs   = ["PCMU", "PCMA"]
[[inbound]]
did = "+15551234567"
to  = "1001"
[[outbound]]
dial   = '9(\d{10,11})'
trunks = ["itsp"]
needs  = "domestic"
)",
                                               "t.toml", {}));
  CHECK(snapshot->trunks.at("itsp").profile == "external");
  CHECK(snapshot->trunk_profiles.at("itsp").codecs == std::vector<std::string>{"PCMU", "PCMA"});
  CHECK(entry(*snapshot, "default", "outbound-1").when[0].pattern == R"(^(?:9(\d{10,11}))$)");
}
