// May this call go out by that trunk?
#pragma once

#include "config/snapshot.hpp"
#include "dialplan/plan.hpp"

#include <string>

namespace switchroom::call {

class Call;
class Variables;

/// A call to a trunk that is asked about.
struct TollQuestion {
  std::string number;  // as it is sent to the trunk
  std::string trunk;
  std::string route;      // of [[outbound]], or empty
  std::string extension;  // on whose account it is; empty: nobody's
  bool from_outside = false;
  bool is_hidden = false;      // who calls does not show his number, and is no extension
  bool allow_outside = false;  // somebody has said so beside the route
  bool is_forwarded = false;   // `extension` has sent a call from outside there, or its phone has a diversion
};

struct TollAnswer {
  bool allowed = true;
  bool is_emergency = false;  // then nothing is counted, either
  std::string leads_to;       // "+4930123 (Germany)"
  std::string why;            // it is not allowed; in words
  std::string what_to_do;     // which line of which file would allow it; empty: none
};

/// Permissions and hours; caps are TollGate's. On the call thread, without waiting for anything.
TollAnswer judge_toll(const TollQuestion& question, const config::Snapshot& config,
                      const dialplan::Dialplan& dialplan);

/// Of a call's leg to a trunk: on whose account it is, and where the call came from. `leg`: the leg's
/// variables, of which outbound_route, forwarded_by and allow_outside are asked.
TollQuestion toll_question(Call& call, const Variables& leg);

/// Did who is connected by this call come in by a trunk, or was he called by one? Also: did he call into a
/// context that the trunks' calls enter?
bool is_from_outside(Call& call);

}  // namespace switchroom::call
