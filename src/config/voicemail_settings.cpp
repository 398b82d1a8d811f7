#include "config/voicemail_settings.hpp"

#include <algorithm>
#include <array>

namespace switchroom::config {
namespace {

// The names are the prompts' own; what several calls say is put together in voicemail/.
constexpr std::array prompts{
    VoicemailPrompt{"beep", "tone_stream:%(250,0,1000)", "the tone before a recording"},
    VoicemailPrompt{"person", "voicemail/vm-theperson.wav", "default greeting: the person at extension …"},
    VoicemailPrompt{"unavailable", "voicemail/vm-isunavail.wav", "default greeting: … is unavailable"},
    VoicemailPrompt{"busy", "voicemail/vm-isonphone.wav", "default greeting: … is on the phone"},
    VoicemailPrompt{"intro", "voicemail/vm-intro.wav", "leave a message after the tone, # ends it"},
    VoicemailPrompt{"mailbox_full", "voicemail/vm-mailboxfull.wav", "to the caller: no more room"},
    VoicemailPrompt{"too_short", "voicemail/vm-tooshort.wav", "the message was too short"},
    VoicemailPrompt{"saved", "voicemail/vm-msgsaved.wav", "the message was saved"},
    VoicemailPrompt{"failed", "say:Your message could not be saved. Please try again later.",
                    "the message could not be kept"},
    VoicemailPrompt{"review",
                    "say:To hear it, press ${review_listen}. To keep it, press ${review_keep}. To record it "
                    "again, press ${review_again}.",
                    "what the caller may do with the message"},
    VoicemailPrompt{"review_urgent", "say:To mark it as urgent, press ${review_urgent}.",
                    "and that it may be urgent"},
    VoicemailPrompt{"urgent", "voicemail/vm-marked-urgent.wav", "it is urgent now"},
    VoicemailPrompt{"not_urgent", "voicemail/vm-marked-nonurgent.wav", "it is not"},
    VoicemailPrompt{"no_mailbox", "voicemail/vm-nobox.wav", "there is no such mailbox"},
    VoicemailPrompt{"which_mailbox", "voicemail/vm-login.wav", "mailbox?"},
    VoicemailPrompt{"enter_pin", "voicemail/vm-password.wav", "PIN?"},
    VoicemailPrompt{"wrong_pin", "voicemail/vm-incorrect.wav", "the PIN is wrong"},
    VoicemailPrompt{"locked",
                    "say:This mailbox is locked for a while, because a wrong PIN was entered too often.",
                    "the mailbox is locked for a while"},
    VoicemailPrompt{"you_have", "voicemail/vm-youhave.wav", "you have …"},
    VoicemailPrompt{"no", "voicemail/vm-no.wav", "… no …"},
    VoicemailPrompt{"new", "voicemail/vm-INBOX.wav", "… new …"},
    VoicemailPrompt{"old", "voicemail/vm-Old.wav", "… old …"},
    VoicemailPrompt{"urgent_word", "voicemail/vm-Urgent.wav", "… urgent …"},
    VoicemailPrompt{"message", "voicemail/vm-message.wav", "… message"},
    VoicemailPrompt{"messages", "voicemail/vm-messages.wav", "… messages"},
    VoicemailPrompt{"and", "voicemail/vm-and.wav", "… and …"},
    VoicemailPrompt{
        "main_menu",
        "say:To hear your new messages, press ${play_new}. For your saved messages, press ${play_saved}. For "
        "greetings and options, press ${config_menu}. To leave, press ${exit}.",
        "what the main menu offers"},
    VoicemailPrompt{"config_menu",
                    "say:To record a greeting, press ${record_greeting}. To choose a greeting, press "
                    "${choose_greeting}. To record your name, press ${record_name}. To change your PIN, "
                    "press ${change_pin}. To go back, press ${back}.",
                    "what the config menu offers"},
    VoicemailPrompt{"message_number", "voicemail/vm-message.wav", "message (number) …"},
    VoicemailPrompt{"received", "voicemail/vm-received.wav", "received … (date and time follow)"},
    VoicemailPrompt{"from", "voicemail/vm-from-phonenumber.wav", "from phone number …"},
    VoicemailPrompt{"unknown_caller", "voicemail/vm-unknown-caller.wav", "from an unknown caller"},
    VoicemailPrompt{"length", "voicemail/vm-duration.wav", "this message lasts …"},
    VoicemailPrompt{
        "message_menu",
        "say:To hear it again, press ${listen}. To save it, press ${save}. To delete it, press ${delete}. To "
        "forward it, press ${forward}. To call back, press ${call_back}. For the next one, press ${next}.",
        "what can be done with a message"},
    VoicemailPrompt{"deleted", "voicemail/vm-deleted.wav", "message deleted"},
    VoicemailPrompt{"kept", "voicemail/vm-saved.wav", "message saved"},
    VoicemailPrompt{"restored", "voicemail/vm-undeleted.wav", "message restored"},
    VoicemailPrompt{"no_more", "voicemail/vm-nomore.wav", "no more messages"},
    VoicemailPrompt{"forward_to", "say:To which mailbox? Enter its number and press ${terminator}.",
                    "to which extension?"},
    VoicemailPrompt{
        "forward_intro",
        "say:Say an introduction after the tone and press ${terminator}, or press it at once for none.",
        "say an introduction, or # for none"},
    VoicemailPrompt{"forwarded", "voicemail/vm-msgforwarded.wav", "message forwarded"},
    VoicemailPrompt{"no_callback", "voicemail/vm-nonumber.wav", "the caller's number is not known"},
    VoicemailPrompt{"record_unavailable", "voicemail/vm-rec-unv.wav", "say your greeting after the tone"},
    VoicemailPrompt{"record_busy", "voicemail/vm-rec-busy.wav", "say your busy greeting after the tone"},
    VoicemailPrompt{"record_name", "voicemail/vm-rec-name.wav", "say your name after the tone"},
    VoicemailPrompt{"record_temporary", "voicemail/vm-rec-temp.wav", "say your temporary greeting"},
    VoicemailPrompt{"which_greeting",
                    "say:For the greeting when you are away, press 1. For the one when you are on the phone, "
                    "press 2. For a temporary one, press 3.",
                    "which greeting to record: 1 unavailable, 2 busy, 3 temporary"},
    VoicemailPrompt{"greeting_saved", "voicemail/vm-msgsaved.wav", "the greeting was saved"},
    VoicemailPrompt{"no_greeting", "say:There is no such greeting yet.", "there is no such greeting"},
    VoicemailPrompt{
        "choose_greeting",
        "say:For the standard greeting, press 0. For your own, press 1. For the temporary one, press 3.",
        "which greeting is heard: 0 the default one, 1 own, 3 temporary"},
    VoicemailPrompt{"greeting_chosen", "say:That greeting is heard from now on.", "the greeting was chosen"},
    VoicemailPrompt{"new_pin", "voicemail/vm-newpassword.wav", "new PIN?"},
    VoicemailPrompt{"pin_again", "voicemail/vm-reenterpassword.wav", "and again"},
    VoicemailPrompt{"pin_mismatch", "voicemail/vm-mismatch.wav", "the two differ"},
    VoicemailPrompt{"pin_weak", "voicemail/vm-invalid-password.wav", "such a PIN is refused"},
    VoicemailPrompt{"pin_changed", "voicemail/vm-passchanged.wav", "the PIN was changed"},
    VoicemailPrompt{"invalid", "voicemail/vm-sorry.wav", "that key does nothing here"},
    VoicemailPrompt{"goodbye", "voicemail/vm-goodbye.wav", "goodbye"},
};

bool is_run(std::string_view digits, int step) {
  for (std::size_t i = 1; i < digits.size(); ++i) {
    if (digits[i] - digits[i - 1] != step) {
      return false;
    }
  }
  return true;
}

}  // namespace

std::span<const VoicemailPrompt> voicemail_prompts() { return prompts; }

std::string voicemail_prompt(const Voicemail& voicemail, std::string_view name) {
  if (const auto own = voicemail.prompts.find(std::string(name)); own != voicemail.prompts.end()) {
    return own->second;
  }
  const auto found =
      std::find_if(prompts.begin(), prompts.end(), [&](const auto& prompt) { return prompt.name == name; });
  return found == prompts.end() ? std::string() : std::string(found->sounds);
}

std::string mailbox_named(const Voicemail& voicemail, std::string_view number) {
  if (voicemail.mailboxes.contains(std::string(number))) {
    return std::string(number);
  }
  for (const auto& [name, mailbox] : voicemail.mailboxes) {
    if (!mailbox.number.empty() && mailbox.number == number) {
      return name;
    }
  }
  return {};
}

std::vector<std::string> mailboxes_of(const Voicemail& voicemail, const std::string& extension) {
  std::vector<std::string> names;
  if (voicemail.mailboxes.contains(extension)) {
    names.push_back(extension);
  }
  for (const auto& [name, mailbox] : voicemail.mailboxes) {
    const bool member =
        std::find(mailbox.members.begin(), mailbox.members.end(), extension) != mailbox.members.end();
    if (member && name != extension) {
      names.push_back(name);
    }
  }
  return names;
}

std::string pin_weakness(std::string_view pin, std::string_view mailbox, std::size_t min_length) {
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  if (!std::all_of(pin.begin(), pin.end(), digit)) {
    return "is not made of digits";
  }
  if (pin.size() < min_length) {
    return "is shorter than " + std::to_string(min_length) + " digits";
  }
  if (pin.size() > 32) {
    return "is longer than 32 digits";
  }
  if (pin == mailbox || std::string(pin.rbegin(), pin.rend()) == mailbox) {
    return "is the mailbox's own number";
  }
  if (is_run(pin, 0)) {
    return "is one digit again and again";
  }
  if (is_run(pin, 1) || is_run(pin, -1)) {
    return "is a row of digits";
  }
  return {};
}

}  // namespace switchroom::config
