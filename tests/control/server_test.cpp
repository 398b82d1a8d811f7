// The socket with real clients, well and badly behaved, and pbxctl itself.
#include "control/server.hpp"

#include "base/signal.hpp"
#include "base/task_group.hpp"
#include "control/client_connection.hpp"
#include "support/print_result.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <atomic>
#include <cstring>
#include <fstream>
#include <thread>
#include <unistd.h>

using namespace switchroom;
using namespace std::chrono_literals;
using control::Answer;
namespace json = boost::json;
namespace fs = std::filesystem;

namespace {

// A server on a thread of its own, as the call thread is for pbxctl; a tick shows that it never stalls.
class Running {
 public:
  Running() {
    fs::remove_all(folder);
    add_commands();
    auto opened = control::Server::open(context_, socket, commands_);
    REQUIRE(opened);
    server_ = std::move(*opened);
    tasks_.spawn(tick());
    thread_ = std::thread([this] { context_.run(); });
  }
  ~Running() {
    asio::post(context_, [this] { tasks_.spawn(end()); });
    thread_.join();
    CHECK(tasks_.empty());
    CHECK(!fs::exists(socket));
    server_.reset();
    fs::remove_all(folder);
  }
  [[nodiscard]] std::chrono::nanoseconds longest_stall() const {
    return std::chrono::nanoseconds(stall_.load());
  }

  fs::path folder = fs::temp_directory_path() / ("switchroom-control-" + std::to_string(::getpid()));
  fs::path socket = folder / "run" / "control.sock";

