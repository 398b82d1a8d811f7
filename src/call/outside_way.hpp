// By which trunks a number leads outside.
#pragma once

#include "call/variables.hpp"
#include "config/snapshot.hpp"
#include "dialplan/plan.hpp"

#include <string>
#include <vector>

namespace switchroom::registrar {
class Registrar;
}

namespace switchroom::call {

/// One way: of an [[outbound]] (`route`) all its trunks, of a hand-written `bridge` the one that it names.
struct OutsideWay {
  const config::OutboundRoute* route = nullptr;  // not owned: the snapshot's; or null
  std::vector<std::string> trunks;
  std::string number;  // as it is sent to them
};

/// What the rules of the variables' `context` would do with a call that has these variables
/// (destination_number, toll_allow …), as far as trunks are called; in order. Runs nothing, follows no
/// transfer.
std::vector<OutsideWay> ways_outside(const config::Snapshot& config, const dialplan::Dialplan& dialplan,
                                     const Variables& variables);

/// The variables with which an extension would dial `number` in `context`.
Variables as_dialled(const config::Snapshot& config, const std::string& extension, const std::string& number,
                     const std::string& context);

/// The context that the extension's phone dials in: its own, that of the profile by which it is registered,
/// "default".
std::string dialling_context(const config::Snapshot& config, const registrar::Registrar& phones,
                             const std::string& extension);

}  // namespace switchroom::call
