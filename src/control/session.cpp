#include "control/session.hpp"

#include "base/log.hpp"
#include "base/utf8.hpp"
#include "base/within.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <boost/json.hpp>

#include <array>
#include <utility>

namespace switchroom::control {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

constexpr std::size_t longest_request = 64U << 10U;
constexpr std::size_t most_words = 64;
constexpr auto patience = 30s;        // for the rest of a line, and for each piece of an answer to be read
constexpr auto idle_patience = 5min;  // between two requests
constexpr std::size_t piece_bytes = 32U << 10U;  // of an answer: a fifth of a millisecond

bool is_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = base::utf8_sequence(text, at);
    if (length == 0) return false;
    at += length;
  }
  return true;
}

void make_utf8(json::value& value) {
  if (json::string* text = value.if_string()) {
    if (!is_utf8(std::string_view(text->data(), text->size()))) {
      *text = base::printable(std::string(text->data(), text->size()));
    }
  } else if (json::array* list = value.if_array()) {
    for (auto& item : *list) make_utf8(item);
  } else if (json::object* object = value.if_object()) {
    for (auto& member : *object) make_utf8(member.value());
  }
}

// False when the client is gone or does not read.
awaitable<bool> send(LocalSocket& socket, json::value reply) {
  json::serializer serializer;
  serializer.reset(&reply);
  std::string piece(piece_bytes + 1, '\0');
  for (bool more = true; more;) {
    std::size_t size = serializer.read(piece.data(), piece_bytes).size();
    more = !serializer.done();
    if (!more) piece[size++] = '\n';
    error_code failed;
    const bool in_time = co_await base::within(
        patience, [](LocalSocket& to, const char* data, std::size_t n, error_code& ec) -> awaitable<void> {
          (void)co_await asio::async_write(to, asio::buffer(data, n),
                                           asio::redirect_error(asio::use_awaitable, ec));
        }(socket, piece.data(), size, failed));
    if (!in_time || failed) co_return false;
  }
  co_return true;
}

// More of what the client sends; false at its end and when it is silent for too long.
awaitable<bool> receive(LocalSocket& socket, std::string& buffer) {
  std::array<char, 4096> piece;
  error_code failed;
  const auto limit = buffer.empty() ? base::Duration(idle_patience) : base::Duration(patience);
  const auto got = co_await base::within(
      limit, socket.async_read_some(asio::buffer(piece), asio::redirect_error(asio::use_awaitable, failed)));
  if (!got || failed || *got == 0) co_return false;
  buffer.append(piece.data(), *got);
  co_return true;
}

class Counted {
 public:
  explicit Counted(std::size_t& count) : count_(count) { ++count_; }
  ~Counted() { --count_; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

 private:
  std::size_t& count_;
};

awaitable<base::result<Answer>> run(const CommandTable& commands, std::string line) {
  auto words = parse_request(line);
  if (!words) co_return words.error();
  std::string failure;
  try {
    co_return co_await commands.run(std::move(*words));
  } catch (const boost::system::system_error& error) {
    if (error.code() == asio::error::operation_aborted) throw;  // closing
    failure = error.what();
  } catch (const std::exception& error) {
    failure = error.what();
  }
  log::line(log::Level::error, log::Subsystem::control, "", "a command failed: {}", failure);
  co_return base::Error{"the command failed: " + failure};
}

}  // namespace

base::result<std::vector<std::string>> parse_request(std::string_view line) {
  error_code bad;
  const json::value request = json::parse(json::string_view(line.data(), line.size()), bad);
  if (bad) return base::Error{"not JSON: " + bad.message()};
  const json::object* object = request.if_object();
  const json::value* command = object != nullptr ? object->if_contains("command") : nullptr;
  const json::array* list = command != nullptr ? command->if_array() : nullptr;
  if (list == nullptr) return base::Error{R"(a request is {"command": ["calls"]})"};
  if (list->size() > most_words) return base::Error{"too many words"};
  std::vector<std::string> words;
  for (const auto& word : *list) {
    if (!word.is_string()) return base::Error{"every word of a command is a string"};
    words.emplace_back(word.get_string());
  }
  return words;
}

json::value reply_of(base::result<Answer> answer) {
  json::object reply;
  const bool refused = answer && !answer->refusal.empty();
  reply["ok"] = answer.has_value() && !refused;
  if (refused) {
    reply["error"] = answer->refusal;
    reply["data"] = std::move(answer->data);
  } else if (answer) {
    reply["data"] = std::move(answer->data);
    json::array columns;
    for (const auto& column : answer->columns) columns.emplace_back(column);
    reply["columns"] = std::move(columns);
    if (!answer->text.empty()) reply["text"] = answer->text;
  } else {
    reply["error"] = answer.error().what;
  }
  json::value value(std::move(reply));
  make_utf8(value);
  return value;
}

awaitable<void> serve_client(LocalSocket socket, const CommandTable& commands, std::size_t& answering) {
  std::string buffer;
  for (;;) {
    const std::size_t end = buffer.find('\n');
    if (end == std::string::npos) {
      if (buffer.size() > longest_request) {
        (void)co_await send(socket, reply_of(base::Error{"the request is longer than 64 KiB"}));
        co_return;
      }
      if (!co_await receive(socket, buffer)) co_return;
      continue;
    }
    std::string line = buffer.substr(0, end);
    buffer.erase(0, end + 1);
    const Counted counted(answering);
    auto answer = co_await run(commands, std::move(line));
    if (!co_await send(socket, reply_of(std::move(answer)))) co_return;
  }
}

}  // namespace switchroom::control
