#include "dialplan/spellings.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace switchroom::dialplan {
namespace {

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t");
  return begin == std::string_view::npos ? std::string_view()
                                         : text.substr(begin, text.find_last_not_of(" \t") + 1 - begin);
}

/// Cuts at each of `marks`; empty pieces are left out.
std::vector<std::string> pieces(std::string_view text, std::string_view marks) {
  std::vector<std::string> found;
  while (!text.empty()) {
    const auto end = std::min(text.find_first_of(marks), text.size());
    if (const auto piece = trimmed(text.substr(0, end)); !piece.empty()) found.emplace_back(piece);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return found;
}

char small(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

bool same(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return small(x) == small(y); });
}

std::optional<unsigned> number(std::string_view text) {
  unsigned value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  return ec == std::errc{} && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

/// "1001@example.com" to "1001".
std::string without_domain(std::string_view text) { return std::string(text.substr(0, text.find('@'))); }

}  // namespace

Destination parse_destination(std::string_view text) {
  auto words = pieces(text, " \t");
  if (!words.empty() && (words[0] == "-both" || words[0] == "-bleg" || words[0] == "-aleg")) {
    words.erase(words.begin());
  }
  Destination to;
  if (!words.empty()) to.number = words[0];
  if (words.size() > 1) to.context = same(words[1], "XML") ? (words.size() > 2 ? words[2] : "") : words[1];
  return to;
}

bool is_true(std::string_view text) {
  constexpr std::array<std::string_view, 8> yes{"true", "yes", "on", "1", "t", "y", "enabled", "active"};
  return std::ranges::any_of(yes, [&](std::string_view word) { return same(word, trimmed(text)); });
}

std::optional<std::chrono::seconds> seconds_in(std::string_view text) {
  const auto value = number(trimmed(text));
  return value ? std::optional(std::chrono::seconds(*value)) : std::nullopt;
}

bool names_cause(std::string_view list, std::string_view cause, int q850) {
  if (number(trimmed(list)) != 1 && is_true(list)) return true;  // "1" alone is UNALLOCATED_NUMBER
  const auto found = pieces(list, ",:");
  return std::ranges::any_of(found, [&](const std::string& one) {
    const auto value = number(one);
    return value ? static_cast<int>(*value) == q850 : same(one, cause);
  });
}

std::optional<log::Level> parse_log_level(std::string_view text) {
  struct Name {
    std::string_view name;
    log::Level level;
  };
  // The numbers are those of syslog.
  constexpr std::array names{
      Name{"emerg", log::Level::error},  Name{"0", log::Level::error},     Name{"alert", log::Level::error},
      Name{"1", log::Level::error},      Name{"crit", log::Level::error},  Name{"2", log::Level::error},
      Name{"err", log::Level::error},    Name{"3", log::Level::error},     Name{"warn", log::Level::warning},
      Name{"4", log::Level::warning},    Name{"notice", log::Level::info}, Name{"5", log::Level::info},
      Name{"console", log::Level::info}, Name{"6", log::Level::info},      Name{"7", log::Level::debug}};
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), small);
  const auto found = std::ranges::find(names, std::string_view(lower), &Name::name);
  return found != names.end() ? std::optional(found->level) : log::parse_level(lower);
}

base::result<MailboxRequest> parse_mailbox(std::string_view text) {
  MailboxRequest request;
  auto words = pieces(text, " \t");
  using What = MailboxRequest::What;
  if (!words.empty() && (words[0] == "check" || words[0] == "auth_only" || words[0] == "admin")) {
    request.what = words[0] == "auth_only" ? What::sign_in : What::listen;
    words.erase(words.begin());
  }
  // Two words are profile and domain, one is a mailbox.
  if (words.size() >= 2) {
    request.profile = words[0];
    request.domain = words[1];
    words.erase(words.begin(), words.begin() + 2);
  }
  if (words.size() > 1)
    return base::Error{fmt::format("\"{}\" is too much: MAILBOX, or default DOMAIN MAILBOX", words[1])};
  if (!words.empty()) {
    for (const auto& one : pieces(words[0], ",")) request.mailboxes.push_back(without_domain(one));
  }
  if (request.what == What::leave && request.mailboxes.empty()) {
    return base::Error{"it takes a mailbox: 1001, or default DOMAIN 1001"};
  }
  return request;
}

base::result<RoomRequest> parse_room(std::string_view text) {
  RoomRequest request;
  text = trimmed(text);
  if (const auto flags = text.find("+flags{"); flags != std::string_view::npos) {
    const auto end = text.find('}', flags);
    if (end == std::string_view::npos) return base::Error{fmt::format("\"{}\" has no closing }}", text)};
    request.flags = pieces(text.substr(flags + 7, end - flags - 7), "|,");
    text = text.substr(0, flags);
  }
  const auto plus = text.find('+');
  if (plus != std::string_view::npos) request.pin = text.substr(plus + 1);
  text = text.substr(0, plus);
  const auto at = text.find('@');
  request.room = trimmed(text.substr(0, at));
  if (at != std::string_view::npos) request.profile = trimmed(text.substr(at + 1));
  if (request.room.empty()) return base::Error{"it takes a room: 3000, 3000@PROFILE, 3000@PROFILE+PIN"};
  return request;
}

base::result<QueueRequest> parse_queue(std::string_view text) {
  auto words = pieces(text, " \t");
  QueueRequest request;
  if (words.size() < 2 || (words[1] != "in" && words[1] != "out")) {
    return base::Error{"it takes a queue and what to do: park in, park out wait"};
  }
  const auto at = words[0].find('@');
  request.queue = words[0].substr(0, at);
  if (at != std::string::npos) request.domain = words[0].substr(at + 1);
  request.what = words[1] == "in" ? QueueRequest::What::in : QueueRequest::What::out;
  words.erase(words.begin(), words.begin() + 2);
  if (request.what == QueueRequest::What::out && !words.empty()) {
    if (words[0] != "wait" && words[0] != "nowait") {
      return base::Error{fmt::format("\"{}\" is neither wait nor nowait", words[0])};
    }
    request.waits = words[0] == "wait";
    words.erase(words.begin());
  }
  if (!words.empty() && words[0] != "undef") request.announcement = words[0];
  if (words.size() > 1 && words[1] != "undef") request.music = words[1];
  return request;
}

Speech parse_speech(std::string_view text) {
  const auto first = text.find('|');
  const auto second = first == std::string_view::npos ? first : text.find('|', first + 1);
  if (second == std::string_view::npos) return {{}, {}, std::string(trimmed(text))};
  return {std::string(trimmed(text.substr(0, first))),
          std::string(trimmed(text.substr(first + 1, second - first - 1))),
          std::string(trimmed(text.substr(second + 1)))};
}

std::string sound_name(std::string_view text) {
  const auto scheme = [&](std::string_view name) {
    if (!text.starts_with(name) || !text.substr(name.size()).starts_with("://")) return false;
    text.remove_prefix(name.size() + 3);
    return true;
  };
  if (text.starts_with("%(")) return fmt::format("tone_stream:{}", text);
  if (scheme("tone_stream")) return fmt::format("tone_stream:{}", text);
  if (scheme("silence_stream")) return fmt::format("silence:{}", text.substr(0, text.find(',')));
  if (scheme("local_stream")) return fmt::format("local_stream:{}", text);
  if (scheme("say")) return fmt::format("say:{}", text);
  return std::string(text);
}

}  // namespace switchroom::dialplan
