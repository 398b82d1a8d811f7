// What a file turns into, and what is said about keys and values that are wrong.
#include "loading.hpp"

#include <fmt/core.h>

using namespace switchroom;
using namespace switchroom::config;
using Catch::Matchers::Contains;
using Catch::Matchers::EndsWith;
using Catch::Matchers::StartsWith;

TEST_CASE("a short file gets the defaults of everything else") {
  const SnapshotPtr snapshot = right(load_with(""));
  CHECK(snapshot->pbx.name == "Switchroom");
  CHECK_FALSE(snapshot->pbx.domain.empty());
  CHECK(snapshot->pbx.data_dir == "/var/lib/switchroom");
  CHECK(snapshot->pbx.max_calls == 500);
  CHECK(snapshot->pbx.calls_per_second == 50);
  CHECK(snapshot->media.first_port == 16384);
  CHECK(snapshot->media.last_port == 32768);
  CHECK(snapshot->cdr.csv == "cdr/Master.csv");
  CHECK(snapshot->cdr.sqlite == "cdr.db");
  CHECK(snapshot->control.socket == "/run/switchroom/control.sock");
  CHECK(snapshot->log.level == "info");
  CHECK(snapshot->log.max_size == 10U << 20U);
  const Profile& profile = snapshot->profiles.at("internal");
  CHECK(profile.name == "internal");
  CHECK(profile.auth);
  CHECK(profile.codecs == std::vector<std::string>{"opus", "G722", "PCMU", "PCMA"});
  CHECK(profile.digest == std::vector<std::string>{"MD5"});
  CHECK(profile.dtmf == "rfc4733");
  CHECK(profile.session_timeout == Seconds(1800));
  CHECK(profile.min_session_timeout == Seconds(90));
  CHECK(profile.rtp_timeout == Seconds(300));
  CHECK(profile.rtp_hold_timeout == Seconds(1800));
  CHECK(profile.min_expires == Seconds(60));
  CHECK(profile.max_expires == Seconds(3600));
  CHECK(profile.caller_identity == "hide");
  CHECK(snapshot->extensions.at("1001").number == "1001");
}

