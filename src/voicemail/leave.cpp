#include "voicemail/leave.hpp"

#include "base/log.hpp"
#include "call/events.hpp"
#include "voicemail/listen.hpp"
#include "voicemail/mailboxes.hpp"
#include "voicemail/voice.hpp"

#include <algorithm>
#include <memory>
#include <optional>

namespace switchroom::voicemail {
namespace {

using log::Level;
using log::Subsystem;

bool is(char key, const std::string& wanted) { return wanted.size() == 1 && wanted.front() == key; }

class Leaver {
 public:
  Leaver(call::Call& call, Mailboxes& mailboxes, Leave what)
      : call_(call), mailboxes_(mailboxes), what_(std::move(what)), voice_(call) {}

  awaitable<void> run() {
    const std::string first = what_.mailboxes.front();
    std::erase_if(what_.mailboxes, [&](const auto& mailbox) { return mailboxes_.is_full(mailbox); });
    if (what_.mailboxes.empty()) {
      log::line(Level::warning, Subsystem::voicemail, call_.uuid(), "mailbox {} is full", first);
      call_.services().events.publish("voicemail.full", {{"mailbox", first}});
      (void)co_await voice_.say({voice_.prompt("mailbox_full"), voice_.prompt("goodbye")});
      co_return;
    }
    const char key = co_await greet(first);
    if (voice_.over() || co_await took_another_way(key, first)) {
      co_return;
    }
    co_await take_message();
  }

 private:
  [[nodiscard]] std::string operator_of(const std::string& mailbox) const {
    const auto& voicemail = voice_.settings();
    const auto own = voicemail.mailboxes.find(mailbox);
    return own != voicemail.mailboxes.end() && !own->second.operator_extension.empty()
               ? own->second.operator_extension
               : voicemail.operator_extension;
  }

  /// Own greetings before the default one.
  [[nodiscard]] std::vector<std::string> greeting(const std::string& mailbox) const {
    const std::string chosen = mailboxes_.chosen(mailbox);
    const auto recorded = [&](const char* kind) { return mailboxes_.has_greeting(mailbox, kind); };
    const auto file = [&](const char* kind) { return mailboxes_.greeting(mailbox, kind).string(); };
    if (chosen == "temporary" && recorded("temporary")) {
      return {file("temporary")};
    }
    if (chosen != "default") {
      if (what_.busy && recorded("busy")) {
        return {file("busy"), voice_.prompt("intro")};
      }
      if (recorded("unavailable")) {
        return {file("unavailable"), voice_.prompt("intro")};
      }
    }
    std::vector<std::string> sounds;
    const bool list = what_.mailboxes.size() > 1;
    if (!list && recorded("name")) {
      sounds = {file("name"), voice_.prompt(what_.busy ? "busy" : "unavailable")};
    } else if (!list && voice_.settings().say_number && !said_number(mailbox).empty()) {
      sounds = {voice_.prompt("person"), said_number(mailbox),
                voice_.prompt(what_.busy ? "busy" : "unavailable")};
    }
    sounds.push_back(voice_.prompt("intro"));
    return sounds;
  }

  awaitable<char> greet(const std::string& mailbox) {
    if (call_.variables().value("skip_greeting") == "true") {
      co_return '\0';
    }
    const auto& keys = voice_.keys();
    std::string stop = keys.skip_greeting + keys.login;
    if (!operator_of(mailbox).empty()) {
      stop += keys.operator_key;
    }
    co_return co_await voice_.say(greeting(mailbox), stop);
  }

  /// True: the call goes another way than into the mailbox.
  awaitable<bool> took_another_way(char key, std::string mailbox) {
    if (key == 0) {
      co_return false;
    }
    if (is(key, voice_.keys().login)) {
      co_await listen(call_, mailboxes_, {.mailbox = mailbox, .ask_pin = true});
      co_return true;
    }
    if (is(key, voice_.keys().operator_key)) {
      log::line(Level::info, Subsystem::voicemail, call_.uuid(), "the caller wants the operator, {}",
                operator_of(mailbox));
      call_.transfer(call::destination(operator_of(mailbox)));
      co_return true;
    }
    co_return false;
  }

  [[nodiscard]] Leaving leaving() const {
    return {what_.mailboxes, call_.variables().value("caller_id_number"),
            call_.variables().value("caller_id_name"), call_.uuid()};
  }

  [[nodiscard]] std::uint32_t shortest_ms() const {
    return static_cast<std::uint32_t>(voice_.settings().min_length.count() * 1000);
  }

