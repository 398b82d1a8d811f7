#include "base/clock.hpp"
#include "control/client_connection.hpp"
#include "control/client_options.hpp"
#include "control/server.hpp"

#include <boost/json.hpp>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <thread>
#include <unistd.h>

namespace switchroom::control {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

constexpr int refused = 1;
constexpr int wrong_usage = 2;
constexpr int no_server = 3;

constexpr std::string_view usage =
    "usage: pbxctl [--socket PATH] [--json] [--watch] [--timeout SECONDS] COMMAND ...\n"
    "  --socket PATH      the server's control socket (or $SWITCHROOM_SOCKET)\n"
    "  --json             the answer as data\n"
    "  --watch            asks again each second\n"
    "  --timeout SECONDS  gives up after so long (60; shutdown: never)\n"
    "  help               lists the server's commands\n";

bool print(std::string_view text) {
  // A reader that has gone (pbxctl calls | head) ends us quietly.
  return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
}

void complain(const std::string& what) { std::fprintf(stderr, "pbxctl: %s\n", what.c_str()); }

/// Why there is no answer: a sentence, or with --json data on stdout, what else is known of it beside it.
void complain(const ClientOptions& options, const std::string& what, const json::value* more = nullptr) {
  if (!options.json) {
    complain(what);
    return;
  }
  json::object data{{"error", what}};
  if (const json::object* members = more == nullptr ? nullptr : more->if_object()) {
    for (const auto& member : *members) data.insert(member);
  }
  (void)print(json::serialize(data) + "\n");
}

void print_usage(const LocalCommands& local) {
  (void)print(usage);
  if (local.contains("check")) (void)print("  check FILE         checks a configuration; needs no server\n");
}

// The first of the places where a socket exists and somebody answers.
std::optional<ClientConnection> find_server(const ClientOptions& options) {
  const auto places = options.socket.empty()
                          ? usual_sockets([](const char* name) { return std::getenv(name); })
                          : std::vector<std::filesystem::path>{options.socket};
  std::string looked;
  for (const auto& place : places) {
    auto connection = ClientConnection::open(place);
    if (connection) return std::move(*connection);
    looked += "\n  " + connection.error().what;
  }
  complain(
      options,
      "no server answers; looked at" + looked +
          "\nIs switchroom running, and may this user reach its socket? --socket PATH names another one.");
  return std::nullopt;
}

std::chrono::milliseconds timeout_of(const ClientOptions& options) {
  if (options.timeout.count() != 0) return options.timeout;
  return options.words[0] == "shutdown" ? 0ms : 60'000ms;
}

std::vector<std::string> texts(const json::value* list) {
  std::vector<std::string> texts;
  if (list == nullptr || !list->is_array()) return texts;
  for (const auto& item : list->get_array()) {
    if (item.is_string()) texts.emplace_back(item.get_string());
  }
  return texts;
}

std::string text_of(const ClientOptions& options, const json::object& reply) {
  const json::value* data = reply.if_contains("data");
  const json::value nothing;
  if (options.json) return json::serialize(data == nullptr ? nothing : *data) + "\n";
  const json::value* for_people = reply.if_contains("text");
  std::string text = for_people != nullptr && for_people->is_string()
                         ? render({*for_people, {}})
                         : render({data == nullptr ? nothing : *data, texts(reply.if_contains("columns"))});
  if (!options.watch) return text;
  std::string head = base::local_stamp(base::wall_now()) + "\n\n";
  // Home and clear, in one write with the text: no flicker.
  return (::isatty(STDOUT_FILENO) == 1 ? "\x1b[H\x1b[2J" : "") + head + text;
}

int ask_and_print(const ClientOptions& options, ClientConnection& server) {
  auto reply = server.ask(options.words, timeout_of(options));
  if (!reply) {
    complain(options, reply.error().what);
    return no_server;
  }
  const json::object& object = reply->get_object();
  const json::value* ok = object.if_contains("ok");
  if (ok == nullptr || !ok->is_bool() || !ok->get_bool()) {
    const json::value* error = object.if_contains("error");
    complain(options, error != nullptr && error->is_string() ? std::string(error->get_string()) : "refused",
             object.if_contains("data"));
    return refused;
  }
  return print(text_of(options, object)) ? 0 : refused;
}

int run(const ClientOptions& options) {
  auto server = find_server(options);
  if (!server) return no_server;
  for (;;) {
    const int status = ask_and_print(options, *server);
    if (!options.watch || status != 0) return status;
    std::this_thread::sleep_for(1s);
  }
}

}  // namespace

int client_main(int argc, char** argv, const LocalCommands& local) {
  const auto options = parse_client_options(std::vector<std::string>(argv + (argc > 0 ? 1 : 0), argv + argc));
  if (!options) {
    complain(options.error().what);
    return wrong_usage;
  }
  if (options->help) {
    print_usage(local);
    return 0;
  }
  if (options->words.empty()) {
    std::fputs(std::string(usage).c_str(), stderr);
    return wrong_usage;
  }
  if (const auto command = local.find(options->words[0]); command != local.end()) {
    return command->second({options->words.begin() + 1, options->words.end()}, options->json);
  }
  if (options->words[0] == "help" && !options->json) print_usage(local), (void)print("\n");
  return run(*options);
}

}  // namespace switchroom::control
