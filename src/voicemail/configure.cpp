// The config menu: greetings, the name, the PIN.
#include "base/log.hpp"
#include "voicemail/listen.hpp"
#include "voicemail/mailboxes.hpp"
#include "voicemail/voice.hpp"

namespace switchroom::voicemail {
namespace {

using log::Level;
using log::Subsystem;

bool is(char key, const std::string& wanted) { return wanted.size() == 1 && wanted.front() == key; }

std::string kind_of(char key) {
  return key == '1' ? "unavailable" : key == '2' ? "busy" : key == '3' ? "temporary" : "";
}

/// Records until he is content. True: it was kept.
awaitable<bool> record_sound(Voice& voice, Mailboxes& mailboxes, std::string mailbox, std::string kind) {
  const auto& keys = voice.keys();
  for (unsigned attempt = 0; attempt < voice.settings().tries && !voice.over(); ++attempt) {
    const auto file = mailboxes.scratch();
    (void)co_await voice.say_prompt("record_" + kind, keys.terminator);
    RecordLimits limits;
    limits.keys = keys.terminator;
    limits.longest = std::chrono::minutes(2);
    limits.silence = voice.settings().silence;
    limits.silence_level = voice.settings().silence_threshold;
    const Recorded said = co_await voice.record(file, std::move(limits));
    if (said.length_ms < 300 && !voice.over()) {
      mailboxes.drop_file(file);
      (void)co_await voice.say_prompt("too_short");
      continue;
    }
    bool again = false;
    for (unsigned silent = 0; !voice.over() && !again && silent < voice.settings().tries;) {
      const char key = co_await voice.ask_key({voice.prompt("review")});
      if (is(key, keys.review_listen)) {
        (void)co_await voice.play_message({file.string()});
      } else if (is(key, keys.review_keep) || is(key, keys.terminator)) {
        const bool kept = co_await mailboxes.keep_greeting(file, mailbox, kind);
        (void)co_await voice.say_prompt(kept ? "greeting_saved" : "failed");
        co_return kept;
      } else if (is(key, keys.review_again)) {
        again = true;
      } else {
        ++silent;
      }
    }
    mailboxes.drop_file(file);
    if (!again) {
      co_return false;
    }
  }
  co_return false;
}

awaitable<void> record_greeting(Voice& voice, Mailboxes& mailboxes, std::string mailbox) {
  const char key = co_await voice.ask_key({voice.prompt("which_greeting")});
  const std::string kind = kind_of(key);
  if (kind.empty()) {
    co_return;
  }
  if (co_await record_sound(voice, mailboxes, mailbox, kind)) {
    log::line(Level::info, Subsystem::voicemail, voice.call().uuid(), "mailbox {} has a new greeting ({})",
              mailbox, kind);
    mailboxes.choose(mailbox, kind == "temporary" ? kind : "");  // what was just said is what shall be heard
  }
}

awaitable<void> choose_greeting(Voice& voice, Mailboxes& mailboxes, std::string mailbox) {
  const char key = co_await voice.ask_key({voice.prompt("choose_greeting")});
  if (key == '0') {
    mailboxes.choose(mailbox, "default");
  } else if ((key == '1' || key == '2') &&
             (mailboxes.has_greeting(mailbox, "unavailable") || mailboxes.has_greeting(mailbox, "busy"))) {
    mailboxes.choose(mailbox, "");
  } else if (key == '3' && mailboxes.has_greeting(mailbox, "temporary")) {
    mailboxes.choose(mailbox, "temporary");
  } else if (key != 0) {
    (void)co_await voice.say_prompt("no_greeting");
    co_return;
  } else {
    co_return;
  }
  (void)co_await voice.say_prompt("greeting_chosen");
}

}  // namespace

awaitable<void> change_pin(Voice& voice, Mailboxes& mailboxes, std::string mailbox) {
  const auto& settings = voice.settings();
  for (unsigned attempt = 0; attempt < settings.tries && !voice.over(); ++attempt) {
    const std::string pin = co_await voice.ask_digits({voice.prompt("new_pin")}, 32);
    if (voice.over() || pin.empty()) {
      co_return;
    }
    if (!config::pin_weakness(pin, mailbox, settings.pin_min_length).empty()) {
      (void)co_await voice.say_prompt("pin_weak");
      continue;
    }
    const std::string again = co_await voice.ask_digits({voice.prompt("pin_again")}, 32);
    if (voice.over()) {
      co_return;
    }
    if (again != pin) {
      (void)co_await voice.say_prompt("pin_mismatch");
      continue;
    }
    const bool kept = co_await mailboxes.set_pin(mailbox, pin);
    (void)co_await voice.say_prompt(kept ? "pin_changed" : "failed");
    co_return;
  }
}

awaitable<void> configure_mailbox(Voice& voice, Mailboxes& mailboxes, std::string mailbox) {
  const auto& keys = voice.keys();
  for (unsigned silent = 0; silent < voice.settings().tries && !voice.over();) {
    const char key = co_await voice.ask_key({voice.prompt("config_menu")});
    if (voice.over() || is(key, keys.back)) {
      co_return;
    }
    if (is(key, keys.record_greeting)) {
      co_await record_greeting(voice, mailboxes, mailbox);
    } else if (is(key, keys.choose_greeting)) {
      co_await choose_greeting(voice, mailboxes, mailbox);
    } else if (is(key, keys.record_name)) {
      (void)co_await record_sound(voice, mailboxes, mailbox, "name");
    } else if (is(key, keys.change_pin)) {
      co_await change_pin(voice, mailboxes, mailbox);
    } else {
      ++silent;
      if (key != 0) {
        (void)co_await voice.say_prompt("invalid");
      }
    }
  }
}

}  // namespace switchroom::voicemail
