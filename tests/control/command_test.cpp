#include "control/command.hpp"

#include "base/task_group.hpp"
#include "control/client_options.hpp"
#include "control/session.hpp"
#include "support/print_result.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>

using namespace switchroom;
using control::Answer;
namespace json = boost::json;

namespace {

control::CommandTable table() {
  control::CommandTable commands;
  const auto echo = [](std::string name) {
    return [name](std::vector<std::string> arguments) -> awaitable<base::result<Answer>> {
      std::string text = name;
      for (const auto& argument : arguments) text += "," + argument;
      co_return Answer{json::value(text), {}};
    };
  };
  commands.add({"calls", "", "lists calls", echo("calls"), 0, 0});
  commands.add({"log level", "SUBSYSTEM LEVEL", "sets a level", echo("log level"), 2, 2});
  commands.add({"log", "", "shows levels", echo("log"), 0, 1});
  commands.add({"registrations", "[EXTENSION]", "lists phones", echo("registrations"), 0, 1});
  return commands;
}

std::string run(std::vector<std::string> words) {
  const auto commands = table();
  asio::io_context context(1);
  std::string said;
  base::TaskGroup tasks(context.get_executor(), {});
  tasks.spawn(
      [](const control::CommandTable& c, std::vector<std::string> w, std::string& out) -> awaitable<void> {
        const auto answer = co_await c.run(std::move(w));
        out = answer ? (answer->data.is_string() ? std::string(answer->data.get_string())
                                                 : json::serialize(answer->data))
                     : "error: " + answer.error().what;
      }(commands, std::move(words), said));
  context.run();
  return said;
}

std::string shown(std::string_view text, std::vector<std::string> columns = {}) {
  return control::render({json::parse(json::string_view(text.data(), text.size())), std::move(columns)});
}

}  // namespace

TEST_CASE("a command is found by its longest name, and gets the rest as arguments") {
  CHECK(run({"calls"}) == "calls");
  CHECK(run({"log"}) == "log");
  CHECK(run({"log", "sip"}) == "log,sip");
  CHECK(run({"log", "level", "sip", "debug"}) == "log level,sip,debug");
}

TEST_CASE("too few or too many arguments, unknown commands and none are refused in words") {
  CHECK(run({"log", "level", "sip"}) == "error: usage: log level SUBSYSTEM LEVEL");
  CHECK(run({"calls", "now"}) == "error: usage: calls");
  CHECK(run({"cals"}) == "error: unknown command: cals; did you mean calls?");
  CHECK(run({"reg"}) == "error: unknown command: reg; did you mean registrations?");
  CHECK(run({"log-level"}) == "error: unknown command: log-level; did you mean log level?");
  CHECK(run({"xyzzy"}) == "error: unknown command: xyzzy; `help` lists the commands");
  CHECK(run({}) == "error: no command; `help` lists the commands");
  CHECK(run({""}).starts_with("error: unknown command"));
  CHECK(run({std::string(50'000, 'x'), std::string(50'000, 'y')}).size() < 200);
}

TEST_CASE("help lists every command") {
  const std::string help = run({"help"});
  CHECK_THAT(help, Catch::Contains("log level SUBSYSTEM LEVEL") && Catch::Contains("lists phones"));
}

TEST_CASE("a list of objects is a table: columns aligned by what is seen, numbers to the right") {
  CHECK(shown(R"([{"name":"Jürgen","calls":7},{"name":"漢字","calls":1234},{"name":"x","calls":null}])") ==
        "NAME    CALLS\n"
        "Jürgen      7\n"
        "漢字     1234\n"
        "x           -\n");
  CHECK(shown(R"([{"a":1,"b":"x","c_d":true},{"b":"yy"}])", {"b", "c_d"}) ==
        "B   C D\n"
        "x   yes\n"
        "yy\n");
  CHECK(shown("[]") == "none\n");
}

