#include "apps/argument.hpp"
#include "apps/list.hpp"
#include "base/log.hpp"
#include "call/call.hpp"
#include "config/suggestions.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <vector>

namespace switchroom::apps {
namespace {

const auto& all() {
  static const std::array applications{answer(),
                                       bind_digit_action(),
                                       bridge(),
                                       clear_digit_action(),
                                       conference(),
                                       db(),
                                       delay_echo(),
                                       digit_action_set_realm(),
                                       directory(),
                                       eavesdrop(),
                                       echo(),
                                       emergency(),
                                       execute_extension(),
                                       export_variable(),
                                       hangup(),
                                       hash(),
                                       info(),
                                       ivr(),
                                       limit(),
                                       log(),
                                       outbound(),
                                       park(),
                                       play_and_get_digits(),
                                       playback(),
                                       pre_answer(),
                                       read(),
                                       record(),
                                       record_session(),
                                       record_session_pause(),
                                       record_session_resume(),
                                       record_prompt(),
                                       respond(),
                                       ring_ready(),
                                       sched_hangup(),
                                       set(),
                                       sleep(),
                                       speak(),
                                       stop_record_session(),
                                       transfer(),
                                       unpark(),
                                       unset(),
                                       valet_park(),
                                       voicemail()};
  return applications;
}

}  // namespace

std::span<const Application> table() { return all(); }

const Application* find(std::string_view name) {
  const auto found =
      std::find_if(all().begin(), all().end(), [&](const auto& one) { return one.name == name; });
  return found == all().end() ? nullptr : &*found;
}

std::string check_action(const config::Action& action, const config::Snapshot& config) {
  const Application* application = find(action.application);
  if (application == nullptr) {
    std::vector<std::string> names;
    for (const auto& one : all()) {
      names.emplace_back(one.name);
    }
    return fmt::format("there is no application \"{}\"{}", action.application,
                       config::did_you_mean(action.application, names));
  }
  const std::string wrong = application->check(action.argument, config);
  return wrong.empty() ? wrong : fmt::format("{}: {}", action.application, wrong);
}

awaitable<void> run(call::Call& call, std::string_view name, std::string argument) {
  const Application* application = find(name);
  if (application == nullptr) {
    switchroom::log::line(switchroom::log::Level::error, switchroom::log::Subsystem::dialplan, call.uuid(),
                          "there is no application \"{}\"", name);
    call.end_with({call::cause_by_name("SERVICE_NOT_IMPLEMENTED"), 0, {}, "switchroom"});
    co_return;
  }
  co_await application->run(call, std::move(argument));
}

namespace {

/// A bar would end the cell of a table.
std::string in_cell(std::string_view text) {
  std::string cell;
  for (const char c : text) {
    cell += c == '|' ? std::string("\\|") : std::string(1, c);
  }
  return cell.empty() ? cell : "`" + cell + "`";
}

}  // namespace

std::string reference() {
  std::string text = "| application | argument | what it does |\n|---|---|---|\n";
  for (const auto& one : all()) {
    text += fmt::format("| `{}` | {} | {} |\n", one.name, in_cell(one.argument), one.help);
  }
  return text;
}

}  // namespace switchroom::apps