TEST_CASE("every kind of value arrives where it belongs") {
  const SnapshotPtr snapshot = right(load_text(R"(
[pbx]
name = "Acme Ltd"
domain = "pbx.example.com"
data_dir = "/srv/pbx"
max_calls = 20
calls_per_second = 7
[vars]
town = "Rome"
[media]
ports = "20000-20999"
address = "10.0.0.5"
public_address = "198.51.100.7"
[profiles.internal]
listen = ["udp:0.0.0.0:5060", "tcp:[::]:5060"]
context = "office"
auth = false
codecs = ["pcma", "OPUS"]
srtp = "forbidden"
allow = "lan"
allow_register = "lan"
allow_call = "lan"
public_address = "198.51.100.8"
digest = ["SHA-256", "MD5"]
session_timeout = "1h"
min_session_timeout = "2m"
rtp_timeout = "20s"
rtp_hold_timeout = "10m"
min_expires = "30s"
max_expires = "2h"
caller_identity = "pass"
[profiles.other]
listen = ["udp:0.0.0.0:5080"]
context = "office"
media_address = "10.0.0.6"
media_public_address = "2001:db8::1"
[acl]
lan = ["10.0.0.0/8", "fd00::/8", "192.0.2.1"]
[extensions.1001]
name = "Alice"
password = "kV7-tree-lamp"
groups = ["sales", "board"]
caller_id = "15551234567"
toll_allow = ["local", "domestic"]
context = "office"
accountcode = "A1"
variables = { favourite_colour = "blue" }
[[contexts.office]]
name = "one"
when = { destination_number = '^1$', "${toll_allow}" = "local" }
do = ["log  hello $${town} ${uuid} ", "answer"]
continue = true
[[contexts.office]]
do = ["hangup"]
[cdr]
csv = ""
sqlite = "records/./all.db"
[control]
socket = "/tmp/x.sock"
[log]
level = "warning"
levels = { sip = "debug" }
file = "pbx.log"
max_size = "1M"
keep = 3
)",
                                               "t.toml", {}));
  CHECK(snapshot->pbx.name == "Acme Ltd");
  CHECK(snapshot->pbx.domain == "pbx.example.com");
  CHECK(snapshot->pbx.max_calls == 20);
  CHECK(snapshot->pbx.calls_per_second == 7);
  CHECK(snapshot->media.first_port == 20000);
  CHECK(snapshot->media.last_port == 20999);
  const Profile& internal = snapshot->profiles.at("internal");
  CHECK(internal.listen == std::vector<std::string>{"udp:0.0.0.0:5060", "tcp:[::]:5060"});
  CHECK(internal.context == "office");
  CHECK_FALSE(internal.auth);
  CHECK(internal.codecs == std::vector<std::string>{"PCMA", "opus"});
  CHECK(internal.allow == "lan");
  CHECK(internal.allow_register == "lan");
  CHECK(internal.allow_call == "lan");
  CHECK(internal.public_address == "198.51.100.8");
  CHECK(internal.media_address == "10.0.0.5");
  CHECK(internal.media_public_address == "198.51.100.7");
  CHECK(internal.digest == std::vector<std::string>{"SHA-256", "MD5"});
  CHECK(internal.session_timeout == Seconds(3600));
  CHECK(internal.min_session_timeout == Seconds(120));
  CHECK(internal.rtp_timeout == Seconds(20));
  CHECK(internal.rtp_hold_timeout == Seconds(600));
  CHECK(internal.min_expires == Seconds(30));
  CHECK(internal.max_expires == Seconds(7200));
  CHECK(internal.caller_identity == "pass");
  CHECK(snapshot->profiles.at("other").media_address == "10.0.0.6");
  CHECK(snapshot->profiles.at("other").media_public_address == "2001:db8::1");
  REQUIRE(snapshot->acl.at("lan").allow.size() == 3);
  CHECK(snapshot->acl.at("lan").allow[0].prefix == 8);
  CHECK(snapshot->acl.at("lan").allow[2].prefix == 32);
  const Extension& alice = snapshot->extensions.at("1001");
  CHECK(alice.name == "Alice");
  CHECK(alice.password == "kV7-tree-lamp");
  CHECK(alice.context == "office");
  CHECK(alice.variables == std::map<std::string, std::string>{{"favourite_colour", "blue"},
                                                              {"callgroup", "sales,board"},
                                                              {"outbound_caller_id_number", "15551234567"},
                                                              {"toll_allow", "local,domestic"},
                                                              {"accountcode", "A1"}});
  const std::vector<ContextEntry>& office = snapshot->contexts.at("office");
  REQUIRE(office.size() == 2);
  CHECK(office[0].name == "one");
  CHECK(office[0].continue_after);
  REQUIRE(office[0].when.size() == 2);
  CHECK(office[0].when[1].field == "${toll_allow}");
  CHECK(office[0].when[1].pattern == "local");
  REQUIRE(office[0].actions.size() == 2);
  CHECK(office[0].actions[0].application == "log");
  CHECK(office[0].actions[0].argument == "hello Rome ${uuid}");
  CHECK(office[0].actions[1].application == "answer");
  CHECK(office[0].actions[1].argument.empty());
  CHECK(office[0].actions[1].place.line == 51);
  CHECK_FALSE(office[1].continue_after);
  CHECK(snapshot->cdr.csv.empty());
  CHECK(snapshot->cdr.sqlite == "records/all.db");
  CHECK(snapshot->control.socket == "/tmp/x.sock");
  CHECK(snapshot->log.level == "warning");
  CHECK(snapshot->log.levels.at("sip") == "debug");
  CHECK(snapshot->log.file == "/srv/pbx/pbx.log");
  CHECK(snapshot->log.max_size == 1U << 20U);
  CHECK(snapshot->log.keep == 3);
}

TEST_CASE("problems are all told, in the order of the file, with place and key") {
  const Loaded loaded = load_text(R"([pbx]
nmae = "x"
max_calls = "many"
[profiles.internal]
lisen = []
context = "defualt"
rtp_timeout = 30
[[contexts.default]]
do = ["answer"]
)",
                                  "office.toml", {});
  REQUIRE_FALSE(loaded.snapshot);
  const std::vector<std::string> said = texts(loaded);
  REQUIRE(said.size() == 6);
  CHECK(said[0] == "office.toml:2:1: pbx.nmae: unknown key; did you mean name");
  CHECK_THAT(said[1], StartsWith("office.toml:3:13: pbx.max_calls: is text, but a whole number"));
  CHECK_THAT(said[2], StartsWith("office.toml:4:1: profiles.internal.listen: is missing"));
  CHECK(said[3] == "office.toml:5:1: profiles.internal.lisen: unknown key; did you mean listen");
  CHECK_THAT(
      said[4],
      StartsWith("office.toml:6:11: profiles.internal.context: the context \"defualt\" is defined nowhere") &&
          EndsWith("did you mean default"));
  CHECK_THAT(
      said[5],
      StartsWith(
          "office.toml:7:15: profiles.internal.rtp_timeout: is a whole number, but a duration in quotes"));
}

