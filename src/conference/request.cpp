#include "conference/request.hpp"

#include "conference/flags.hpp"

#include <algorithm>
#include <utility>

namespace switchroom::conference {
namespace {

constexpr std::size_t longest_name = 64;
constexpr std::string_view usage =
    "it takes ROOM[@PROFILE][+PIN][+flags{FLAG|…}], as in 3001@default+flags{moderator}";

/// One part behind a "+".
base::result<void> read_part(Request& request, std::string_view part) {
  constexpr std::string_view opening = "flags{";
  if (part.starts_with(opening)) {
    if (!part.ends_with('}')) {
      return base::Error{"flags{ has no } behind it"};
    }
    request.flags = part.substr(opening.size(), part.size() - opening.size() - 1);
    MemberFlags flags;
    return add_flags(flags, request.flags);
  }
  const bool digits = !part.empty() && part.find_first_not_of("0123456789") == std::string_view::npos;
  if (!digits || !request.pin.empty()) {
    return base::Error{"\"" + std::string(part) + "\" is neither a PIN nor flags{…}; " + std::string(usage)};
  }
  request.pin = part;
  return {};
}

}  // namespace

bool is_room_name(std::string_view name) {
  return !name.empty() && name.size() <= longest_name && std::ranges::all_of(name, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
           c == '_' || c == '-';
  });
}

base::result<Request> parse_request(std::string_view text) {
  Request request;
  const auto head = text.substr(0, text.find('+'));
  const auto at = head.find('@');
  request.room = head.substr(0, at);
  if (at != std::string_view::npos) {
    request.profile = head.substr(at + 1);
  }
  if (!is_room_name(request.room)) {
    return base::Error{"\"" + request.room +
                       "\" is no name for a room: letters, digits and . _ - only, 64 at most"};
  }
  if (request.profile.empty()) {
    return base::Error{std::string(usage)};
  }
  text.remove_prefix(head.size());
  while (!text.empty()) {
    text.remove_prefix(1);
    const auto end = std::min(text.find('+'), text.size());
    if (const auto read = read_part(request, text.substr(0, end)); !read) {
      return read.error();
    }
    text.remove_prefix(end);
  }
  return request;
}

}  // namespace switchroom::conference