  awaitable<void> take_message() {
    const auto& settings = voice_.settings();
    for (unsigned attempt = 0; attempt < settings.tries && !voice_.over(); ++attempt) {
      // Shared with the end of the recording: a caller who hangs up leaves it to that.
      auto draft = std::make_shared<Draft>(mailboxes_, leaving());
      RecordLimits limits;
      limits.keys = settings.keys.terminator;
      if (!operator_of(what_.mailboxes.front()).empty()) {
        limits.keys += settings.keys.operator_key;
      }
      limits.longest = settings.max_length;
      limits.silence = settings.silence;
      limits.silence_level = settings.silence_threshold;
      limits.kept = [draft, shortest = shortest_ms()](std::uint32_t length_ms) {
        if (length_ms < std::max(shortest, 1U)) {
          draft->drop();
        } else {
          draft->keep(length_ms);
        }
      };
      const Recorded recorded = co_await voice_.record(draft->file(), std::move(limits));
      if (voice_.over()) {
        co_return;
      }
      if (recorded.how == Recorded::How::failed) {
        (void)co_await voice_.say({voice_.prompt("failed"), voice_.prompt("goodbye")});
        co_return;
      }
      if (recorded.length_ms < std::max(shortest_ms(), 1U)) {
        log::line(Level::info, Subsystem::voicemail, call_.uuid(),
                  "a message of {} ms is too short and dropped", recorded.length_ms);
        (void)co_await voice_.say_prompt("too_short");
        if (recorded.how == Recorded::How::silence) {
          break;  // nobody speaks there
        }
        continue;
      }
      if (is(recorded.key, settings.keys.operator_key)) {
        (void)co_await draft->deliver();
        call_.transfer(call::destination(operator_of(what_.mailboxes.front())));
        co_return;
      }
      if (recorded.how == Recorded::How::key && settings.review) {
        if (!co_await review(*draft)) {
          continue;
        }
      }
      co_await deliver(*draft);
      co_return;
    }
    (void)co_await voice_.say_prompt("goodbye");
  }

  /// True: it is to be sent; false: said again. A caller who hangs up has sent it.
  awaitable<bool> review(Draft& draft) {
    const auto& keys = voice_.keys();
    for (unsigned silent = 0; !voice_.over() && silent < voice_.settings().tries;) {
      const char key = co_await voice_.ask_key({voice_.prompt("review"), voice_.prompt("review_urgent")});
      if (is(key, keys.review_listen)) {
        (void)co_await voice_.play_message({draft.file().string()});
      } else if (is(key, keys.review_keep) || is(key, keys.terminator)) {
        co_return true;
      } else if (is(key, keys.review_again)) {
        draft.drop();
        co_return false;
      } else if (is(key, keys.review_urgent)) {
        draft.mark_urgent(!draft.urgent());
        (void)co_await voice_.say_prompt(draft.urgent() ? "urgent" : "not_urgent");
      } else {
        ++silent;
      }
    }
    co_return true;
  }

  awaitable<void> deliver(Draft& draft) {
    const bool safe = co_await draft.deliver();
    if (!voice_.over()) {
      (void)co_await voice_.say({voice_.prompt(safe ? "saved" : "failed"), voice_.prompt("goodbye")});
    }
  }

  call::Call& call_;
  Mailboxes& mailboxes_;
  Leave what_;
  Voice voice_;
};

}  // namespace

std::vector<std::string> addressed_by(const std::string& number, const call::Call& call) {
  const auto& voicemail = call.config().voicemail;
  if (const std::string mailbox = config::mailbox_named(voicemail, number); !mailbox.empty()) {
    return {mailbox};
  }
  for (const auto& [name, list] : voicemail.lists) {
    if (name != number && (list.number.empty() || list.number != number)) {
      continue;
    }
    std::vector<std::string> members;
    for (const auto& member : list.members) {
      const std::string mailbox = config::mailbox_named(voicemail, member);
      if (!mailbox.empty() && std::find(members.begin(), members.end(), mailbox) == members.end()) {
        members.push_back(mailbox);
      }
    }
    return members;
  }
  return {};
}

awaitable<void> leave_message(call::Call& call, Mailboxes& mailboxes, Leave what) {
  if (!co_await call.answer()) {
    co_return;
  }
  Leaver leaver(call, mailboxes, std::move(what));
  co_await leaver.run();
}

}  // namespace switchroom::voicemail
