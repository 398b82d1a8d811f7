#include "main/emergency_notices.hpp"

#include "base/log.hpp"
#include "config/routes.hpp"

namespace switchroom::main {

EmergencyNotices::EmergencyNotices(call::Events& events, call::Switchboard& switchboard,
                                   const config::SnapshotPtr& config)
    : switchboard_(switchboard),
      config_(config),
      subscription_(events.subscribe([this](const call::Event& event) { on_event(event); })) {}

void EmergencyNotices::on_event(const call::Event& event) {
  if (event.name != "emergency.call") {
    return;
  }
  call::Switchboard::Extras extras;
  extras.variables = {{"emergency_caller", event.field("caller")},
                      {"emergency_caller_name", event.field("name")},
                      {"emergency_number", event.field("number")},
                      {"emergency_location", event.field("location")}};
  extras.urgent = true;
  for (const auto& extension : config_->emergency.notify) {
    // The display shows what was dialled, and the sound says who did. Not the bare number: that would be
    // dialled.
    const auto placed = switchboard_.originate("user/" + extension.text, "emergency-" + event.field("number"),
                                               config::emergency_notice_context, extras);
    if (!placed) {
      log::line(log::Level::error, log::Subsystem::call, event.field("call"),
                "{} cannot be told of the emergency call: {}", extension.text, placed.error().what);
    }
  }
}

}  // namespace switchroom::main