TEST_CASE("an object is key: value, a text is itself, a list is lines") {
  CHECK(shown(R"({"calls":3,"up_time":"1 h","listeners":["a","b"],"one":["x"],"none":[]})") ==
        "calls:     3\n"
        "up time:   1 h\n"
        "listeners: a\n"
        "           b\n"
        "one:       x\n"
        "none:      \n");
  CHECK(shown(R"("two\nlines")") == "two\nlines\n");
  CHECK(shown(R"(["a",1,2.5,{"k":"v"}])") == "a\n1\n2.5\nk=v\n");
  CHECK(shown("null").empty());
  CHECK(shown("7") == "7\n");
}

TEST_CASE("a stranger's bytes cannot steer the terminal") {
  for (const char* text : {R"([{"agent":"\u001b[2J\n evil"}])", R"({"agent":"\u001b[2J\n evil"})",
                           R"("\u001b]0;x\u0007")", R"([{"\u001bkey":1}])"}) {
    const std::string out = shown(text);
    CHECK(out.find('\x1b') == std::string::npos);
    CHECK(out.find('\x07') == std::string::npos);
  }
}

TEST_CASE("requests: what is no command is refused in words") {
  const auto words = control::parse_request(R"({"command":["log","level"]})");
  REQUIRE(words);
  CHECK(words->size() == 2);
  const std::string nested(60'000, '[');
  std::string many = R"({"command":["x")";
  for (int i = 0; i < 100; ++i) many += ",\"x\"";
  many += "]}";
  const std::vector<std::string> refused{
      "GET / HTTP/1.1",         "{}",       "[]", "null", R"({"command":"calls"})", R"({"command":[1]})",
      R"({"command":[["a"]]})", "\xff\xfe", "",   nested, R"({"command":["a")",     many};
  for (const std::string& bad : refused) {
    CHECK(!control::parse_request(bad));
  }
}

TEST_CASE("a reply is UTF-8, whatever is in it") {
  Answer answer{json::array{json::object{{"agent", "bad \xff byte"}}}, {"agent"}};
  CHECK(json::serialize(control::reply_of(std::move(answer))) ==
        "{\"ok\":true,\"data\":[{\"agent\":\"bad \xef\xbf\xbd byte\"}],\"columns\":[\"agent\"]}");
  CHECK(json::serialize(control::reply_of(base::Error{"no \xc3"})) ==
        "{\"ok\":false,\"error\":\"no \xef\xbf\xbd\"}");
}

TEST_CASE("pbxctl's options stand anywhere, and wrong ones are said") {
  const auto options = control::parse_client_options(
      {"calls", "--json", "--socket", "/x", "--watch", "--timeout=5", "--", "--json"});
  REQUIRE(options);
  CHECK(options->json);
  CHECK(options->watch);
  CHECK(options->socket == "/x");
  CHECK(options->timeout == std::chrono::seconds(5));
  CHECK(options->words == std::vector<std::string>{"calls", "--json"});
  CHECK(control::parse_client_options({"--socket=/y"})->socket == "/y");
  CHECK(control::parse_client_options({"-h"})->help);
  for (const std::vector<std::string>& bad : std::vector<std::vector<std::string>>{{"--socket"},
                                                                                   {"--socket="},
                                                                                   {"--timeout", "soon"},
                                                                                   {"--timeout", "0"},
                                                                                   {"--timeout", "-1"},
                                                                                   {"--jsn"},
                                                                                   {"--socketx"}}) {
    CHECK(!control::parse_client_options(bad));
  }
}

TEST_CASE("where pbxctl looks for its server") {
  const auto places = control::usual_sockets([](const char* name) -> const char* {
    if (std::string(name) == "XDG_RUNTIME_DIR") return "/run/user/1";
    return std::string(name) == "HOME" ? "/home/a" : nullptr;
  });
  REQUIRE(places.size() == 3);
  CHECK(places[0] == "/run/switchroom/control.sock");
  CHECK(places[1] == "/run/user/1/switchroom/control.sock");
  CHECK(places[2] == "/home/a/.local/share/switchroom/control.sock");
  const auto given = control::usual_sockets([](const char*) -> const char* { return "/only"; });
  CHECK(given == std::vector<std::filesystem::path>{"/only"});
}
