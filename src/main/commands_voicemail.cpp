// pbxctl voicemail: mailboxes and their messages.
#include "base/clock.hpp"
#include "main/commands.hpp"
#include "main/message_waiting.hpp"
#include "main/server.hpp"
#include "voicemail/mailboxes.hpp"

#include <boost/json.hpp>
#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <filesystem>

namespace switchroom::main {
namespace {

namespace json = boost::json;
using control::Answer;
using voicemail::Mailboxes;
using voicemail::Message;
using voicemail::MessageId;
using voicemail::State;

base::result<const Message*> find_message(const Mailboxes& mailboxes, const std::string& text) {
  MessageId id = 0;
  const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), id);
  const Message* message =
      bad == std::errc{} && end == text.data() + text.size() ? mailboxes.find(id) : nullptr;
  if (message == nullptr) {
    return base::Error{"there is no message " + text + " (see: pbxctl voicemail list MAILBOX)"};
  }
  return message;
}

json::object row_of(const Message& message) {
  return {{"id", message.id},
          {"mailbox", message.mailbox},
          {"state", voicemail::name(message.state)},
          {"urgent", message.urgent},
          {"left", base::local_stamp(message.left_at)},
          {"from", message.caller_number},
          {"name", message.caller_name},
          {"length_s", message.length_ms / 1000.0}};
}

Reply boxes(Server& server) {
  json::array rows;
  const auto& mailboxes = server.mailboxes();
  for (const auto& name : mailboxes.names()) {
    const auto counts = mailboxes.counts(name);
    const auto found = server.config().voicemail.mailboxes.find(name);
    json::object row{{"mailbox", name},
                     {"new", counts.fresh},
                     {"urgent", counts.fresh_urgent},
                     {"saved", counts.saved},
                     {"deleted", counts.deleted},
                     {"mail", found == server.config().voicemail.mailboxes.end() ? "" : found->second.email},
                     {"pin", found == server.config().voicemail.mailboxes.end() ? "not configured"
                             : mailboxes.is_locked(name)                        ? "locked"
                             : mailboxes.has_own_pin(name)                      ? "own"
                                                                                : "the file's"}};
    rows.emplace_back(std::move(row));
  }
  return Answer{std::move(rows), {"mailbox", "new", "urgent", "saved", "deleted", "mail", "pin"}};
}

Reply list(Server& server, const Arguments& arguments) {
  const auto& mailboxes = server.mailboxes();
  if (arguments.empty()) {
    return boxes(server);
  }
  const std::string named = config::mailbox_named(server.config().voicemail, arguments[0]);
  const std::string mailbox = named.empty() ? arguments[0] : named;
  std::vector<State> states{State::fresh, State::saved};
  if (arguments.size() > 1) {
    const auto state = voicemail::parse_state(arguments[1]);
    if (!state && arguments[1] != "all") {
      return base::Error{"\"" + arguments[1] + "\" is none of new, saved, deleted, all"};
    }
    states =
        state ? std::vector<State>{*state} : std::vector<State>{State::fresh, State::saved, State::deleted};
  }
  const auto names = mailboxes.names();
  if (std::find(names.begin(), names.end(), mailbox) == names.end()) {
    return base::Error{"there is no mailbox " + arguments[0] + " (see: pbxctl voicemail list)"};
  }
  json::array rows;
  for (const State state : states) {
    for (const MessageId id : mailboxes.list(mailbox, state)) {
      rows.emplace_back(row_of(*mailboxes.find(id)));
    }
  }
  return Answer{std::move(rows), {"id", "state", "urgent", "left", "from", "name", "length_s"}};
}

Reply show(Server& server, const Arguments& arguments) {
  const auto message = find_message(server.mailboxes(), arguments[0]);
  if (!message) {
    return message.error();
  }
  json::object data = row_of(**message);
  data["call"] = (*message)->call;
  data["file"] = server.mailboxes().sound(**message).string();
  if (!(*message)->intro.empty()) {
    data["introduction"] = server.mailboxes().intro(**message).string();
  }
  if ((*message)->state == State::deleted) {
    data["deleted_at"] = base::local_stamp((*message)->deleted_at);
  }
  data["mail"] = (*message)->mail == voicemail::MailState::due ? "to be queued" : "done";
  return Answer{std::move(data), {}};
}

/// Rings a phone and plays the message to whoever answers.
Reply play(Server& server, const Arguments& arguments) {
  const auto message = find_message(server.mailboxes(), arguments[0]);
  if (!message) {
    return message.error();
  }
  const std::string target =
      arguments[1].find('/') == std::string::npos && arguments[1].find(':') == std::string::npos
          ? "user/" + arguments[1]
          : arguments[1];
  auto id = server.switchboard().originate(target, std::to_string((*message)->id), "voicemail play");
  if (!id) {
    return id.error();
  }
  return Answer{json::object{{"call", *id}}, {}};
}

