#include "apps/argument.hpp"
#include "apps/list.hpp"
#include "apps/supervisor.hpp"
#include "base/log.hpp"
#include "call/call.hpp"
#include "call/events.hpp"
#include "call/pair_sound.hpp"

#include <optional>

namespace switchroom::apps {
namespace {

using call::Supervision;
using switchroom::log::Level;
using switchroom::log::Subsystem;

std::optional<Supervision> mode_of(char key) {
  switch (key) {
    case '0': return Supervision::listens;
    case '1': return Supervision::whispers_to_other;
    case '2': return Supervision::whispers_to_target;
    case '3': return Supervision::joins;
    default: return std::nullopt;
  }
}

std::string_view in_words(Supervision what) {
  switch (what) {
    case Supervision::listens: return "listens";
    case Supervision::whispers_to_target: return "whispers to the target";
    case Supervision::whispers_to_other: return "whispers to the other one";
    case Supervision::joins: return "joins";
  }
  return "";
}

/// "TARGET [listen|whisper|whisper_other|join]".
std::optional<Supervision> first_mode(std::string_view word) {
  return word.empty() || word == "listen" ? std::optional(Supervision::listens)
         : word == "whisper"              ? std::optional(Supervision::whispers_to_target)
         : word == "whisper_other"        ? std::optional(Supervision::whispers_to_other)
         : word == "join"                 ? std::optional(Supervision::joins)
                                          : std::nullopt;
}

std::string check_eavesdrop(std::string_view argument, const config::Snapshot& config) {
  const auto part = words(argument);
  if (part.empty() || part.size() > 2) {
    return "it takes whom to listen to: user/1002, or the id of a call, and a mode if it is not to listen";
  }
  if (part.size() > 1 && !is_computed(part[1]) && !first_mode(part[1])) {
    return "the mode is listen, whisper, whisper_other or join";
  }
  if (part[0].starts_with("user/") && !is_computed(part[0]) &&
      !config.extensions.contains(part[0].substr(5, part[0].find('@') - 5))) {
    return "there is no extension " + part[0].substr(5);
  }
  return {};
}

void refuse(call::Call& call, const std::string& target, const char* result, const std::string& why) {
  call.variables().set("eavesdrop_result", result);
  call.note_failure({call::cause_by_name("CALL_REJECTED"), 403, {}, "switchroom"});
  switchroom::log::line(Level::warning, Subsystem::dialplan, call.uuid(), "eavesdrop {}: {}", target, why);
}

void publish(call::Call& call, const std::string& target, const char* what, Supervision mode) {
  call.services().events.publish(std::string("eavesdrop.") + what, {{"call", call.uuid()},
                                                                    {"supervisor", call.caller().extension()},
                                                                    {"target", target},
                                                                    {"mode", std::string(in_words(mode))}});
}

/// Until the conversation or this call ends, or the key * is pressed.
awaitable<void> listen_to(call::Call& call, call::PairSound::Listener& listener, std::string target) {
  call::Leg& own = call.caller();
  own.listen_for_keys(nullptr);
  while (!call.leaving() && !listener.is_over()) {
    while (const auto event = own.next_event()) {
      call.mind_alone(own, *event);
    }
    while (const auto press = own.keys().next()) {
      if (press->phase == call::KeyPress::Phase::ended) {
        continue;
      }
      if (press->key == '*') {
        co_return;
      }
      if (const auto mode = mode_of(press->key)) {
        listener.change(*mode);
        switchroom::log::line(Level::info, Subsystem::dialplan, call.uuid(), "{} {} ({})", own.extension(),
                              in_words(*mode), target);
        publish(call, target, "mode", *mode);
      }
    }
    if (!call.leaving() && !listener.is_over()) {
      (void)co_await call.next_news();
    }
  }
}

awaitable<void> run_eavesdrop(call::Call& call, std::string argument) {
  const auto part = words(argument);
  const std::string target = part.empty() ? std::string() : part[0];
  const Supervision mode = first_mode(part.size() > 1 ? part[1] : "").value_or(Supervision::listens);
  const Supervised found = find_supervised(call, target);
  if (found.call == nullptr) {
    refuse(call, target, "nobody", "nobody talks there");
    co_return;
  }
  if (!found.allowed) {
    refuse(call, target, "denied",
           (call.caller().extension().empty() ? call.caller().label() + " (not signed in)"
                                              : call.caller().extension()) +
               " has no may_supervise for it: denied");
    co_return;
  }
  const bool answered = co_await call.answer();
  // Answering waits for nothing: what was found is still there.
  auto listener = answered && found.call->pair_sound() != nullptr
                      ? found.call->pair_sound()->listen(call.caller(), *found.leg, [&call] { call.wake(); })
                      : nullptr;
  if (listener == nullptr) {
    refuse(call, target, "nobody", "its sound cannot be heard yet");
    co_return;
  }
  listener->change(mode);
  switchroom::log::line(Level::info, Subsystem::dialplan, call.uuid(), "{} {} to call {} ({})",
                        call.caller().extension(), in_words(mode), found.call->uuid(), target);
  publish(call, target, "begin", mode);
  call.variables().set("eavesdrop_result", "done");
  co_await listen_to(call, *listener, target);
  publish(call, target, "end", mode);
}

}  // namespace

Application eavesdrop() {
  return {"eavesdrop", "user/NUMBER or CALL [listen|whisper|whisper_other|join]",
          "Listens to the call of an extension, or to one by its id; `2` whispers to that one, `1` to the "
          "other, `3` joins for both to hear, `0` only listens again, `*` ends it. Only with `may_supervise` "
          "of the caller's `[extensions.N]`; otherwise it is denied, logged, and the next step runs "
          "(`eavesdrop_result`: `done`, `denied` or `nobody`).",
          check_eavesdrop, run_eavesdrop};
}

}  // namespace switchroom::apps
