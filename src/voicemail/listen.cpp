#include "voicemail/listen.hpp"

#include "base/log.hpp"
#include "call/events.hpp"
#include "voicemail/leave.hpp"
#include "voicemail/mailboxes.hpp"
#include "voicemail/voice.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace switchroom::voicemail {
namespace {

using log::Level;
using log::Subsystem;

constexpr std::uint32_t shortest_intro_ms = 500;

bool is(char key, const std::string& wanted) { return wanted.size() == 1 && wanted.front() == key; }

class Listener {
 public:
  Listener(call::Call& call, Mailboxes& mailboxes, Listen what)
      : call_(call), mailboxes_(mailboxes), what_(std::move(what)), voice_(call), keys_(voice_.keys()) {}

  awaitable<void> run() {
    if (!co_await sign_in()) {
      co_return;
    }
    call_.services().events.publish("voicemail.listen", {{"mailbox", mailbox_}, {"call", call_.uuid()}});
    co_await main_menu();
    if (!voice_.over()) {
      (void)co_await voice_.say_prompt("goodbye");
    }
  }

 private:
  // -- who is it -------------------------------------------------------------------------------------

  [[nodiscard]] bool is_own_phone() const {
    const auto own = config::mailboxes_of(voice_.settings(), signed_in(call_));
    return std::find(own.begin(), own.end(), mailbox_) != own.end();
  }
  [[nodiscard]] bool needs_pin() const {
    if (what_.ask_pin || !is_own_phone()) {
      return true;
    }
    const auto settings = voice_.settings().mailboxes.find(mailbox_);
    return settings == voice_.settings().mailboxes.end() ||
           settings->second.ask_pin.value_or(voice_.settings().ask_pin);
  }

  /// False: he did not, and has been told.
  awaitable<bool> sign_in() {
    const auto& settings = voice_.settings();
    std::string given = what_.mailbox;
    if (given.empty() && !what_.ask_mailbox) {
      const std::string own = signed_in(call_);
      given = settings.mailboxes.contains(own) ? own : "";
    }
    for (unsigned attempt = 0; attempt < settings.tries && !voice_.over(); ++attempt) {
      std::string number = given;
      if (number.empty()) {
        number = co_await voice_.ask_digits({voice_.prompt("which_mailbox")}, 32);
        if (voice_.over()) {
          co_return false;
        }
      }
      mailbox_ = config::mailbox_named(settings, number);
      // A mailbox that does not exist asks for its PIN, too: nobody finds out by trying.
      if (!mailbox_.empty() && !needs_pin()) {
        co_return true;
      }
      const std::string pin = co_await voice_.ask_digits({voice_.prompt("enter_pin")}, 32);
      if (voice_.over()) {
        co_return false;
      }
      const PinVerdict verdict = co_await mailboxes_.check_pin(mailbox_.empty() ? number : mailbox_, pin);
      if (verdict == PinVerdict::right) {
        co_return true;
      }
      log::line(Level::warning, Subsystem::voicemail, call_.uuid(), "{} PIN for mailbox {} from {}",
                verdict == PinVerdict::locked ? "no more tries: a" : "a wrong", number,
                call_.variables().value("caller_id_number"));
      if (verdict == PinVerdict::locked) {
        call_.services().events.publish("voicemail.locked", {{"mailbox", mailbox_}});
        (void)co_await voice_.say_prompt("locked");
        break;
      }
      (void)co_await voice_.say_prompt("wrong_pin");
    }
    (void)co_await voice_.say_prompt("goodbye");
    co_return false;
  }

  // -- the main menu ---------------------------------------------------------------------------------

  void add_count(std::vector<std::string>& sounds, std::size_t count, const char* kind) const {
    sounds.push_back(count == 0 ? voice_.prompt("no") : fmt::format("number:{}", count));
    sounds.push_back(voice_.prompt(kind));
  }
  [[nodiscard]] std::vector<std::string> counts_said() const {
    const Counts counts = mailboxes_.counts(mailbox_);
    std::vector<std::string> sounds{voice_.prompt("you_have")};
    if (counts.fresh_urgent != 0) {
      add_count(sounds, counts.fresh_urgent, "urgent_word");
      sounds.push_back(voice_.prompt("and"));
    }
    const std::size_t fresh = counts.fresh - counts.fresh_urgent;
    add_count(sounds, fresh, "new");
    sounds.push_back(voice_.prompt(fresh == 1 ? "message" : "messages"));
    if (counts.saved != 0) {
      sounds.push_back(voice_.prompt("and"));
      add_count(sounds, counts.saved, "old");
      sounds.push_back(voice_.prompt(counts.saved == 1 ? "message" : "messages"));
    }
    return sounds;
  }

