// One target of a dial string, in our words and in those that people bring from FreeSWITCH.
#include "dialplan/dial_string.hpp"

#include <fmt/core.h>

namespace switchroom::dialplan {
namespace {

using Kind = DialTarget::Kind;

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

std::string before(std::string_view text, std::string_view marks) {
  return std::string(text.substr(0, text.find_first_of(marks)));
}

base::result<DialTarget> named(Kind kind, std::string name, std::string_view example) {
  if (name.empty()) return base::Error{fmt::format("a name is missing: {}", example)};
  return DialTarget{kind, std::move(name), {}, {}, {}};
}

/// "sales"; how its members ring ("+A", "+E", "+F" in FreeSWITCH) is said by the group itself.
base::result<DialTarget> group(std::string name) {
  if (name.size() > 2 && name[name.size() - 2] == '+' &&
      std::string_view("AEF").find(name.back()) != std::string_view::npos) {
    name.resize(name.size() - 2);
  }
  return named(Kind::group, std::move(name), "group/sales");
}

/// "itsp/911"; the number may hold more slashes.
base::result<DialTarget> trunk(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos || slash == 0 || slash + 1 == text.size()) {
    return base::Error{fmt::format("\"{}\": a trunk is called as trunk/NAME/NUMBER", text)};
  }
  return DialTarget{
      Kind::trunk, std::string(text.substr(0, slash)), std::string(text.substr(slash + 1)), {}, {}};
}

/// "internal/sip:bob@192.0.2.7", "external/15551234567@sip.example.com", "internal/1001%example.com".
base::result<DialTarget> by_profile(std::string_view text) {
  const auto slash = text.find('/');
  const auto whom = slash == std::string_view::npos ? std::string_view() : text.substr(slash + 1);
  if (slash == 0 || whom.empty()) {
    return base::Error{
        fmt::format("\"sofia/{}\": it takes sofia/PROFILE/NAME@HOST or sofia/gateway/NAME/NUMBER", text)};
  }
  if (const auto percent = whom.find('%'); percent != std::string_view::npos && !whom.starts_with("sip")) {
    return named(Kind::user, std::string(whom.substr(0, percent)), "sofia/internal/1001%example.com");
  }
  std::string uri(whom);
  if (!whom.starts_with("sip:") && !whom.starts_with("sips:")) uri = "sip:" + uri;
  return DialTarget{Kind::uri, std::move(uri), {}, std::string(text.substr(0, slash)), {}};
}

}  // namespace

base::result<DialTarget> parse_dial_target(std::string_view text) {
  const std::string_view whole = text;
  if (take_prefix(text, "user/")) return named(Kind::user, before(text, "@"), "user/1002");
  if (take_prefix(text, "group/")) return group(before(text, "@"));
  if (take_prefix(text, "trunk/") || take_prefix(text, "sofia/gateway/")) return trunk(text);
  if (take_prefix(text, "sofia/")) return by_profile(text);
  if (take_prefix(text, "error/")) return named(Kind::error, std::string(text), "error/USER_BUSY");
  if (text.starts_with("sip:") || text.starts_with("sips:")) {
    return DialTarget{Kind::uri, std::string(text), {}, {}, {}};
  }
  if (whole.find('$') != std::string_view::npos) {
    return DialTarget{Kind::computed, std::string(whole), {}, {}, {}};
  }
  return base::Error{
      fmt::format("\"{}\" is neither user/NUMBER, group/NAME, trunk/NAME/NUMBER nor sip:name@host", whole)};
}

}  // namespace switchroom::dialplan