 private:
  void add_commands() {
    commands_.add({"echo", "[TEXT]", "says it again",
                   [](std::vector<std::string> words) -> awaitable<base::result<Answer>> {
                     co_return Answer{json::value(words.empty() ? "" : words[0]), {}};
                   },
                   0, 1});
    commands_.add({"slow", "", "takes a while",
                   [](std::vector<std::string>) -> awaitable<base::result<Answer>> {
                     co_await base::nap(1h);
                     co_return Answer{};
                   },
                   0, 0});
    commands_.add({"refuse", "", "says no, and more of it",
                   [](std::vector<std::string>) -> awaitable<base::result<Answer>> {
                     co_return Answer{json::object{{"problems", json::array{1, 2}}}, {}, "not today", {}};
                   },
                   0, 0});
    commands_.add({"told", "", "has a text of its own",
                   [](std::vector<std::string>) -> awaitable<base::result<Answer>> {
                     co_return Answer{json::object{{"a", 1}}, {}, {}, "as people\nread it\n"};
                   },
                   0, 0});
    commands_.add({"throw", "", "fails",
                   [](std::vector<std::string>) -> awaitable<base::result<Answer>> {
                     throw std::runtime_error("boom");
                     co_return Answer{};
                   },
                   0, 0});
    commands_.add({"large", "", "answers at length",
                   [](std::vector<std::string>) -> awaitable<base::result<Answer>> {
                     json::array rows;
                     for (int i = 0; i < 20'000; ++i)
                       rows.emplace_back(json::object{{"extension", i}, {"text", std::string(100, 'x')}});
                     co_return Answer{std::move(rows), {"extension", "text"}};
                   },
                   0, 0});
  }
  awaitable<void> tick() {
    for (;;) {
      const auto before = base::Clock::now();
      co_await base::nap(1ms);
      stall_ = std::max(stall_.load(), (base::Clock::now() - before).count());
    }
  }
  awaitable<void> end() {
    co_await server_->close();
    tasks_.cancel();
  }

  asio::io_context context_{1};
  control::CommandTable commands_;
  std::unique_ptr<control::Server> server_;
  std::atomic<std::int64_t> stall_{0};
  std::thread thread_;
  base::TaskGroup tasks_{context_.get_executor(), {}};
};

int raw_connect(const fs::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  REQUIRE(::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  return fd;
}

std::string read_all(int fd) {
  std::string text;
  char piece[4096];
  for (ssize_t got = 0; (got = ::recv(fd, piece, sizeof piece, 0)) > 0;)
    text.append(piece, static_cast<std::size_t>(got));
  return text;
}

void send_text(int fd, std::string_view text) { (void)::send(fd, text.data(), text.size(), MSG_NOSIGNAL); }

std::string ask(const fs::path& socket, const std::vector<std::string>& words) {
  auto client = control::ClientConnection::open(socket);
  REQUIRE(client);
  const auto reply = client->ask(words, 20s);
  return reply ? json::serialize(*reply) : "failed: " + reply.error().what;
}

// Runs pbxctl with its output in a file.
struct Result {
  int status;
  std::string out;
};
Result pbxctl(std::vector<std::string> words, const control::LocalCommands& local = {}) {
  words.insert(words.begin(), "pbxctl");
  std::vector<char*> argv;
  for (auto& word : words) argv.push_back(word.data());
  const auto file = fs::temp_directory_path() / ("switchroom-pbxctl-" + std::to_string(::getpid()));
  std::fflush(stdout);
  const int saved = ::dup(STDOUT_FILENO);
  std::FILE* out = std::fopen(file.c_str(), "w");
  ::dup2(::fileno(out), STDOUT_FILENO);
  const int status = control::client_main(static_cast<int>(argv.size()), argv.data(), local);
  std::fflush(stdout);
  ::dup2(saved, STDOUT_FILENO);
  ::close(saved);
  std::fclose(out);
  std::ifstream in(file);
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  fs::remove(file);
  return {status, text};
}

}  // namespace

TEST_CASE("the socket is its owner's alone, and answers, several requests to a connection") {
  Running server;
  struct stat info{};
  REQUIRE(::stat(server.socket.c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
  CHECK(ask(server.socket, {"echo", "hi"}) == R"({"ok":true,"data":"hi","columns":[]})");
  CHECK(ask(server.socket, {"nothing"}).starts_with(R"({"ok":false,"error":"unknown command)"));
  CHECK(ask(server.socket, {"throw"}) == R"({"ok":false,"error":"the command failed: boom"})");
  const int fd = raw_connect(server.socket);
  send_text(fd, "{\"command\":[\"echo\",\"1\"]}\n{\"command\":[\"echo\",\"2\"]}\n{\"comm");
  send_text(fd, "and\":[\"echo\",\"3\"]}\r\n");
  ::shutdown(fd, SHUT_WR);
  CHECK(read_all(fd) ==
        "{\"ok\":true,\"data\":\"1\",\"columns\":[]}\n{\"ok\":true,\"data\":\"2\",\"columns\":[]}\n"
        "{\"ok\":true,\"data\":\"3\",\"columns\":[]}\n");
  ::close(fd);
}

TEST_CASE("rubbish is answered in words, a line without end is cut off, a half line is nobody's") {
  Running server;
  int fd = raw_connect(server.socket);
  send_text(fd, "GET / HTTP/1.1\n\x00\xff\xfe\n");
  ::shutdown(fd, SHUT_WR);
  CHECK_THAT(read_all(fd), Catch::Contains("not JSON"));
  ::close(fd);
  fd = raw_connect(server.socket);
  for (int i = 0; i < 100; ++i) send_text(fd, std::string(1000, '['));
  CHECK_THAT(read_all(fd), Catch::Contains("64 KiB"));
  ::close(fd);
  fd = raw_connect(server.socket);
  send_text(fd, "{\"command\":[\"echo\"]}");
  ::shutdown(fd, SHUT_WR);
  CHECK(read_all(fd).empty());
  ::close(fd);
  CHECK(ask(server.socket, {"echo", "still"}) == R"({"ok":true,"data":"still","columns":[]})");
}

TEST_CASE("a client that never reads its answer stalls nobody") {
  Running server;
  const int fd = raw_connect(server.socket);
  for (int i = 0; i < 10; ++i) send_text(fd, "{\"command\":[\"large\"]}\n");
  std::this_thread::sleep_for(50ms);
  const auto start = std::chrono::steady_clock::now();
  CHECK(ask(server.socket, {"echo", "x"}) == R"({"ok":true,"data":"x","columns":[]})");
  CHECK(std::chrono::steady_clock::now() - start < 5s);
  ::close(fd);
}

TEST_CASE("a long answer arrives whole, in pieces") {
  Running server;
  const std::string answer = ask(server.socket, {"large"});
  CHECK(answer.size() > 2'000'000);
  CHECK(answer.find("\"extension\":19999") != std::string::npos);
  WARN("longest stall of the call thread: " << server.longest_stall() / 1us << " us");
}

TEST_CASE("more than 32 clients are sent away in words; who leaves makes room") {
  Running server;
  std::vector<int> clients;
  for (int i = 0; i < 32; ++i) {
    clients.push_back(raw_connect(server.socket));
    send_text(clients.back(), "{\"command\":[\"echo\"]}\n");
    char reply[64];
    REQUIRE(::recv(clients.back(), reply, sizeof reply, 0) > 0);
  }
  const int one_too_many = raw_connect(server.socket);
  CHECK_THAT(read_all(one_too_many), Catch::Contains("32 clients"));
  ::close(one_too_many);
  ::close(clients.back());
  clients.pop_back();
  std::this_thread::sleep_for(100ms);
  CHECK(ask(server.socket, {"echo"}) == R"({"ok":true,"data":"","columns":[]})");
  for (const int fd : clients) ::close(fd);
}

TEST_CASE("closing ends sessions that wait, in the middle of a line and in a command") {
  int in_command = -1;
  int in_line = -1;
  {
    Running server;
    in_command = raw_connect(server.socket);
    send_text(in_command, "{\"command\":[\"slow\"]}\n");
    in_line = raw_connect(server.socket);
    send_text(in_line, "{\"comma");
    std::this_thread::sleep_for(50ms);
  }
  CHECK(read_all(in_command).empty());
  CHECK(read_all(in_line).empty());
  ::close(in_command);
  ::close(in_line);
}

TEST_CASE(
    "a stale socket is replaced; a living one, a file in the way and a path too long are refused in words") {
  Running server;
  asio::io_context context(1);
  const control::CommandTable commands;
  auto second = control::Server::open(context, server.socket, commands);
  REQUIRE(!second);
  CHECK_THAT(second.error().what, Catch::Contains("running already"));

  const auto file = server.folder / "file";
  std::ofstream(file) << "x";
  CHECK(!control::Server::open(context, file, commands));
  CHECK(fs::exists(file));
  CHECK(!control::Server::open(context, server.folder / std::string(200, 'x'), commands));

  const auto stale = server.folder / "stale.sock";
  {
    asio::local::stream_protocol::acceptor dead(context,
                                                asio::local::stream_protocol::endpoint(stale.string()));
  }
  REQUIRE(fs::exists(stale));
  auto replaced = control::Server::open(context, stale, commands);
  REQUIRE(replaced);
  base::TaskGroup tasks(context.get_executor(), {});
  tasks.spawn((*replaced)->close());
  context.run();
  CHECK(!fs::exists(stale));
}

TEST_CASE("pbxctl: table, data, refusals and help") {
  Running server;
  const std::string socket = server.socket;
  CHECK(pbxctl({"--socket", socket, "echo", "hello"}).out == "hello\n");
  CHECK(pbxctl({"--socket", socket, "--json", "echo", "hello"}).out == "\"hello\"\n");
  CHECK(pbxctl({"--socket", socket, "large"}).out.starts_with("EXTENSION  TEXT\n        0  xxx"));
  CHECK(pbxctl({"--socket", socket, "nothing"}).status == 1);
  CHECK(pbxctl({"--socket", socket, "told"}).out == "as people\nread it\n");
  CHECK(pbxctl({"--socket", socket, "--json", "told"}).out == "{\"a\":1}\n");
  CHECK(ask(server.socket, {"refuse"}) == R"({"ok":false,"error":"not today","data":{"problems":[1,2]}})");
  CHECK(pbxctl({"--socket", socket, "refuse"}).out.empty());
  CHECK(pbxctl({"--socket", socket, "--json", "refuse"}).out ==
        "{\"error\":\"not today\",\"problems\":[1,2]}\n");
  const auto unknown = pbxctl({"--socket", socket, "--json", "nothing"});
  CHECK(unknown.status == 1);
  CHECK_THAT(unknown.out, Catch::StartsWith("{\"error\":\"unknown command: nothing"));
  CHECK(pbxctl({"--socket", socket, "slow", "--timeout", "1"}).status == 3);
  const auto help = pbxctl({"--socket", socket, "help"});
  CHECK(help.status == 0);
  CHECK_THAT(help.out, Catch::Contains("usage: pbxctl") && Catch::Contains("echo [TEXT]") &&
                           Catch::Contains("says it again"));
  CHECK(pbxctl({}).status == 2);
  CHECK(pbxctl({"--nonsense", "calls"}).status == 2);
}

TEST_CASE("pbxctl without a server says so, still helps, and runs what needs none") {
  CHECK(pbxctl({"--socket", "/nonexistent/control.sock", "calls"}).status == 3);
  CHECK_THAT(pbxctl({"--socket", "/nonexistent/control.sock", "--json", "calls"}).out,
             Catch::StartsWith("{\"error\":\"no server answers"));
  const auto help = pbxctl({"--help"});
  CHECK(help.status == 0);
  CHECK_THAT(help.out, Catch::Contains("usage: pbxctl"));
  CHECK_THAT(pbxctl({"--socket", "/nonexistent/control.sock", "help"}).out, Catch::Contains("usage: pbxctl"));
  const control::LocalCommands local{{"check", [](const std::vector<std::string>& words, bool as_data) {
                                        return words.size() != 1 ? 2 : as_data ? 43 : 42;
                                      }}};
  CHECK(pbxctl({"check", "FILE"}, local).status == 42);
  CHECK(pbxctl({"--json", "check", "FILE"}, local).status == 43);
  CHECK_THAT(pbxctl({"--help"}, local).out, Catch::Contains("check FILE"));
}