TEST_CASE("values and keys within known tables that this version lacks are refused too") {
  CHECK_THAT(only(load_with("[control]\nevent_socket = { listen = '127.0.0.1:8021' }\n")),
             EndsWith("not in this version"));
  for (const std::string transport : {"ws", "wss"}) {
    CHECK_THAT(only(load_text("[profiles.p]\nlisten = ['" + transport +
                                  ":0.0.0.0:5061']\n[[contexts.default]]\ndo = ['answer']\n",
                              "t.toml", {})),
               Contains("not in this version"));
  }
}

TEST_CASE("a value that is wrong is named with what would be right") {
  const auto said = [](const std::string& text) { return only(load_with(text + "\n")); };
  CHECK_THAT(said("[pbx]\nmax_calls = 0"), Contains("0 is out of range: 1 to 100000"));
  CHECK_THAT(said("[pbx]\nmax_calls = -9223372036854775808"), Contains("out of range"));
  CHECK_THAT(said("[pbx]\nname = 'a\tb'"), Contains("control character"));
  CHECK_THAT(said("[pbx]\nname = '" + std::string(65, 'x') + "'"), Contains("longer than 64 bytes"));
  CHECK_THAT(said("[pbx]\ndomain = 'a b'"), Contains("neither a name nor an address"));
  CHECK_THAT(said("[pbx]\nname = 2026-12-24"), Contains("is a date or time, but text in quotes"));
  CHECK_THAT(said("[media]\nports = '16385-20000'"), Contains("odd port 16385"));
  CHECK_THAT(said("[media]\nports = '16384'"), Contains("is not a port range"));
  CHECK_THAT(said("[media]\nports = '16384-99999'"), Contains("1 to 65535"));
  CHECK_THAT(said("[media]\nports = '20-30'"), Contains("below 1024"));
  CHECK_THAT(said("[media]\nports = '16384-16385'"), Contains("no room"));
  CHECK_THAT(said("[media]\naddress = 'pbx.example.com'"), Contains("is not an IP address"));
  CHECK_THAT(said("[media]\naddress = '0.0.0.0'"), Contains("no address that anyone could send to"));
  CHECK_THAT(said("[acl]\nlan = ['10.0.0.1/8']"),
             EndsWith("has bits set behind its prefix; did you mean 10.0.0.0/8"));
  CHECK_THAT(said("[acl]\nlan = ['fd00::1/64']"), EndsWith("did you mean fd00::/64"));
  CHECK_THAT(said("[acl]\nlan = ['10.0.0.0/33']"), Contains("0 to 32"));
  CHECK_THAT(said("[acl]\nlan = ['office']"), Contains("is not a network"));
  CHECK_THAT(said("[acl]\nlan = '10.0.0.0/8'"), Contains("a list belongs here"));
  CHECK_THAT(said("[acl]\nlan = [10]"), Contains("the list holds a whole number"));
  CHECK_THAT(said("[log]\nlevel = 'debgu'"),
             EndsWith("is none of trace, debug, info, warning, error, off; did you mean debug"));
  CHECK_THAT(said("[log]\nlevels = { spi = 'debug' }"), EndsWith("is no subsystem; did you mean sip"));
  CHECK_THAT(said("[log]\nmax_size = '10X'"), Contains("is not a size"));
  CHECK_THAT(said("[log]\nmax_size = '1K'"), Contains("out of range: 64K to 1G"));
  CHECK_THAT(said("[log]\nkeep = 1.5"), Contains("is a number with a point"));
  CHECK_THAT(said("[vars]\nn = 5"), Contains("is a whole number, but text in quotes"));
  CHECK_THAT(said("[pbx]\ntimezone = 'Mars/Olympus'"), Contains("there is no zone"));
  CHECK_THAT(said("[pbx]\ntimezone = '../../etc/passwd'"), Contains("there is no zone"));
  CHECK_THAT(said("[[contexts.x]]\ndo = ['']"), Contains("an application's name is missing"));
  CHECK_THAT(said("[[contexts.x]]\ndo = 'answer'"), Contains("a list belongs here"));
  CHECK_THAT(said("[[contexts.x]]\ndo = []"), Contains("empty list"));
  CHECK_THAT(said("[[contexts.x]]\nname = 'x'"),
             EndsWith("contexts.x.do: is missing: an entry without it does nothing"));
  CHECK_THAT(said("[contexts.x]\ndo = ['answer']"), EndsWith("but entries belong here: [[contexts.x]]"));
  CHECK_THAT(said("[extensions.'10 01']\npassword = 'kV7-tree-lamp'"), Contains("the name may have letters"));
  CHECK_THAT(said("extensions.1002 = 5"), Contains("a table belongs here: [extensions.1002]"));
  CHECK_THAT(said("data_dir = '/x'"), EndsWith("unknown key; did you mean data_dir in [pbx]"));
  CHECK_THAT(said("[profile.internal]\nlisten = ['udp:1.2.3.4:5']"),
             EndsWith("profile: unknown table; did you mean profiles"));
}

