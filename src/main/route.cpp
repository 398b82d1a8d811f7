#include "main/route.hpp"

#include "call/computed.hpp"
#include "call/facts.hpp"
#include "call/targets.hpp"
#include "dialplan/dial_string.hpp"
#include "dialplan/spellings.hpp"
#include "registrar/registrar.hpp"

#include <boost/json.hpp>
#include <fmt/core.h>

#include <algorithm>
#include <array>

namespace switchroom::main {
namespace {

namespace json = boost::json;
using dialplan::Finding;

constexpr unsigned most_transfers = 30;  // as calls have it
constexpr unsigned deepest_execution = 10;
constexpr std::size_t most_rows = 5000;

std::string_view word(Finding::Verdict verdict) {
  return verdict == Finding::Verdict::yes ? "yes" : verdict == Finding::Verdict::no ? "no" : "else";
}

bool ends_call(std::string_view application) {
  constexpr std::array<std::string_view, 5> last{"hangup", "respond", "echo", "park", "delay_echo"};
  return std::ranges::find(last, application) != last.end();
}

}  // namespace

void RouteWalk::row(std::string_view result, const std::string& entry, std::string about) {
  if (rows_.size() < most_rows) {
    rows_.emplace_back(json::object{
        {"context", context_}, {"number", number_}, {"entry", entry}, {"result", result}, {"about", about}});
  }
}

std::string RouteWalk::value(std::string_view name) const {
  auto computed = call::computed_value(name, variables_, config_);
  return computed ? std::move(*computed) : variables_.value(name);
}

std::string RouteWalk::global(std::string_view name) const {
  const auto found = config_.vars.find(std::string(name));
  return found == config_.vars.end() ? std::string() : found->second;
}

std::string RouteWalk::expanded(const dialplan::Step& step) const {
  const auto own = [this](std::string_view name) { return value(name); };
  const auto globals = [this](std::string_view name) { return global(name); };
  return dialplan::takes_dial_string(step.application)
             ? dialplan::expand_dial_string(step.argument, own, globals)
             : dialplan::expand(step.argument, own, globals);
}

void RouteWalk::begin(const RouteQuestion& question) {
  number_ = question.number;
  context_ = question.context;
  now_ = dialplan::local_time(question.at);
  variables_.set("uuid", "route");
  variables_.set("caller_id_number", question.from);
  variables_.set("caller_id_name", question.from);
  if (const auto found = config_.extensions.find(question.from); found != config_.extensions.end()) {
    call::add_extension_facts(variables_, found->second);
    variables_.set("user_name", found->first);
    variables_.set("caller_id_name", found->second.name.empty() ? found->first : found->second.name);
    context_ = context_.empty() ? found->second.context : context_;
  }
  context_ = context_.empty() ? "default" : context_;
  variables_.set("destination_number", number_);
  variables_.set("domain_name", config_.pbx.domain);
  variables_.set("context", context_);
  variables_.set("user_context", context_);
  variables_.set("sip_from_user", question.from);
  variables_.set("sip_from_uri",
                 question.from.empty() ? "" : "sip:" + question.from + "@" + config_.pbx.domain);
  variables_.set("sip_to_user", number_);
  variables_.set("sip_to_uri", "sip:" + number_ + "@" + config_.pbx.domain);
  for (const auto& [name, value] : question.variables) {
    variables_.set(name, value);
  }
}

json::array RouteWalk::run(const RouteQuestion& question) {
  begin(question);
  for (;;) {
    const unsigned before = transfers_;
    const bool found = walk_context();
    if (over_) {
      break;
    }
    if (transfers_ != before) {
      continue;
    }
    row("end", "", found ? "no step is left: the call ends" : "nothing matches: the caller hears 404");
    break;
  }
  return std::move(rows_);
}

/// False: nothing matched.
bool RouteWalk::walk_context() {
  const auto look_up = [this](std::string_view name) { return value(name); };
  const auto explain = [this](const Finding& finding) {
    if (!finding.entry.empty()) {
      row(word(finding.verdict), finding.entry, finding.why);
    }
  };
  std::size_t from = 0;
  for (;;) {
    const auto match = rules_.match(context_, look_up, now_, from, explain);
    if (!match) {
      return from != 0;
    }
    from = match->next;
    if (follow(match->steps) != Next::step) {
      return true;
    }
  }
}

RouteWalk::Next RouteWalk::follow(const std::vector<dialplan::Step>& steps) {
  for (const auto& step : steps) {
    if (const Next next = take(step); next != Next::step) {
      return next;
    }
  }
  return Next::step;
}

RouteWalk::Next RouteWalk::take(const dialplan::Step& step) {
  const std::string argument = expanded(step);
  row("does", step.entry, argument.empty() ? step.application : step.application + " " + argument);
  const std::string& what = step.application;
  if (what == "transfer") return transfer(argument);
  if (what == "execute_extension") return execute(argument);
  if (what == "bridge") return ring(argument);
  if (what == "set" || what == "export" || what == "unset") assign(step, argument);
  if (what == "ivr") tell_menu(argument);
  if (ends_call(what)) {
    over_ = true;
    return Next::end;
  }
  return Next::step;
}

void RouteWalk::assign(const dialplan::Step& step, const std::string& argument) {
  const auto equals = argument.find('=');
  if (step.application == "unset") {
    variables_.set(argument, "");
  } else if (equals != std::string::npos) {
    variables_.set(argument.substr(0, equals), argument.substr(equals + 1));
  }
}

RouteWalk::Next RouteWalk::transfer(const std::string& argument) {
  const auto to = dialplan::parse_destination(argument);
  if (++transfers_ > most_transfers) {
    row("end", "",
        fmt::format("the call was transferred {} times: it goes round in circles and is ended",
                    most_transfers));
    over_ = true;
    return Next::end;
  }
  number_ = to.number;
  context_ = to.context.empty() ? context_ : to.context;
  variables_.set("destination_number", number_);
  variables_.set("context", context_);
  return Next::transfer;
}

RouteWalk::Next RouteWalk::execute(const std::string& argument) {
  if (++depth_ > deepest_execution) {
    row("end", "", fmt::format("execute_extension goes more than {} deep: the call ends", deepest_execution));
    over_ = true;
    return Next::end;
  }
  const std::string number = number_;
  const std::string context = context_;
  const unsigned before = transfers_;
  (void)transfer(argument);
  transfers_ = before;
  const bool found = !over_ && walk_context();
  if (!found && !over_) {
    row("end", "", "nothing matches: the next step runs");
  }
  --depth_;
  if (over_ || transfers_ != before) {
    return over_ ? Next::end : Next::transfer;
  }
  number_ = number;
  context_ = context;
  variables_.set("destination_number", number_);
  variables_.set("context", context_);
  return Next::step;
}

void RouteWalk::tell_target(const std::string& entry, const std::string& when, const std::string& extension) {
  const auto found = config_.extensions.find(extension);
  if (found == config_.extensions.end()) {
    row("then", entry, fmt::format("{}there is no extension {} (UNALLOCATED_NUMBER)", when, extension));
    return;
  }
  const auto phones = phones_.find(extension).size();
  row("then", entry,
      phones == 0 ? fmt::format("{}{} {} has no phone registered (USER_NOT_REGISTERED)", when, extension,
                                found->second.name)
                  : fmt::format("{}{} {} rings on {} phone{}", when, extension, found->second.name, phones,
                                phones == 1 ? "" : "s"));
}

RouteWalk::Next RouteWalk::ring(const std::string& argument) {
  using Kind = dialplan::DialTarget::Kind;
  const auto what = dialplan::parse_dial_string(argument);
  if (!what) {
    row("then", "", what.error().what + " (INVALID_NUMBER_FORMAT)");
  } else {
    std::string when;
    for (const auto& round : what->rounds) {
      for (const auto& target : round) {
        if (target.kind == Kind::user) {
          tell_target("", when, target.name);
        } else if (target.kind == Kind::group) {
          const auto group = config_.ring_groups.find(target.name);
          const auto members = call::members_of(target.name, config_);
          row("then", "",
              fmt::format("{}group {}: {} {}", when, target.name, members.size(),
                          group == config_.ring_groups.end() ? "extensions, simultaneous"
                                                             : "members, " + group->second.strategy));
          for (const auto& member : members) {
            tell_target("", when, member);
          }
        } else {
          row("then", "", when + target.name + (target.number.empty() ? "" : " dials " + target.number));
        }
      }
      when = "if nobody answers: ";
    }
  }
  const std::string list = variables_.value("continue_on_fail");
  if (!list.empty() && !dialplan::is_true(list)) {
    const bool never = list == "false";
    row("then", "",
        never ? "when nobody answers the call ends (continue_on_fail)"
              : "when nobody answers the next step runs after " + list + " only");
    over_ = never;
    return never ? Next::end : Next::step;
  }
  row("then", "", "when nobody answers the next step runs");
  return Next::step;
}

void RouteWalk::tell_menu(const std::string& name) {
  const auto menu = config_.menus.find(name);
  if (menu == config_.menus.end()) {
    return;
  }
  for (const auto& entry : menu->second.entries) {
    row("then", "",
        fmt::format("key {}: {} {}", entry.keys, entry.action.application, entry.action.argument));
  }
  row("then", "",
      menu->second.then.empty() ? "without a key the call ends" : "without a key: " + menu->second.then);
}

}  // namespace switchroom::main
