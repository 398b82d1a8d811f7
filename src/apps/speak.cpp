#include "apps/argument.hpp"
#include "apps/list.hpp"
#include "base/log.hpp"
#include "call/call.hpp"
#include "call/playing.hpp"
#include "call/sounds.hpp"
#include "sounds/flite.hpp"

#include <fmt/core.h>

#include <utility>

namespace switchroom::apps {
namespace {

using switchroom::log::Level;
using switchroom::log::Subsystem;

/// "flite|slt|TEXT", "flite|TEXT", "TEXT"; another engine's name stands for the file's command.
struct Wish {
  std::string engine;
  std::string voice;
  std::string text;
};

Wish read_wish(std::string_view argument) {
  const auto first = argument.find('|');
  if (first == std::string_view::npos) {
    return {{}, {}, std::string(argument)};
  }
  const auto second = argument.find('|', first + 1);
  if (second == std::string_view::npos) {
    return {std::string(argument.substr(0, first)), {}, std::string(argument.substr(first + 1))};
  }
  std::string voice(argument.substr(first + 1, second - first - 1));
  return {std::string(argument.substr(0, first)), voice == "default" ? std::string() : std::move(voice),
          std::string(argument.substr(second + 1))};
}

std::string what_is_wrong(const Wish& wish, const config::Snapshot& config) {
  if (wish.text.empty()) {
    return "it takes a text, or flite|slt|TEXT";
  }
  if (wish.engine == "flite" && !wish.voice.empty() && !sounds::is_flite_voice(wish.voice)) {
    return fmt::format("flite has no voice \"{}\": it has slt and kal", wish.voice);
  }
  if (!wish.engine.empty() && wish.engine != "flite" && config.speech.command.empty()) {
    return fmt::format("\"{}\" needs a command in [speech]; flite is inside the executable", wish.engine);
  }
  return {};
}

std::string check_speak(std::string_view argument, const config::Snapshot& config) {
  return is_computed(argument) ? std::string() : what_is_wrong(read_wish(argument), config);
}

awaitable<void> run_speak(call::Call& call, std::string argument) {
  Wish wish = read_wish(argument);
  std::string wrong = what_is_wrong(wish, call.config());
  if (wrong.empty() && !call.hear_early()) {
    wrong = "the caller sent no offer, so it can hear nothing before it is answered";
  }
  if (wrong.empty()) {
    const bool flite = wish.engine == "flite";
    std::vector<call::SoundName> names{sounds::Text{
        std::move(wish.text), flite && wish.voice.empty() ? std::string("slt") : std::move(wish.voice),
        call::language_of(call.variables(), call.config()), flite}};
    auto list = co_await call::load_sounds(call.services().sounds, std::move(names),
                                           call.caller().media().sound_rate());
    if (list) {
      const std::string keys = call.variables().value("playback_terminators");
      const auto played = co_await call::play(call, call.caller(), std::move(*list), call::terminators(keys));
      call.variables().set("playback_terminator_used", played.key == 0 ? "" : std::string(1, played.key));
      co_return;
    }
    wrong = list.error().what;
  }
  switchroom::log::line(Level::error, Subsystem::dialplan, call.uuid(), "speak: {}", wrong);
}

}  // namespace

Application speak() {
  return {"speak", "[flite|VOICE|] TEXT",
          "Says a text, as `playback say:TEXT` does. `flite|slt|TEXT` and `flite|kal|TEXT` are said by the "
          "synthesiser "
          "inside the executable; any other engine's name, or none, means the command of `[speech]` where "
          "there is one.",
          check_speak, run_speak};
}

}  // namespace switchroom::apps
