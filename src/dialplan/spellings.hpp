// The words of an application's argument, in our spelling and in the one that people bring from FreeSWITCH.
// Pure.
#pragma once

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/result.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace switchroom::dialplan {

/// Where a call goes: what is dialled, and in which context (empty: the present one).
struct Destination {
  std::string number;
  std::string context;
};
/// "1001", "1001 default", "1001 XML default". A leading "-both", "-bleg" or "-aleg" is left out.
Destination parse_destination(std::string_view text);

/// "true", "yes", "on", "1", "t", "enabled", "active", without case.
bool is_true(std::string_view text);

/// Whole seconds, 0 or more; none for anything else.
std::optional<std::chrono::seconds> seconds_in(std::string_view text);

/// Is the cause in the list "USER_BUSY,NO_ANSWER,18", or does the list say `true`? Names without case, Q.850
/// values as numbers.
bool names_cause(std::string_view list, std::string_view cause, int q850);

/// "debug", "WARNING", "ERR", "CRIT", "CONSOLE", "notice", "7" … to what is logged here.
std::optional<log::Level> parse_log_level(std::string_view text);

/// Of `voicemail`: whose mailbox, and whether to listen to it or to leave a message.
struct MailboxRequest {
  enum class What : std::uint8_t { leave, listen, sign_in } what = What::leave;
  std::string profile;
  std::string domain;
  std::vector<std::string> mailboxes;  // none: the caller is asked, or is the owner himself
};
/// "1001", "default example.com 1001", "1001,1002", "check", "check 1001", "check default example.com
/// [1001]", "auth_only default example.com [1001]". The error is a sentence.
base::result<MailboxRequest> parse_mailbox(std::string_view text);

/// Of `conference`.
struct RoomRequest {
  std::string room;
  std::string profile;  // empty: the room's own
  std::string pin;
  std::vector<std::string> flags;  // "mute", "moderator" …
};
/// "3000", "3000@sales", "3000@sales+4711", "3000@sales+flags{mute|deaf}",
/// "3000@sales+4711+flags{moderator}".
base::result<RoomRequest> parse_room(std::string_view text);

/// Of `fifo`.
struct QueueRequest {
  std::string queue;
  std::string domain;
  enum class What : std::uint8_t { in, out } what = What::in;
  bool waits = true;  // out: until somebody is there
  std::string announcement;
  std::string music;
};
/// "park in", "park@example.com in [ANNOUNCEMENT [MUSIC]]", "park out [wait|nowait] [FOUND [MUSIC]]".
base::result<QueueRequest> parse_queue(std::string_view text);

/// Of `speak`: "TEXT" or "ENGINE|VOICE|TEXT".
struct Speech {
  std::string engine;
  std::string voice;
  std::string text;
};
Speech parse_speech(std::string_view text);

/// The name of a sound as it is written here: tone_stream://X and a bare %(…) to tone_stream:X,
/// silence_stream://MS[,NOISE] to silence:MS, local_stream://NAME to local_stream:NAME, say:, phrase: and
/// files as they are.
std::string sound_name(std::string_view text);

}  // namespace switchroom::dialplan
