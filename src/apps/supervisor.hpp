// Who may listen to whom.
#pragma once

#include "call/call.hpp"

#include <string>

namespace switchroom::apps {

/// A leg of another call, and whether the caller may listen to it.
struct Supervised {
  call::Call* call = nullptr;  // null: there is none that talks
  call::Leg* leg = nullptr;    // not owned: that was asked for
  bool allowed = false;
};

/// The call that `target` ("user/1002", "1002", a call's id or its beginning) names. Of an extension's calls
/// the one that began last and talks, but none that `own` is.
Supervised find_supervised(call::Call& own, const std::string& target);

}  // namespace switchroom::apps
