// voicemail: to leave messages, and to listen to them.
#include "apps/argument.hpp"
#include "apps/list.hpp"
#include "base/log.hpp"
#include "call/call.hpp"
#include "voicemail/leave.hpp"
#include "voicemail/listen.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace switchroom::apps {
namespace {

/// What the argument asks for. FreeSWITCH writes a profile and a domain in front of the mailbox; one such
/// system has one of each, so they are read over.
struct Wanted {
  bool check = false;
  bool ask_mailbox = false;
  bool pin = false;  // always
  bool busy = false;
  bool play = false;  // pbxctl voicemail play: `number` is a message's
  std::string number;
  std::string wrong;
};

bool exists(const std::string& number, const config::Snapshot& config) {
  const auto& lists = config.voicemail.lists;
  return !config::mailbox_named(config.voicemail, number).empty() ||
         std::any_of(lists.begin(), lists.end(), [&](const auto& list) {
           return list.first == number || (!list.second.number.empty() && list.second.number == number);
         });
}

/// "default pbx.example.com 1001" without the first two, "default pbx.example.com" without both.
void drop_profile_and_domain(std::vector<std::string>& words, bool check, const config::Snapshot& config) {
  if (words.empty() || words.front() != "default" || exists("default", config)) {
    return;
  }
  words.erase(words.begin());
  const bool domain_alone =
      check && words.size() == 1 && !exists(words.front(), config) && words.front() != "$1";
  if (words.size() >= 2 || domain_alone) {
    words.erase(words.begin());
  }
}

Wanted read_argument(std::string_view argument, const config::Snapshot& config) {
  Wanted wanted;
  auto parts = words(argument);
  const auto take = [&](std::string_view word) {
    const auto found = std::find(parts.begin(), parts.end(), word);
    const bool there = found != parts.end();
    if (there) {
      parts.erase(found);
    }
    return there;
  };
  wanted.check = !parts.empty() && (parts.front() == "check" || parts.front() == "auth");
  wanted.play =
      parts.size() == 2 && parts.front() == "play" && config::mailbox_named(config.voicemail, "play").empty();
  if (wanted.check || wanted.play) {
    parts.erase(parts.begin());
  }
  wanted.ask_mailbox = wanted.check && take("ask");
  wanted.pin = wanted.check && take("pin");
  wanted.busy = !wanted.check && take("busy");
  drop_profile_and_domain(parts, wanted.check, config);
  if (parts.size() > 1) {
    wanted.wrong = fmt::format("\"{}\" is one word too many", parts[1]);
  } else if (!parts.empty()) {
    wanted.number = parts.front();
  } else if (!wanted.check) {
    wanted.wrong = "it needs a mailbox, as in voicemail 1001, or check";
  }
  return wanted;
}

std::string check_voicemail(std::string_view argument, const config::Snapshot& config) {
  const Wanted wanted = read_argument(argument, config);
  if (!wanted.wrong.empty()) {
    return wanted.wrong;
  }
  if (wanted.number.empty() || wanted.play || is_computed(wanted.number) || exists(wanted.number, config)) {
    return {};
  }
  return fmt::format(
      "there is no mailbox {}: give the extension one, as in voicemail = {{ pin = \"…\" }}, or write it into "
      "[voicemail.mailboxes.{}]",
      wanted.number, wanted.number);
}

void complain(call::Call& call, const std::string& why) {
  switchroom::log::line(switchroom::log::Level::warning, switchroom::log::Subsystem::voicemail, call.uuid(),
                        "voicemail: {}", why);
  call.variables().set("voicemail_status", "failed");
}

awaitable<void> run_voicemail(call::Call& call, std::string argument) {
  auto* const mailboxes = call.services().voicemail;
  const Wanted wanted = read_argument(argument, call.config());
  if (!wanted.wrong.empty() || mailboxes == nullptr) {
    complain(call, wanted.wrong);
    co_return;
  }
  if (wanted.play) {
    co_await voicemail::play_to_phone(call, *mailboxes, wanted.number);
    co_return;
  }
  if (wanted.check) {
    const std::string mailbox = wanted.number;
    co_await voicemail::listen(call, *mailboxes, {mailbox, wanted.ask_mailbox, wanted.pin});
    co_return;
  }
  auto targets = voicemail::addressed_by(wanted.number, call);
  if (targets.empty()) {
    complain(call, "there is no mailbox " + wanted.number);
    co_return;
  }
  const bool busy = wanted.busy || call.value("originate_disposition") == "USER_BUSY" ||
                    (call.failure() && call.failure()->cause.name == "USER_BUSY");
  co_await voicemail::leave_message(call, *mailboxes, {std::move(targets), busy});
}

}  // namespace

Application voicemail() {
  return {
      "voicemail", "[check] [default DOMAIN] [MAILBOX]",
      "`voicemail 1001` takes a message for a mailbox or a list; `voicemail 1001 busy` with the greeting for "
      "who is on the phone (by itself after a busy `bridge`). `voicemail check` lets the owner of the phone "
      "that calls listen, `voicemail check 1001` those who know that mailbox's PIN, `voicemail check ask` "
      "asks "
      "for the mailbox. Answers the call. With the variable skip_greeting `true` the tone comes at once. A "
      "profile and a domain, as FreeSWITCH writes them, are read over.",
      check_voicemail, run_voicemail};
}

}  // namespace switchroom::apps
