// Looking into a Message, and the names of the methods.
#include "sip/message/message.hpp"

#include "sip/message/grammar.hpp"
#include "sip/message/header_name.hpp"

#include <algorithm>
#include <array>

namespace switchroom::sip {
namespace {

constexpr std::array<std::string_view, 15> method_names{
    "INVITE", "ACK",   "BYE",       "CANCEL", "OPTIONS", "REGISTER", "PRACK", "UPDATE",
    "INFO",   "REFER", "SUBSCRIBE", "NOTIFY", "PUBLISH", "MESSAGE",  ""};
static_assert(method_names.size() == static_cast<std::size_t>(Method::other) + 1);

bool holds_word(const std::vector<std::string>& list, std::string_view word) {
  return std::any_of(list.begin(), list.end(),
                     [word](const std::string& entry) { return grammar::same_word(entry, word); });
}

}  // namespace

std::string_view name(Method method) { return method_names[static_cast<std::size_t>(method)]; }

Method method_of(std::string_view token) {
  for (std::size_t i = 0; i + 1 < method_names.size(); ++i) {
    if (method_names[i] == token) return static_cast<Method>(i);
  }
  return Method::other;
}

const std::string* Message::header(std::string_view name) const {
  const std::string_view canonical = header_name(name).canonical;
  for (const Header& header : headers) {
    if (grammar::same_word(header.name, canonical)) return &header.value;
  }
  return nullptr;
}

void Message::add_header(std::string_view name, std::string_view value) {
  Header header;
  grammar::append_clean(header.name, header_name(name).canonical);
  grammar::append_clean(header.value, value);
  headers.push_back(std::move(header));
}

bool Message::supports(std::string_view option_tag) const { return holds_word(supported, option_tag); }

bool Message::requires_option(std::string_view option_tag) const { return holds_word(require, option_tag); }

bool Message::allows(Method which) const {
  const std::string_view token = name(which);
  return !token.empty() && std::find(allow.begin(), allow.end(), token) != allow.end();
}

}  // namespace switchroom::sip