TEST_CASE("values of profiles") {
  const auto said = [](const std::string& line) {
    return only(
        load_text("[profiles.p]\n" + line + "\n[[contexts.default]]\ndo = ['answer']\n", "t.toml", {}));
  };
  const std::string listen = "listen = ['udp:127.0.0.1:5060']\n";
  CHECK_THAT(said(listen + "codecs = ['G729']"),
             Contains("\"G729\" is none of opus, G722, PCMU, PCMA; did you mean G722"));
  CHECK_THAT(said(listen + "codecs = ['PCMU', 'pcmu']"), Contains("PCMU stands in the list twice"));
  CHECK_THAT(said(listen + "codecs = []"), Contains("empty list"));
  CHECK_THAT(said(listen + "auth = 'yes'"), Contains("true or false without quotes"));
  CHECK_THAT(said(listen + "rtp_timeout = '250ms'"), Contains("out of range: 1s to 24h"));
  CHECK_THAT(said(listen + "rtp_timeout = '1500ms'"), Contains("whole seconds"));
  CHECK_THAT(said(listen + "rtp_timeout = '5 minutes'"), Contains("is not a duration"));
  CHECK_THAT(said(listen + "rtp_timeout = '99999999999999999999d'"), Contains("is not a duration"));
  CHECK_THAT(said(listen + "session_timeout = '60s'"), Contains("out of range: 90s to 24h"));
  CHECK_THAT(said(listen + "session_timeout = '2m'\nmin_session_timeout = '3m'"),
             Contains("session_timeout is shorter"));
  CHECK_THAT(said(listen + "max_expires = '30s'"), Contains("max_expires is shorter than min_expires"));
  CHECK_THAT(said(listen + "allow = 'offise'\n[acl]\noffice = ['10.0.0.0/8']"),
             Contains("is not defined in [acl]; did you mean office"));
  CHECK_THAT(said(listen + "allow_register = 'nobody'"),
             Contains("allow_register: the access list \"nobody\""));
  CHECK_THAT(said(listen + "allow_call = 'nobody'"), Contains("allow_call: the access list \"nobody\""));
  CHECK_THAT(said("listen = ['0.0.0.0:5060']"), Contains("does not begin with udp:, tcp: or tls:"));
  CHECK_THAT(said("listen = ['udp:0.0.0.0']"), Contains("is not transport:address:port"));
  CHECK_THAT(said("listen = ['udp:::5060']"), Contains("is not transport:address:port"));
  CHECK_THAT(said("listen = ['udp:example.com:5060']"), Contains("is not an IP address"));
  CHECK_THAT(said("listen = ['udp:0.0.0.0:0']"), Contains("is not a port"));
  CHECK_THAT(said("listen = ['udp:0.0.0.0:65536']"), Contains("is not a port"));
  CHECK_THAT(said("listen = ['udp:10.0.0.1:5060', 'udp:10.0.0.1:5060']"), Contains("is listened on twice"));
  CHECK_THAT(said("listen = ['udp:0.0.0.0:5060', 'udp:10.0.0.1:5060']"), Contains("overlap"));
  CHECK_THAT(said("listen = ['udp:0.0.0.0:20000']"), Contains("lies within [media] ports 16384-32768"));
  right(
      load_text("[profiles.p]\nlisten = ['udp:0.0.0.0:5060', 'tcp:0.0.0.0:5060', 'udp:[::]:5060', "
                "'tcp:1.2.3.4:20000']\n[[contexts.default]]\ndo = ['answer']\n",
                "t.toml", {}));
}

