#include "call/switchboard.hpp"

#include "base/log.hpp"
#include "call/emergency.hpp"
#include "call/refused_call.hpp"
#include "call/targets.hpp"
#include "cdr/recorder.hpp"
#include "registrar/registrar.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace switchroom::call {
namespace {

using log::Level;
using log::Subsystem;
using namespace std::chrono_literals;

constexpr std::size_t shortest_id = 4;

}  // namespace

Switchboard::Switchboard(const Services& services, RunStep run_step)
    : services_(services),
      run_step_(std::move(run_step)),
      changed_(services.context.get_executor()),
      tasks_(services.context.get_executor(), [](const std::string& what) {
        log::line(Level::error, Subsystem::call, {}, "a call ended by an internal fault: {}", what);
      }) {
  services_.switchboard = this;
}

Switchboard::~Switchboard() = default;

void Switchboard::configure(Rulebook rules) {
  rules_ = std::move(rules);
  rate_.configure(rules_.config->pbx.calls_per_second);
  refused_records_.configure(rules_.config->pbx.calls_per_second);
}

std::optional<Switchboard::Full> Switchboard::find_limit() {
  if (calls_.size() >= rules_.config->pbx.max_calls) {
    ++counters_.refused;
    return Full{sip::CallRefusal{503, "Too many calls", 5},
                fmt::format("{} calls are up, which is max_calls", calls_.size()), true};
  }
  if (!rate_.take(services_.timers.now())) {
    ++counters_.refused;
    return Full{sip::CallRefusal{503, "Too many calls per second", 1},
                fmt::format("over calls_per_second ({})", rules_.config->pbx.calls_per_second)};
  }
  return std::nullopt;
}

// With max_calls used up a call leaves its record, though no more of them in a second than calls that are
// taken could leave. What is over that, and what is over calls_per_second itself, is a line in the log: who
// sends INVITEs as fast as he can shall not fill the disk with records as fast.
std::optional<sip::CallRefusal> Switchboard::admit_call(const sip::IncomingCall& call) {
  auto full = find_limit();
  if (!full) {
    return std::nullopt;
  }
  std::string id;
  if (full->leaves_record && refused_records_.take(services_.timers.now())) {
    const auto record = record_of_refused(call, *rules_.config, full->refusal.status);
    services_.recorder.opened(record);
    services_.recorder.closed(record);
    id = record.uuid;
  }
  log::line(Level::warning, Subsystem::call, id, "{} is refused: {}", who_calls_whom(call), full->why);
  return std::move(full->refusal);
}

bool Switchboard::is_emergency(const sip::IncomingCall& call) const {
  return rules_.config->emergency.has(call.invite.request_uri.user) &&
         !own_phone(call, services_.registrar).empty();
}

void Switchboard::on_call(sip::IncomingCall incoming) {
  auto call = std::make_unique<Call>(services_, rules_, run_step_);
  call->begin(std::move(incoming));
  auto life = call->run();
  launch(std::move(call), std::move(life));
}

base::result<std::string> Switchboard::originate(std::string target, const std::string& destination,
                                                 std::string context, const Extras& extras) {
  if (context.empty()) {
    const auto* extension = extension_called(target, *rules_.config);
    context = extension == nullptr || extension->context.empty() ? "default" : extension->context;
  }
  if (!extras.step && !rules_.dialplan->has_context(context)) {
    return base::Error{"there is no context \"" + context + "\""};
  }
  if (auto wrong = check_dial_string(target, *rules_.config); !wrong.empty()) {
    return base::Error{std::move(wrong)};
  }
  if (const auto* extension = extension_called(target, *rules_.config);
      extension != nullptr && services_.registrar.find(extension->number).empty()) {
    return base::Error{"extension " + extension->number + " has no phone registered"};
  }
  if (const auto full = extras.urgent ? std::nullopt : find_limit()) {
    log::line(Level::warning, Subsystem::call, {}, "a call of {} to {} is refused: {}", target, destination,
              full->why);
    return base::Error{full->refusal.reason + ": " + full->why};
  }
  auto call = std::make_unique<Call>(services_, rules_, run_step_);
  call->begin_originated(target, destination, context);
  for (const auto& [name, value] : extras.variables) {
    call->variables().set(name, value);
  }
  if (extras.step) {
    call->begin_with(*extras.step);
  }
  std::string id = call->uuid();
  auto life = call->run_originated(std::move(target));
  launch(std::move(call), std::move(life));
  return base::success(std::move(id));
}

void Switchboard::take_over(std::unique_ptr<Leg> leg, const Rulebook& rules, Variables variables, Next next) {
  auto call = std::make_unique<Call>(services_, rules, run_step_);
  call->begin_taken(std::move(leg), std::move(variables), std::move(next));
  auto life = call->run();
  launch(std::move(call), std::move(life));
}

base::result<std::string> Switchboard::redirect(std::string_view id, Next next) {
  const auto call = find(id);
  if (!call) {
    return call.error();
  }
  if (!(*call)->has_caller()) {
    return base::Error{"its caller has not answered yet"};
  }
  if (next.to.context.empty()) {
    next.to.context = (*call)->variables().value("context");
  }
  if (!next.step && !rules_.dialplan->has_context(next.to.context)) {
    return base::Error{"there is no context \"" + next.to.context + "\""};
  }
  std::string uuid = (*call)->uuid();
  (*call)->redirect(std::move(next));
  return base::success(std::move(uuid));
}

void Switchboard::launch(std::unique_ptr<Call> call, awaitable<void> life) {
  const std::string id = call->uuid();
  Call& launched = *call;
  Entry& entry = calls_[id];
  entry.call = std::move(call);
  ++counters_.total;
  counters_.peak = std::max(counters_.peak, calls_.size());
  entry.task = tasks_.spawn(std::move(life), [this, id] {
    calls_.erase(id);
    changed_.notify();
  });
  launched.set_cancel([this, task = entry.task] { tasks_.cancel(task); });
}

base::result<Call*> Switchboard::find(std::string_view id) const {
  if (const auto whole = calls_.find(std::string(id)); whole != calls_.end()) {
    return whole->second.call.get();
  }
  Call* match = nullptr;
  if (id.size() >= shortest_id) {
    for (const auto& [uuid, entry] : calls_) {
      if (uuid.starts_with(id)) {
        if (match != nullptr) {
          return base::Error{"more than one call's id begins with " + std::string(id)};
        }
        match = entry.call.get();
      }
    }
  }
  if (match == nullptr) {
    return base::Error{"no call has the id " + std::string(id) + " (see: pbxctl calls)"};
  }
  return match;
}

base::result<std::string> Switchboard::hang_up(std::string_view id, const sip::Cause& cause) {
  const auto call = find(id);
  if (!call) {
    return call.error();
  }
  std::string uuid = (*call)->uuid();
  (*call)->hang_up(cause);
  tasks_.cancel(calls_.at(uuid).task);
  return base::success(std::move(uuid));
}

void Switchboard::for_each(const std::function<void(Call&)>& visit) const {
  for (const auto& [uuid, entry] : calls_) {
    visit(*entry.call);
  }
}

awaitable<void> Switchboard::drain(base::Duration limit) {
  const base::Time deadline = base::Clock::now() + limit;
  while (!calls_.empty()) {
    changed_.reset();
    if (!co_await changed_.wait_until(deadline)) {
      break;
    }
  }
  for (const auto& [uuid, entry] : calls_) {
    entry.call->hang_up(cause_by_name("NORMAL_TEMPORARY_FAILURE"));
  }
  tasks_.cancel();
  co_await tasks_.join();
}

}  // namespace switchroom::call