  awaitable<void> main_menu() {
    bool tell_counts = true;
    for (unsigned silent = 0; silent < voice_.settings().tries && !voice_.over();) {
      auto sounds = tell_counts ? counts_said() : std::vector<std::string>();
      sounds.push_back(voice_.prompt("main_menu"));
      tell_counts = false;
      const char key = co_await voice_.ask_key(std::move(sounds));
      if (voice_.over() || is(key, keys_.exit)) {
        co_return;
      }
      silent = key == 0 ? silent + 1 : silent;
      if (is(key, keys_.play_new)) {
        co_await walk(State::fresh);
        tell_counts = true;
      } else if (is(key, keys_.play_saved)) {
        co_await walk(State::saved);
        tell_counts = true;
      } else if (is(key, keys_.config_menu)) {
        co_await configure_mailbox(voice_, mailboxes_, mailbox_);
      } else if (is(key, keys_.change_pin)) {
        co_await change_pin(voice_, mailboxes_, mailbox_);
      } else if (key != 0) {
        ++silent;
        (void)co_await voice_.say_prompt("invalid");
        continue;
      }
      silent = key == 0 ? silent : 0;
    }
  }

  // -- messages --------------------------------------------------------------------------------------

  enum class Next : std::uint8_t { forth, menu };

  /// The list as it was when he began: what comes in meanwhile is for the next time.
  awaitable<void> walk(State state) {
    const auto ids = mailboxes_.list(mailbox_, state);
    std::size_t number = 0;
    for (const MessageId id : ids) {
      ++number;
      const Message* message = mailboxes_.find(id);
      if (message == nullptr || message->state == State::deleted) {
        continue;  // by somebody else who shares it
      }
      if (co_await hear(id, number) == Next::menu || voice_.over()) {
        co_return;
      }
    }
    (void)co_await voice_.say_prompt("no_more");
  }

  [[nodiscard]] std::vector<std::string> envelope(const Message& message) const {
    const std::string number = said_number(message.caller_number);
    std::vector<std::string> sounds{voice_.prompt("received"), said_moment(message.left_at)};
    if (number.empty()) {
      sounds.push_back(voice_.prompt("unknown_caller"));
    } else {
      sounds.push_back(voice_.prompt("from"));
      sounds.push_back(number);
    }
    sounds.push_back(voice_.prompt("length"));
    sounds.push_back(said_length(message.length_ms));
    return sounds;
  }
  [[nodiscard]] std::vector<std::string> sound(const Message& message) const {
    return {mailboxes_.intro(message).string(), mailboxes_.sound(message).string()};
  }

  awaitable<Next> hear(MessageId id, std::size_t number) {
    char key = 0;
    {
      const Message& message = *mailboxes_.find(id);
      std::vector<std::string> opening{message.urgent ? voice_.prompt("urgent_word") : std::string(),
                                       voice_.prompt("message_number"), fmt::format("number:{}", number)};
      if (voice_.settings().envelope) {
        auto more = envelope(message);
        opening.insert(opening.end(), more.begin(), more.end());
      }
      key = co_await voice_.say(std::move(opening), "0123456789*#");
    }
    bool play = key == 0 || is(key, keys_.listen) || is(key, keys_.repeat);
    for (unsigned silent = 0; !voice_.over();) {
      const Message* message = mailboxes_.find(id);
      if (message == nullptr) {
        co_return Next::forth;  // erased by somebody else meanwhile
      }
      if (play) {
        key = co_await voice_.play_message(sound(*message));
        play = false;
        if (voice_.over()) {
          co_return Next::menu;
        }
        if (key == 0) {
          note_heard(id);
        }
      }
      if (key == 0) {
        key = co_await voice_.ask_key({voice_.prompt("message_menu")});
        if (voice_.over() || (key == 0 && ++silent >= voice_.settings().tries)) {
          co_return Next::menu;
        }
      }
      const auto next = co_await obey(id, key, play);
      if (next) {
        co_return *next;
      }
      key = 0;
    }
    co_return Next::menu;
  }