TEST_CASE("two profiles do not share a listener") {
  CHECK_THAT(only(load_with("[profiles.z]\nlisten = ['udp:127.0.0.1:5060']\n")),
             Contains("is listened on twice, here and by profiles.internal"));
}

TEST_CASE("an exchange without a profile, a phone without a context") {
  CHECK_THAT(only(load_text("", "t.toml", {})), Contains("no profile: at least one is needed"));
  CHECK_THAT(only(load_text("[profiles]\n", "t.toml", {})), Contains("no profile: at least one is needed"));
  CHECK_THAT(only(load_with("[extensions.1002]\npassword = 'kV7-tree-lamp'\ncontext = "
                            "'offcie'\n[[contexts.office]]\ndo = ['answer']\n")),
             EndsWith("did you mean office"));
  CHECK_THAT(
      only(load_with("[profiles.external]\nlisten = ['udp:127.0.0.1:5080']\ncontext = 'public'\n")),
      Contains("profiles.external.context: the context \"public\" is defined nowhere: [[contexts.public]]"));
}

TEST_CASE("records stay under data_dir") {
  const std::string path = GENERATE("../cdr.db", "/etc/cdr.db", "a/../../cdr.db", ".", "folder/", "..");
  INFO(path);
  CHECK_THAT(only(load_with("[cdr]\nsqlite = '" + path + "'\n")), Contains("is not a file under data_dir"));
  CHECK_THAT(only(load_with("[cdr]\nsqlite = 'x'\ncsv = './x'\n")), Contains("same file"));
  CHECK(right(load_with("[cdr]\nsqlite = '/var/lib/switchroom/x/cdr.db'\n"))->cdr.sqlite == "x/cdr.db");
}

TEST_CASE("a socket's path has the system's length") {
  CHECK_THAT(only(load_with("[control]\nsocket = '/" + std::string(108, 'x') + "'\n")),
             Contains("longer than the 107 bytes"));
  CHECK_THAT(only(load_with("[control]\nsocket = ''\n")), Contains("is empty"));
}

TEST_CASE("variables are replaced in every text, in keys' lists and in each other") {
  const SnapshotPtr snapshot =
      right(load_with("[vars]\nhost = 'pbx.$${site}.example'\nsite = 'rome'\nnet = "
                      "'10.0.0.0/8'\n[pbx]\ndomain = '$${host}'\n[acl]\nlan = ['$${net}']\n"));
  CHECK(snapshot->pbx.domain == "pbx.rome.example");
  CHECK(snapshot->acl.at("lan").allow.size() == 1);
  CHECK(snapshot->vars.at("host") == "pbx.rome.example");
}

TEST_CASE("variables that are not there or go round in circles") {
  CHECK(only(load_with("[vars]\nmain_number = '1'\n[pbx]\nname = '$${main_nubmer}'\n")) ==
        "t.toml:4:8: pbx.name: $${main_nubmer} is not set in [vars]; did you mean main_number");
  CHECK_THAT(only(load_with("[vars]\na = '$${a}'\n")), Contains("stands for itself"));
  CHECK_THAT(only(load_with("[vars]\na = '$${b}'\n")), Contains("$${b} is not set"));
  CHECK_THAT(only(load_with("[[contexts.x]]\ndo = ['log $${nothing}']\n")),
             Contains("$${nothing} is not set"));
  CHECK(right(load_with("[pbx]\nname = 'a $${ b'\n"))->pbx.name == "a $${ b");
}

