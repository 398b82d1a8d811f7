#include "apps/argument.hpp"
#include "apps/list.hpp"
#include "call/call.hpp"
#include "call/variable_check.hpp"

namespace switchroom::apps {
namespace {

std::string check_set(std::string_view argument, const config::Snapshot& /*config*/) {
  const auto equals = argument.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    return "it takes NAME=VALUE, such as call_timeout=30";
  }
  return call::check_variable(argument.substr(0, equals), argument.substr(equals + 1));
}

awaitable<void> run_set(call::Call& call, std::string argument) {
  const auto equals = argument.find('=');
  if (equals != std::string::npos) {
    call.variables().set(argument.substr(0, equals), argument.substr(equals + 1));
  }
  co_return;
}

/// export_vars lists the names; one with "nolocal:" before it is kept under that name, so that only the
/// other legs get it (call/targets.hpp).
awaitable<void> run_export(call::Call& call, std::string argument) {
  const auto equals = argument.find('=');
  if (equals == std::string::npos) {
    co_return;
  }
  const std::string name = argument.substr(0, equals);
  call.variables().set(name, argument.substr(equals + 1));
  const std::string before = call.variables().value("export_vars");
  if (("," + before + ",").find("," + name + ",") == std::string::npos) {
    call.variables().set("export_vars", before.empty() ? name : before + "," + name);
  }
}

std::string check_unset(std::string_view argument, const config::Snapshot& /*config*/) {
  return argument.empty() ? "it takes the name of a variable" : "";
}

awaitable<void> run_unset(call::Call& call, std::string argument) {
  call.variables().set(argument, "");
  co_return;
}

}  // namespace

Application set() {
  return {"set", "NAME=VALUE", "Sets a variable of the call; an empty value unsets it.", check_set, run_set};
}

Application export_variable() {
  return {
      "export", "[nolocal:]NAME=VALUE",
      "Sets a variable of the call and of all legs that are dialled for it from now on; with `nolocal:` of "
      "those legs alone.",
      check_set, run_export};
}

Application unset() { return {"unset", "NAME", "Forgets a variable.", check_unset, run_unset}; }

}  // namespace switchroom::apps
