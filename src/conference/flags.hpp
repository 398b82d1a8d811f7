// Flags of members and of rooms, as the file, the dialplan and FreeSWITCH write them.
#pragma once

#include "base/result.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace switchroom::conference {

struct MemberFlags {
  bool mute = false;         // says nothing to the others
  bool deaf = false;         // hears nothing
  bool moderator = false;    // has the moderators' keys, is waited for, is no listener
  bool presenter = false;    // is not muted by the profile
  bool endconf = false;      // the conference ends when the last of these has left
  bool mintwo = false;       // … and when only one member is left
  bool ghost = false;        // comes and goes unheard, and is not counted
  bool nomoh = false;        // no music while it waits
  bool mute_detect = false;  // is told when it speaks while muted
  bool invited = false;      // is not asked for the PIN
};

struct RoomFlags {
  bool wait_mod = false;         // music until a moderator is there
  bool audio_always = false;     // everything is mixed, also what is below the energy level
  bool waste_bandwidth = false;  // packets are sent while there is nothing to hear
};

/// Adds the flags of `text` ("moderator|endconf", also with commas or blanks, and with hyphens as FreeSWITCH
/// writes some). The error names the first unknown one.
base::result<void> add_flags(MemberFlags& flags, std::string_view text);
base::result<void> add_flags(RoomFlags& flags, std::string_view text);
std::string join_words(const std::vector<std::string>& words);
/// "moderator|endconf".
std::string text_of(const MemberFlags& flags);

}  // namespace switchroom::conference
