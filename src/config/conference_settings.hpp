// Conference rooms as the file has them. Included by snapshot.hpp.
#pragma once

#include "config/place.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace switchroom::config {

/// A kind of conference room: [conferences.default]. Sounds as playback takes them; empty: none.
struct Conference {
  std::string name;
  std::string numbers;  // a pattern of dialled numbers, each a room of its own; empty: none
  std::string context = "default";
  std::uint32_t rate = 16000;         // Hz
  std::uint32_t energy_level = 100;   // mean amplitude, 0: everything is let through
  std::uint32_t auto_gain_level = 0;  // mean amplitude that voices are brought to; 0: as they are
  bool comfort_noise = true;
  std::string pin;
  std::string moderator_pin;
  std::uint32_t pin_retries = 3;
  std::uint32_t max_members = 0;  // 0: no limit
  std::uint32_t announce_count = 0;
  std::vector<std::string> member_flags;
  std::vector<std::string> conference_flags;
  std::string caller_controls = "default";
  std::string moderator_controls = "moderator";
  std::string auto_record;  // a file's path with ${variables}; empty: none
  std::vector<std::string> dial_out;
  std::uint32_t end_grace = 0;  // seconds

  std::string enter_sound;
  std::string exit_sound;
  std::string alone_sound;
  std::string muted_sound;
  std::string unmuted_sound;
  std::string deaf_sound;
  std::string undeaf_sound;
  std::string mute_detect_sound;
  std::string kicked_sound;
  std::string locked_sound;
  std::string is_locked_sound;
  std::string is_unlocked_sound;
  std::string pin_sound;
  std::string bad_pin_sound;
  std::string max_members_sound;
  std::string moh_sound;
  std::string count_sound;
  std::string hand_raised_sound;
  std::string hand_lowered_sound;
  std::string recording_started_sound;
  std::string recording_stopped_sound;
  Place place;
};

/// Keys that people in a conference may press: [conference_controls.default].
struct ConferenceControls {
  struct Entry {
    std::string keys;    // "0", "*5"
    std::string action;  // "mute", "vol talk up"
    Place place;
  };
  std::vector<Entry> entries;
  Place place;
};

using Conferences = std::map<std::string, Conference>;
using ConferenceControlGroups = std::map<std::string, ConferenceControls>;

}  // namespace switchroom::config