TEST_CASE("variables cannot be made a bomb, neither of length nor of time") {
  const std::string start = GENERATE(std::string(4096, 'x'), std::string());
  std::string bomb = "[vars]\nv0 = '" + start + "'\n";
  for (int i = 1; i < 8; ++i) {
    bomb += fmt::format("v{} = '", i);
    for (int k = 0; k < 200; ++k) {
      bomb += fmt::format("$${{v{}}}", i - 1);
    }
    bomb += "'\n";
  }
  const Loaded loaded = load_with(bomb);
  REQUIRE_FALSE(loaded.snapshot);
  CHECK_THAT(all(loaded), Contains(start.empty() ? "more than 10000 replacements" : "longer than 64 KiB"));
}

TEST_CASE("other rooms judge applications and conditions, each at its place") {
  Checks checks;
  checks.application = [](const Action& action, const Snapshot& snapshot) {
    CHECK(snapshot.extensions.count("1001") == 1);
    return action.application == "brige" ? std::string("unknown application \"brige\"; did you mean bridge")
                                         : std::string();
  };
  checks.condition = [](const Condition& condition, const Snapshot& /*snapshot*/) {
    return condition.pattern == "(" ? std::string("the pattern does not compile") : std::string();
  };
  const Loaded loaded = load_text(
      std::string(sound) +
          "[[contexts.default]]\nwhen = { destination_number = '(' }\ndo = ['answer', 'brige user/1']\n",
      "t.toml", checks);
  const std::vector<std::string> said = texts(loaded);
  REQUIRE(said.size() == 2);
  CHECK(said[0] == "t.toml:13:31: contexts.default.when.destination_number: the pattern does not compile");
  CHECK(said[1] == "t.toml:14:17: contexts.default.do: unknown application \"brige\"; did you mean bridge");
}

TEST_CASE("what is not TOML is told in words, at its place") {
  const auto said = [](const std::string& text) { return only(load_text(text, "t.toml", {})); };
  CHECK_THAT(said("[pbx]\nname = Acme\n"), StartsWith("t.toml:2:") && Contains("text stands in quotes"));
  CHECK_THAT(said("[pbx]\nname = \"Acme\n"), StartsWith("t.toml:2:") && Contains("a quote is missing"));
  CHECK_THAT(said("[pbx]\nname: 1\n"), Contains("a = was expected"));
  CHECK_THAT(said("[pbx\nname = 1\n"), Contains("a ] is missing"));
  CHECK_THAT(said("[pbx]\nname =\n"), Contains("the value is missing"));
  CHECK_THAT(said("[pbx]\nname = \"a\\d\"\n"), Contains("a backslash in double quotes"));
  CHECK_THAT(said("[pbx]\nname = 1\nname = 2\n"), Contains("second time"));
  CHECK_THAT(said("[pbx]\n[pbx]\n"), Contains("second time"));
  CHECK_THAT(said("[acl]\n[,a]\n[pbx]\n"),
             StartsWith("t.toml:2:") && Contains("a key or a value was expected"));
  CHECK_THAT(said("[pbx]\nname \u00e9 = 1\n"), StartsWith("t.toml:2:"));
  CHECK_THAT(said("\u00e9 = 1\n"), StartsWith("t.toml:1:"));
  CHECK_THAT(said("name = 1 \u0161\n"), StartsWith("t.toml:1:"));
  CHECK_THAT(said("\u2dff\u2003= 1\n"), StartsWith("t.toml:1:"));
  CHECK_THAT(said("[=]"), StartsWith("t.toml:1:"));
  CHECK_THAT(said("[acl]\na = ["), Contains("the file ends"));
  CHECK_THAT(said("[pbx]\nname = \"\xFF\"\n"), StartsWith("t.toml:2:9: ") && Contains("not UTF-8"));
  CHECK_THAT(said(std::string("a = \"x\0y\"\n", 10)), StartsWith("t.toml:1:"));
  CHECK_THAT(said("a = " + std::string(10000, '[')), Contains("nested too deep"));
  CHECK_THAT(said(std::string(5U << 20U, ' ')), Contains("larger than 4 MiB"));
  std::string deep = "a";
  for (int i = 0; i < 100000; ++i) {
    deep += ".a";
  }
  CHECK_THAT(said(deep + " = 1\n"), Contains("too many parts"));
  CHECK_THAT(said("[" + deep + "]\n"), Contains("too many parts"));
  CHECK_THAT(said("x = { " + deep + " = 1 }\n"), Contains("too many parts"));
  right(load_with("[pbx]\nname = '1.2.3.4.5.6.7.8.9.10.11.12.13.14.15.16.17.18.19'\n"));
}
