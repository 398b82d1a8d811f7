#include "call/keys.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace switchroom::call {
namespace {

constexpr std::size_t most_presses = 128;  // beginnings and ends
constexpr std::string_view all_keys = "0123456789*#ABCD";
constexpr std::chrono::milliseconds shortest{40};
constexpr std::chrono::milliseconds longest{6000};
constexpr std::chrono::milliseconds usual{100};

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t\r\n");
  return begin == std::string_view::npos ? std::string_view()
                                         : text.substr(begin, text.find_last_not_of(" \t\r\n") + 1 - begin);
}

bool same(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return (x | 0x20) == (y | 0x20); });
}

/// "5", "*", "a"; and the event numbers that some phones write, "10" for *.
std::optional<char> key_named(std::string_view text) {
  if (text.size() == 1) {
    const char key = text[0] >= 'a' && text[0] <= 'd' ? static_cast<char>(text[0] - 'a' + 'A') : text[0];
    return all_keys.find(key) != std::string_view::npos ? std::optional(key) : std::nullopt;
  }
  constexpr std::array<std::string_view, 6> numbers{"10", "11", "12", "13", "14", "15"};
  const auto found = std::ranges::find(numbers, text);
  return found == numbers.end()
             ? std::nullopt
             : std::optional(all_keys[10 + static_cast<std::size_t>(found - numbers.begin())]);
}

base::Duration length_named(std::string_view text) {
  unsigned milliseconds = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), milliseconds);
  return ec == std::errc{} && end == text.data() + text.size()
             ? std::clamp(std::chrono::milliseconds(milliseconds), shortest, longest)
             : usual;
}

}  // namespace

KeyForm key_form(std::string_view configured) {
  return configured == "info" ? KeyForm::info : configured == "inband" ? KeyForm::tone : KeyForm::event;
}

bool KeyQueue::push(const KeyPress& press, KeyForm form) {
  if (form_.value_or(form) != form || presses_.size() >= most_presses) {
    return false;
  }
  form_ = form;
  presses_.push_back(press);
  return true;
}

std::optional<KeyPress> KeyQueue::next() {
  if (presses_.empty()) {
    return std::nullopt;
  }
  const KeyPress press = presses_.front();
  presses_.pop_front();
  return press;
}

char KeyQueue::take_first_of(std::string_view keys) {
  const auto found = std::ranges::find_if(presses_, [&](const KeyPress& press) {
    return press.phase != KeyPress::Phase::ended && keys.find(press.key) != std::string_view::npos;
  });
  if (found == presses_.end()) {
    return 0;
  }
  const char key = found->key;
  presses_.erase(found);
  return key;
}

std::optional<KeyPress> parse_info_key(std::string_view content_type, std::string_view body) {
  const auto type = trimmed(content_type.substr(0, content_type.find(';')));
  KeyPress press{.length = usual};
  if (same(type, "application/dtmf")) {
    const auto key = key_named(trimmed(body));
    press.key = key.value_or('\0');
    return key ? std::optional(press) : std::nullopt;
  }
  if (!same(type, info_key_type)) {
    return std::nullopt;
  }
  while (!body.empty()) {
    const auto end = std::min(body.find('\n'), body.size());
    const auto line = body.substr(0, end);
    body.remove_prefix(std::min(end + 1, body.size()));
    const auto equals = std::min(line.find('='), line.size());
    const auto name = trimmed(line.substr(0, equals));
    const auto value = equals < line.size() ? trimmed(line.substr(equals + 1)) : std::string_view();
    if (same(name, "signal")) {
      press.key = key_named(value).value_or('\0');
    } else if (same(name, "duration")) {
      press.length = length_named(value);
    }
  }
  return press.key != 0 ? std::optional(press) : std::nullopt;
}

std::string write_info_key(const KeyPress& press) {
  const auto length = std::clamp<base::Duration>(press.length, shortest, longest);
  return fmt::format("Signal={}\r\nDuration={}\r\n", press.key,
                     std::chrono::duration_cast<std::chrono::milliseconds>(length).count());
}

}  // namespace switchroom::call
