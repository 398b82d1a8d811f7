#include "voicemail/mailboxes.hpp"

#include "base/log.hpp"
#include "voicemail/pin.hpp"

#include <algorithm>
#include <utility>

namespace switchroom::voicemail {
namespace {

using log::Level;
using log::Subsystem;
using namespace std::chrono_literals;

constexpr auto tidy_pause = 30s;
constexpr base::WallMicros second_us = 1'000'000;

std::size_t index(State state) { return static_cast<std::size_t>(state); }

}  // namespace

// -- opening -----------------------------------------------------------------------------------------

base::result<std::unique_ptr<Mailboxes>> Mailboxes::open(const Settings& settings, asio::io_context& context,
                                                         base::Timers& timers) {
  auto store = Store::open(settings.folder);
  if (!store) {
    return store.error();
  }
  auto contents = store->load(settings.min_length_ms);
  if (!contents) {
    return contents.error();
  }
  if (contents->adopted != 0) {
    log::line(Level::warning, Subsystem::voicemail, {},
              "{} message{} that a crash interrupted {} been put into {} mailbox", contents->adopted,
              contents->adopted == 1 ? "" : "s", contents->adopted == 1 ? "has" : "have",
              contents->adopted == 1 ? "its" : "their");
  }
  if (contents->lost_rows != 0) {
    log::line(Level::warning, Subsystem::voicemail, {},
              "{} messages have no sound file any more: they are gone", contents->lost_rows);
  }
  return std::unique_ptr<Mailboxes>(
      new Mailboxes(settings, context, timers, std::move(*store), std::move(*contents)));
}

Mailboxes::Mailboxes(Settings settings, asio::io_context& context, base::Timers& timers, Store store,
                     Store::Contents contents)
    : settings_(std::move(settings)), timers_(timers), worker_(context, std::move(store)) {
  for (auto& message : contents.messages) {
    last_id_ = std::max(last_id_, message.id);
    put(message);
  }
  for (auto& owner : contents.owners) {
    owners_.emplace(owner.mailbox, std::move(owner));
  }
}

Mailboxes::~Mailboxes() { timers_.cancel(tidy_); }

void Mailboxes::configure(const config::SnapshotPtr& config) {
  config_ = config;
  settings_.min_length_ms = static_cast<std::uint32_t>(config->voicemail.min_length.count() * 1000);
  timers_.cancel(tidy_);
  tidy_ = timers_.after(1s, [this] { tidy_up(); });
}

void Mailboxes::on_message(std::function<void(const Message&)> listener) {
  arrived_ = std::move(listener);
  std::vector<Message> due;
  for (const auto& [id, message] : messages_) {
    if (message.mail == MailState::due) {
      due.push_back(message);
    }
  }
  for (const auto& message : due) {
    arrived_(message);
  }
}

// -- memory ------------------------------------------------------------------------------------------

void Mailboxes::put(const Message& message) {
  Box& box = boxes_[message.mailbox];
  box.of[index(message.state)].insert(message.id);
  if (message.urgent) {
    box.urgent_of[index(message.state)].insert(message.id);
  }
  messages_.insert_or_assign(message.id, message);
}

void Mailboxes::take(const Message& message) {
  Box& box = boxes_[message.mailbox];
  box.of[index(message.state)].erase(message.id);
  box.urgent_of[index(message.state)].erase(message.id);
}

Counts Mailboxes::counts(const std::string& mailbox) const {
  const auto box = boxes_.find(mailbox);
  if (box == boxes_.end()) {
    return {};
  }
  const auto& [of, urgent_of] = box->second;
  return {of[0].size(), urgent_of[0].size(), of[1].size(), urgent_of[1].size(), of[2].size()};
}

std::vector<MessageId> Mailboxes::list(const std::string& mailbox, State state) const {
  std::vector<MessageId> ids;
  const auto found = boxes_.find(mailbox);
  if (found == boxes_.end()) {
    return ids;
  }
  const auto& urgent = found->second.urgent_of[index(state)];
  const auto& all = found->second.of[index(state)];
  if (state == State::deleted) {
    return {all.rbegin(), all.rend()};
  }
  ids.reserve(all.size());
  ids.assign(urgent.begin(), urgent.end());
  std::set_difference(all.begin(), all.end(), urgent.begin(), urgent.end(), std::back_inserter(ids));
  return ids;
}

const Message* Mailboxes::find(MessageId id) const {
  const auto found = messages_.find(id);
  return found == messages_.end() ? nullptr : &found->second;
}

bool Mailboxes::is_full(const std::string& mailbox) const {
  const auto settings = config_->voicemail.mailboxes.find(mailbox);
  const auto most = settings != config_->voicemail.mailboxes.end() && settings->second.max_messages
                        ? *settings->second.max_messages
                        : config_->voicemail.max_messages;
  const Counts now = counts(mailbox);
  return now.fresh + now.saved >= most;
}

std::filesystem::path Mailboxes::sound(const Message& message) const {
  return sound_of(settings_.folder, message);
}
std::filesystem::path Mailboxes::intro(const Message& message) const {
  return message.intro.empty() ? std::filesystem::path() : intro_of(settings_.folder, message);
}

std::vector<std::string> Mailboxes::names() const {
  std::set<std::string> names;
  for (const auto& [name, box] : boxes_) {
    if (!box.of[0].empty() || !box.of[1].empty() || !box.of[2].empty()) {
      names.insert(name);
    }
  }
  for (const auto& [name, settings] : config_->voicemail.mailboxes) {
    names.insert(name);
  }
  return {names.begin(), names.end()};
}

// -- changes -----------------------------------------------------------------------------------------

void Mailboxes::complain(const std::string& doing, const base::Error& why) {
  log::line(Level::error, Subsystem::voicemail, {}, "{}: {}", doing, why.what);
}

void Mailboxes::write(const Message& message) {
  worker_.run<base::result<void>>([message](Store& store) { return store.update(message); },
                                  [this](const base::result<void>& written) {
                                    if (!written) {
                                      complain("a change of a message is not on the disk", written.error());
                                    }
                                  });
}

void Mailboxes::write(const Owner& owner) {
  worker_.run<base::result<void>>([owner](Store& store) { return store.save(owner); },
                                  [this](const base::result<void>& written) {
                                    if (!written) {
                                      complain("a change of a mailbox is not on the disk", written.error());
                                    }
                                  });
}

void Mailboxes::change(MessageId id, const std::function<void(Message&)>& how) {
  const auto found = messages_.find(id);
  if (found == messages_.end()) {
    return;
  }
  Message changed = found->second;
  how(changed);
  take(found->second);
  put(changed);
  write(changed);
  if (changed_) {
    changed_(changed.mailbox);
  }
}

void Mailboxes::mark(MessageId id, State state) {
  change(id, [&](Message& message) {
    if (state == State::deleted && message.state != State::deleted) {
      message.before = message.state;
      message.deleted_at = base::wall_now();
    }
    message.state = state;
  });
}

bool Mailboxes::restore(MessageId id) {
  const Message* message = find(id);
  if (message == nullptr || message->state != State::deleted) {
    return false;
  }
  mark(id, message->before);
  return true;
}

void Mailboxes::erase(MessageId id) {
  const auto found = messages_.find(id);
  if (found == messages_.end()) {
    return;
  }
  const Message message = found->second;
  take(message);
  messages_.erase(found);
  worker_.run<base::result<void>>([message](Store& store) { return store.erase(message); },
                                  [this](const base::result<void>& erased) {
                                    if (!erased) {
                                      complain("a message that is to go is still there", erased.error());
                                    }
                                  });
  if (changed_) {
    changed_(message.mailbox);
  }
}

void Mailboxes::mark_mailed(MessageId id) {
  const auto found = messages_.find(id);
  if (found != messages_.end() && found->second.mail != MailState::none) {
    found->second.mail = MailState::none;
    write(found->second);
  }
}

// -- time passes -------------------------------------------------------------------------------------

void Mailboxes::tidy_up() {
  tidy_ = timers_.after(tidy_pause, [this] { tidy_up(); });
  const auto& voicemail = config_->voicemail;
  const base::WallMicros now = base::wall_now();
  std::vector<MessageId> to_erase;
  std::vector<MessageId> to_delete;
  for (const auto& [id, message] : messages_) {
    if (message.state == State::deleted) {
      if (message.deleted_at + voicemail.keep_deleted.count() * second_us <= now) {
        to_erase.push_back(id);
      }
    } else if (voicemail.max_age.count() != 0 &&
               message.left_at + voicemail.max_age.count() * second_us <= now) {
      to_delete.push_back(id);
    }
  }
  for (const MessageId id : to_delete) {
    mark(id, State::deleted);
  }
  for (const MessageId id : to_erase) {
    erase(id);
  }
  if (!to_delete.empty() || !to_erase.empty()) {
    log::line(Level::info, Subsystem::voicemail, {},
              "{} messages were too old and are deleted, {} are gone for good", to_delete.size(),
              to_erase.size());
  }
}

}  // namespace switchroom::voicemail
