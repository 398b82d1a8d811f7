// What somebody wants who comes to a conference: "3001@default+1234+flags{moderator}".
#pragma once

#include "base/result.hpp"

#include <string>
#include <string_view>

namespace switchroom::conference {

struct Request {
  std::string room;
  std::string profile = "default";
  std::string pin;  // of a room that this call opens; empty: the profile's
  std::string flags;
};

/// ROOM[@PROFILE][+PIN][+flags{FLAG|…}]. Pure; the error is a sentence.
base::result<Request> parse_request(std::string_view text);

/// May a room be called so: letters, digits and . _ - only, 64 at most?
bool is_room_name(std::string_view name);

}  // namespace switchroom::conference