  /// What was heard to its end is new no more.
  void note_heard(MessageId id) {
    const Message* message = mailboxes_.find(id);
    if (message != nullptr && message->state == State::fresh) {
      mailboxes_.mark(id, State::saved);
    }
  }

  awaitable<std::optional<Next>> obey(MessageId id, char key, bool& play) {
    if (is(key, keys_.listen) || is(key, keys_.repeat)) {
      play = true;
    } else if (is(key, keys_.save)) {
      mailboxes_.mark(id, State::saved);
      (void)co_await voice_.say_prompt("kept");
      co_return Next::forth;
    } else if (is(key, keys_.remove)) {
      mailboxes_.mark(id, State::deleted);
      log::line(Level::info, Subsystem::voicemail, call_.uuid(),
                "mailbox {}: message {} was deleted by phone", mailbox_, id);
      (void)co_await voice_.say_prompt("deleted");
      co_return Next::forth;
    } else if (is(key, keys_.envelope)) {
      if (const Message* message = mailboxes_.find(id)) {
        (void)co_await voice_.say(envelope(*message), "0123456789*#");
      }
    } else if (is(key, keys_.forward)) {
      co_await forward(id);
    } else if (is(key, keys_.call_back)) {
      co_return co_await call_back(id);
    } else if (is(key, keys_.next)) {
      co_return Next::forth;
    } else if (is(key, keys_.back)) {
      co_return Next::menu;
    } else if (key != 0) {
      (void)co_await voice_.say_prompt("invalid");
    }
    co_return std::nullopt;
  }

  awaitable<std::optional<Next>> call_back(MessageId id) {
    const Message* message = mailboxes_.find(id);
    const std::string number = message == nullptr ? "" : message->caller_number;
    if (said_number(number).empty()) {
      (void)co_await voice_.say_prompt("no_callback");
      co_return std::nullopt;
    }
    note_heard(id);
    call_.transfer(call::destination(number));
    co_return Next::menu;
  }

  awaitable<void> forward(MessageId id) {
    for (unsigned attempt = 0; attempt < voice_.settings().tries && !voice_.over(); ++attempt) {
      const std::string number = co_await voice_.ask_digits({voice_.prompt("forward_to")}, 32);
      if (voice_.over() || number.empty()) {
        co_return;
      }
      auto targets = addressed_by(number, call_);
      if (targets.empty()) {
        (void)co_await voice_.say_prompt("no_mailbox");
        continue;
      }
      std::erase_if(targets, [&](const auto& target) { return mailboxes_.is_full(target); });
      if (targets.empty()) {
        (void)co_await voice_.say_prompt("mailbox_full");
        continue;
      }
      const auto intro = mailboxes_.scratch();
      (void)co_await voice_.say_prompt("forward_intro", keys_.terminator);
      RecordLimits limits;
      limits.keys = keys_.terminator;
      limits.longest = std::chrono::minutes(2);
      limits.silence = voice_.settings().silence;
      limits.silence_level = voice_.settings().silence_threshold;
      const Recorded said = co_await voice_.record(intro, std::move(limits));
      if (voice_.over()) {
        mailboxes_.drop_file(intro);  // it was not confirmed
        co_return;
      }
      const bool keep = said.length_ms >= shortest_intro_ms;
      if (!keep) {
        mailboxes_.drop_file(intro);
      }
      mailboxes_.forward(id, targets, keep ? intro : std::filesystem::path());
      (void)co_await voice_.say_prompt("forwarded");
      co_return;
    }
  }

  call::Call& call_;
  Mailboxes& mailboxes_;
  Listen what_;
  Voice voice_;
  const config::VoicemailKeys& keys_;
  std::string mailbox_;
};

}  // namespace

awaitable<void> play_to_phone(call::Call& call, Mailboxes& mailboxes, std::string id) {
  MessageId number = 0;
  (void)std::from_chars(id.data(), id.data() + id.size(), number);
  const Message* message = mailboxes.find(number);
  if (message == nullptr || !co_await call.answer()) {
    co_return;
  }
  Voice voice(call);
  (void)co_await voice.play_message({mailboxes.intro(*message).string(), mailboxes.sound(*message).string()});
}

std::string signed_in(const call::Call& call) { return call.value("sip_auth_username"); }

awaitable<void> listen(call::Call& call, Mailboxes& mailboxes, Listen what) {
  if (!co_await call.answer()) {
    co_return;
  }
  Listener listener(call, mailboxes, std::move(what));
  co_await listener.run();
}

}  // namespace switchroom::voicemail
