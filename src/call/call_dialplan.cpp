// A call's way through the dialplan: contexts, transfers, steps, and the variables that they see.
#include "base/log.hpp"
#include "call/call.hpp"
#include "call/computed.hpp"
#include "call/emergency.hpp"
#include "call/facts.hpp"
#include "call/shared.hpp"
#include "dialplan/dial_string.hpp"

#include <algorithm>
#include <utility>

namespace switchroom::call {
namespace {

using log::Level;
using log::Subsystem;

constexpr std::size_t step_limit = 1000;
constexpr unsigned most_transfers = 30;
constexpr unsigned deepest_execution = 10;

}  // namespace

awaitable<void> Call::follow_dialplan() {
  // An INVITE that the session itself refused (415, 422): its end comes by another turn, and nobody is rung.
  while (caller_->session().ended() && !ending_) {
    (void)co_await next_news();
  }
  route_ = {record_.destination_number, record_.context};
  for (;;) {
    const bool found = co_await run_context();
    if (transfer_ && !ending_) {
      enter(*std::exchange(transfer_, std::nullopt));
      continue;
    }
    if (!found && !ending_) {
      log::line(Level::info, Subsystem::dialplan, record_.uuid, "nothing in context {} matches {}",
                route_.context, route_.number);
      note_failure({cause_by_name("NO_ROUTE_DESTINATION"), 404, {}, "switchroom"});
    }
    co_return;
  }
}

void Call::enter(Destination to) {
  if (to.context.empty()) {
    to.context = route_.context;
  }
  route_ = std::move(to);
  variables_.set("destination_number", route_.number);
  variables_.set("context", route_.context);
}

/// Runs what the present route matches; false: nothing.
awaitable<bool> Call::run_context() {
  if (const auto step = std::exchange(first_step_, std::nullopt)) {
    (void)co_await run_step(*step);
    co_return true;
  }
  if (is_emergency(*this, route_.number)) {  // before any rule
    co_await run_step({"emergency", route_.number, "emergency"});
    co_return true;
  }
  const auto lookup = [this](std::string_view name) { return value(name); };
  const auto explain = [this](const dialplan::Finding& finding) {
    log::line(Level::debug, Subsystem::dialplan, record_.uuid, "{}", finding.text());
  };
  const bool telling = log::enabled(Level::debug, Subsystem::dialplan);
  const auto told = telling ? explain : dialplan::Explain();
  std::size_t from = 0;
  while (!ending_ && !transfer_) {
    const auto now = dialplan::local_time(base::wall_now());
    const auto match = rules_.dialplan->match(route_.context, lookup, now, from, told);
    if (!match) {
      break;
    }
    from = match->next;
    co_await follow(match->steps);
  }
  co_return from != 0;
}

awaitable<void> Call::follow(const std::vector<dialplan::Step>& steps) {
  for (const auto& step : steps) {
    if (ending_ || transfer_ || caller_->ended() || !co_await run_step(step)) {
      break;
    }
  }
}

awaitable<bool> Call::run_step(const dialplan::Step& step) {
  if (++steps_done_ > step_limit) {
    log::line(Level::error, Subsystem::dialplan, record_.uuid,
              "the call has run {} steps: it goes round in circles", step_limit);
    end_with({cause_by_name("EXCHANGE_ROUTING_ERROR"), 0, {}, "switchroom"});
    co_return false;
  }
  written_argument_ = step.argument;
  // What keys will do is worked out when they are pressed.
  const bool later = step.application == "bind_digit_action";
  auto argument = later                                           ? step.argument
                  : dialplan::takes_dial_string(step.application) ? expanded_for_dialling(step.argument)
                                                                  : expanded(step.argument);
  dialplan::Step ready{step.application, std::move(argument), step.entry};
  record_.last_app = ready.application;
  record_.last_arg = ready.argument;
  log::line(Level::debug, Subsystem::dialplan, record_.uuid, "{}: {} {}", ready.entry, ready.application,
            ready.argument);
  co_await run_step_(*this, ready);
  co_return true;
}

void Call::transfer(Destination to) {
  log::line(Level::info, Subsystem::dialplan, record_.uuid, "goes on at {} in context {}", to.number,
            to.context.empty() ? route_.context : to.context);
  if (++transfers_ > most_transfers) {
    log::line(Level::error, Subsystem::dialplan, record_.uuid,
              "the call was transferred {} times: it goes round in circles and is ended", most_transfers);
    end_with({cause_by_name("EXCHANGE_ROUTING_ERROR"), 0, {}, "switchroom"});
    return;
  }
  first_step_.reset();
  transfer_ = std::move(to);
}

void Call::transfer(Next next) {
  transfer(std::move(next.to));
  first_step_ = std::move(next.step);
}

awaitable<void> Call::execute(Destination to) {
  if (++execution_depth_ > deepest_execution) {
    log::line(Level::error, Subsystem::dialplan, record_.uuid, "execute_extension goes more than {} deep",
              deepest_execution);
    end_with({cause_by_name("EXCHANGE_ROUTING_ERROR"), 0, {}, "switchroom"});
    co_return;
  }
  const Destination here = route_;
  enter(std::move(to));
  const bool found = co_await run_context();
  if (!found && !ending_) {
    log::line(Level::warning, Subsystem::dialplan, record_.uuid, "nothing in context {} matches {}",
              route_.context, route_.number);
  }
  enter(here);
  --execution_depth_;
}

std::string Call::value(std::string_view name) const {
  if (auto shared = shared_value(name, services_.shared)) {
    return std::move(*shared);
  }
  if (auto computed = computed_value(name, variables_, config())) {
    return std::move(*computed);
  }
  auto own = variables_.value(name);
  const bool asks_header = own.empty() && name.starts_with("sip_h_");
  return asks_header && caller_ != nullptr && caller_->is_incoming()
             ? header_fact(caller_->session().invite(), name.substr(6))
             : own;
}

std::string Call::global(std::string_view name) const {
  const auto found = config().vars.find(std::string(name));
  return found == config().vars.end() ? std::string() : found->second;
}

std::string Call::expanded(std::string_view text) const {
  return dialplan::expand(
      text, [this](std::string_view name) { return value(name); },
      [this](std::string_view name) { return global(name); });
}

std::string Call::expanded_for_dialling(std::string_view text) const {
  return dialplan::expand_dial_string(
      text, [this](std::string_view name) { return value(name); },
      [this](std::string_view name) { return global(name); });
}

}  // namespace switchroom::call
