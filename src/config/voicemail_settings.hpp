// [voicemail], [extensions.N.voicemail], and who has a mailbox.
#pragma once

#include "config/place.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace switchroom::config {

/// What the owner of a mailbox may set for himself; what is not set is as [voicemail] says.
struct MailboxSettings {
  std::string pin;  // the first one; the phone may change it
  std::string name;
  std::string email;
  std::string notify;  // a short mail without sound goes there
  std::optional<bool> attach;
  std::optional<std::string> attach_format;  // "wav", "mp3"
  std::optional<std::string> after_mail;     // "keep", "save", "delete"
  std::optional<std::uint32_t> max_messages;
  std::string operator_extension;
  std::vector<std::string> members;  // extensions whose lamps and *97 it serves, too (shared mailboxes)
  std::string number;                // of a mailbox that is no extension
  std::optional<bool> ask_pin;       // from its own phones
  Place place;
};

/// Which key does what, one character each; "" for none.
struct VoicemailKeys {
  std::string terminator = "#";
  std::string skip_greeting = "#";
  std::string login = "*";
  std::string operator_key = "0";
  // main menu
  std::string play_new = "1";
  std::string play_saved = "2";
  std::string config_menu = "5";
  std::string exit = "#";
  // config menu
  std::string record_greeting = "1";
  std::string choose_greeting = "2";
  std::string record_name = "3";
  std::string change_pin = "6";
  std::string back = "*";
  // a message
  std::string listen = "1";
  std::string save = "2";
  std::string envelope = "3";
  std::string call_back = "5";
  std::string remove = "7";
  std::string forward = "8";
  std::string repeat = "0";
  std::string next = "#";
  // while it plays
  std::string rewind = "4";
  std::string skip = "6";
  std::string pause = "9";
  // before it is sent
  std::string review_listen = "1";
  std::string review_keep = "2";
  std::string review_again = "3";
  std::string review_urgent = "4";
};

struct Voicemail {
  // leaving
  std::chrono::seconds max_length{300};
  std::chrono::seconds min_length{2};
  std::uint32_t silence_threshold = 200;  // of 32767, mean of 20 ms
  std::chrono::seconds silence{5};        // zero: silence ends nothing
  bool review = true;
  bool say_number = true;  // the default greeting names the extension
  std::string operator_extension;
  // listening
  std::uint32_t tries = 3;
  bool ask_pin = true;  // also from the mailbox's own phones
  std::uint32_t pin_min_length = 4;
  std::uint32_t lockout_after = 10;
  std::chrono::seconds lockout{900};
  bool envelope = true;
  std::chrono::seconds step{4};  // rewind and skip
  std::chrono::seconds key_timeout{8};
  // keeping
  std::uint32_t max_messages = 100;
  std::chrono::seconds max_age{0};  // zero: for ever
  std::chrono::seconds keep_deleted{7L * 86400};
  // feature codes, "" for none
  std::string context = "default";
  std::string check = "*98";
  std::string check_mailbox = "*97";
  std::string leave = "*99";
  bool after_no_answer = true;  // the generated entry for extensions falls to voicemail
  std::chrono::seconds ring{25};
  VoicemailKeys keys;
  std::map<std::string, std::string> prompts;  // those that the file sets
  // mail
  bool attach = true;
  std::string attach_format = "wav";
  std::string after_mail = "keep";
  std::string email_subject;
  std::string email_body;
  std::string notify_subject;
  std::string notify_body;
  bool mwi = true;

  std::map<std::string, MailboxSettings> mailboxes;  // by name: extensions and others
  struct List {
    std::vector<std::string> members;
    std::string number;
    Place place;
  };
  std::map<std::string, List> lists;
};

/// A thing that is said, what is said by default, and when.
struct VoicemailPrompt {
  std::string_view name;
  std::string_view sounds;
  std::string_view when;
};
std::span<const VoicemailPrompt> voicemail_prompts();
/// What the file says for a prompt, or the default. Unknown names are a broken invariant: empty.
std::string voicemail_prompt(const Voicemail& voicemail, std::string_view name);

/// The mailbox that a number reaches (its name, its number), or the empty string.
std::string mailbox_named(const Voicemail& voicemail, std::string_view number);

/// The mailboxes whose messages light an extension's lamp: its own first, then those it is a member of.
std::vector<std::string> mailboxes_of(const Voicemail& voicemail, const std::string& extension);

/// Why a PIN is refused, or empty.
std::string pin_weakness(std::string_view pin, std::string_view mailbox, std::size_t min_length);

}  // namespace switchroom::config