Reply mark(Server& server, const Arguments& arguments) {
  const auto message = find_message(server.mailboxes(), arguments[0]);
  if (!message) {
    return message.error();
  }
  const auto state = voicemail::parse_state(arguments[1]);
  if (!state || *state == State::deleted) {
    return base::Error{"\"" + arguments[1] + "\" is none of new, saved (see also: voicemail delete)"};
  }
  const MessageId id = (*message)->id;
  server.mailboxes().mark(id, *state);
  return Answer{row_of(*server.mailboxes().find(id)), {}};
}

Reply remove(Server& server, const Arguments& arguments) {
  auto& mailboxes = server.mailboxes();
  const bool for_good = arguments.size() > 1;
  if (for_good && arguments[1] != "for-good") {
    return base::Error{"voicemail delete takes an id, and for-good if nobody is to restore it"};
  }
  const auto message = find_message(mailboxes, arguments[0]);
  if (!message) {
    return message.error();
  }
  const MessageId id = (*message)->id;
  if (for_good) {
    mailboxes.erase(id);
  } else {
    mailboxes.mark(id, State::deleted);
  }
  return Answer{json::object{{"deleted", id}, {"can_be_restored", !for_good}}, {}};
}

Reply restore(Server& server, const Arguments& arguments) {
  const auto message = find_message(server.mailboxes(), arguments[0]);
  if (!message) {
    return message.error();
  }
  const MessageId id = (*message)->id;
  if (!server.mailboxes().restore(id)) {
    return base::Error{"the message " + arguments[0] + " is not deleted"};
  }
  return Answer{row_of(*server.mailboxes().find(id)), {}};
}

/// A copy for the asking person; an existing file is not touched.
Reply export_to(Server& server, const Arguments& arguments) {
  const auto message = find_message(server.mailboxes(), arguments[0]);
  if (!message) {
    return message.error();
  }
  const std::filesystem::path target = arguments[1];
  if (!target.is_absolute()) {
    return base::Error{"the file needs its whole path: it is the server that writes it"};
  }
  std::error_code failed;
  std::filesystem::copy_file(server.mailboxes().sound(**message), target, std::filesystem::copy_options::none,
                             failed);
  if (failed) {
    return base::Error{target.string() + ": " + failed.message()};
  }
  return Answer{json::object{{"file", target.string()}}, {}};
}

Reply mwi(Server& server, const Arguments& arguments) {
  const std::string extension = arguments.empty() ? "" : arguments[0];
  return Answer{json::object{{"phones", server.message_waiting().refresh(extension)}}, {}};
}

Reply owner(Server& server, const Arguments& arguments, void (Mailboxes::*what)(const std::string&),
            const char* done) {
  const std::string mailbox = config::mailbox_named(server.config().voicemail, arguments[0]);
  if (mailbox.empty()) {
    return base::Error{"there is no mailbox " + arguments[0]};
  }
  (server.mailboxes().*what)(mailbox);
  return Answer{json::object{{"mailbox", mailbox}, {"done", done}}, {}};
}

}  // namespace

void add_voicemail_commands(control::CommandTable& table, Server& server) {
  const auto add = [&](const char* name, const char* arguments, const char* help,
                       Reply (*run)(Server&, const Arguments&), std::size_t least, std::size_t most) {
    table.add({name, arguments, help,
               now([&server, run](const Arguments& given) { return run(server, given); }), least, most});
  };
  add("voicemail list", "[MAILBOX [new|saved|deleted|all]]", "the mailboxes, or one's messages", list, 0, 2);
  add("voicemail show", "ID", "everything about one message", show, 1, 1);
  add("voicemail play", "ID TARGET", "rings a phone (1001, user/1001) and plays the message", play, 2, 2);
  add("voicemail export", "ID FILE", "a copy of the sound", export_to, 2, 2);
  add("voicemail mark", "ID new|saved", "as if it had (not) been heard", mark, 2, 2);
  add("voicemail delete", "ID [for-good]", "deletes a message; it can be restored for a while", remove, 1, 2);
  add("voicemail restore", "ID", "brings a deleted message back", restore, 1, 1);
  add("voicemail mwi", "[EXTENSION]", "switches all lamps, or one extension's, once more", mwi, 0, 1);
  table.add(
      {"voicemail unlock", "MAILBOX", "ends the lock after too many wrong PINs",
       now([&](const Arguments& given) { return owner(server, given, &Mailboxes::unlock, "unlocked"); }), 1,
       1});
  table.add({"voicemail reset-pin", "MAILBOX", "the PIN is that of the configuration again",
             now([&](const Arguments& given) {
               return owner(server, given, &Mailboxes::reset_pin, "the PIN is the file's again");
             }),
             1, 1});
}

}  // namespace switchroom::main
