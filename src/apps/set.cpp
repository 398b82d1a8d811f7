#include "apps/argument.hpp"
#include "apps/list.hpp"
#include "call/call.hpp"

namespace switchroom::apps {
namespace {

std::string check_set(std::string_view argument) {
  const auto equals = argument.find('=');
  return equals == std::string_view::npos || equals == 0 ? "it takes NAME=VALUE, such as call_timeout=30"
                                                         : "";
}

awaitable<void> run_set(call::Call& call, std::string argument) {
  const auto equals = argument.find('=');
  if (equals != std::string::npos) {
    call.variables().set(argument.substr(0, equals), argument.substr(equals + 1));
  }
  co_return;
}

}  // namespace

Application set() {
  return {"set", "NAME=VALUE", "Sets a variable of the call; an empty value unsets it.", check_set, run_set};
}

}  // namespace switchroom::apps
