// The sounds of a profile by their keys.
#pragma once

#include "config/conference_settings.hpp"

#include <array>
#include <string>
#include <string_view>
#include <utility>

namespace switchroom::conference {

inline auto sounds_of(const config::Conference& c) {
  using Named = std::pair<std::string_view, const std::string*>;
  return std::array{Named{"enter_sound", &c.enter_sound},
                    Named{"exit_sound", &c.exit_sound},
                    Named{"alone_sound", &c.alone_sound},
                    Named{"muted_sound", &c.muted_sound},
                    Named{"unmuted_sound", &c.unmuted_sound},
                    Named{"deaf_sound", &c.deaf_sound},
                    Named{"undeaf_sound", &c.undeaf_sound},
                    Named{"mute_detect_sound", &c.mute_detect_sound},
                    Named{"kicked_sound", &c.kicked_sound},
                    Named{"locked_sound", &c.locked_sound},
                    Named{"is_locked_sound", &c.is_locked_sound},
                    Named{"is_unlocked_sound", &c.is_unlocked_sound},
                    Named{"pin_sound", &c.pin_sound},
                    Named{"bad_pin_sound", &c.bad_pin_sound},
                    Named{"max_members_sound", &c.max_members_sound},
                    Named{"count_sound", &c.count_sound},
                    Named{"hand_raised_sound", &c.hand_raised_sound},
                    Named{"hand_lowered_sound", &c.hand_lowered_sound},
                    Named{"recording_started_sound", &c.recording_started_sound},
                    Named{"recording_stopped_sound", &c.recording_stopped_sound}};
}

}  // namespace switchroom::conference
