#include "voicemail/mailing.hpp"

#include "base/log.hpp"

#include <fmt/core.h>

#include <charconv>
#include <memory>

namespace switchroom::voicemail {
namespace {

using log::Level;
using log::Subsystem;

constexpr std::string_view tag_prefix = "voicemail:";

std::string value_of(std::string_view name, const Message& message, const Counts& counts,
                     const config::Snapshot& config) {
  if (name == "caller_id_number") {
    return message.caller_number.empty() ? "unknown" : message.caller_number;
  }
  if (name == "caller_id_name") {
    return message.caller_name.empty() ? "unknown" : message.caller_name;
  }
  if (name == "mailbox") {
    return message.mailbox;
  }
  if (name == "mailbox_name") {
    const auto extension = config.extensions.find(message.mailbox);
    if (extension != config.extensions.end() && !extension->second.name.empty()) {
      return extension->second.name;
    }
    const auto box = config.voicemail.mailboxes.find(message.mailbox);
    return box != config.voicemail.mailboxes.end() && !box->second.name.empty() ? box->second.name
                                                                                : message.mailbox;
  }
  if (name == "date") {
    return base::local_stamp(message.left_at);
  }
  if (name == "left_epoch") {
    return std::to_string(message.left_at / 1'000'000);
  }
  const auto seconds = (message.length_ms + 500) / 1000;
  if (name == "message_len") {
    return std::to_string(seconds);
  }
  if (name == "message_length") {
    return fmt::format("{}:{:02}", seconds / 60, seconds % 60);
  }
  if (name == "new") {
    return std::to_string(counts.fresh);
  }
  if (name == "saved") {
    return std::to_string(counts.saved);
  }
  if (name == "urgent") {
    return message.urgent ? "urgent" : "";
  }
  return name == "pbx_name" ? config.pbx.name : std::string();
}

template <class T>
const T& either(const std::optional<T>& own, const T& other) {
  return own ? *own : other;
}

}  // namespace

std::string filled_in(std::string_view text, const Message& message, const Counts& counts,
                      const config::Snapshot& config) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto rest = text.substr(i);
    if (rest.starts_with("\\n")) {
      out += '\n';
      ++i;
    } else if (const auto end = rest.find('}'); rest.starts_with("${") && end != std::string_view::npos) {
      out += value_of(rest.substr(2, end - 2), message, counts, config);
      i += end;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::vector<mail::Letter> letters_for(const Message& message, const Mailboxes& mailboxes,
                                      const config::Snapshot& config) {
  std::vector<mail::Letter> letters;
  const auto found = config.voicemail.mailboxes.find(message.mailbox);
  if (found == config.voicemail.mailboxes.end() || !config.mail.enabled()) {
    return letters;
  }
  const auto& box = found->second;
  const auto& all = config.voicemail;
  const Counts counts = mailboxes.counts(message.mailbox);
  if (!box.email.empty()) {
    mail::Letter letter;
    letter.id = fmt::format("vm-{}", message.id);
    letter.to = box.email;
    letter.subject = filled_in(all.email_subject, message, counts, config);
    letter.text = filled_in(all.email_body, message, counts, config);
    letter.tag = fmt::format("{}{}", tag_prefix, message.id);
    if (either(box.attach, all.attach)) {
      const bool mp3 = either(box.attach_format, all.attach_format) == "mp3";
      const auto attach = [&](const std::filesystem::path& file, std::string_view name) {
        letter.attachments.push_back(
            {file, fmt::format("{}.{}", name, mp3 ? "mp3" : "wav"), mp3 ? "audio/mpeg" : "audio/x-wav", mp3});
      };
      if (!message.intro.empty()) {
        attach(mailboxes.intro(message), "introduction");
      }
      attach(mailboxes.sound(message), "message");
    }
    letters.push_back(std::move(letter));
  }
  if (!box.notify.empty()) {
    mail::Letter letter;
    letter.id = fmt::format("vm-{}-notify", message.id);
    letter.to = box.notify;
    letter.subject = filled_in(all.notify_subject, message, counts, config);
    letter.text = filled_in(all.notify_body, message, counts, config);
    letters.push_back(std::move(letter));
  }
  return letters;
}

Mailing::Mailing(Mailboxes& mailboxes, mail::Mailer& mailer) : mailboxes_(mailboxes), mailer_(mailer) {}

void Mailing::configure(const config::SnapshotPtr& config) {
  config_ = config;
  for (const auto& [name, box] : config->voicemail.mailboxes) {
    if (!config->mail.enabled() && (!box.email.empty() || !box.notify.empty())) {
      log::line(Level::warning, Subsystem::voicemail, {},
                "mailbox {} has a mail address, but there is no [mail] server: its messages are not mailed",
                name);
      return;
    }
  }
}

void Mailing::on_message(const Message& message) {
  auto letters = letters_for(message, mailboxes_, *config_);
  if (letters.empty()) {
    mailboxes_.mark_mailed(message.id);
    return;
  }
  // The message is "due" until every letter is on the disk: after a crash in between they are written again,
  // under the same names.
  auto open = std::make_shared<std::size_t>(letters.size());  // shared by the letters' answers
  for (auto& letter : letters) {
    mailer_.send(std::move(letter), [this, open, id = message.id](bool safe) {
      if (safe && --*open == 0) {
        mailboxes_.mark_mailed(id);
      }
    });
  }
}

void Mailing::on_delivered(const std::string& tag) {
  MessageId id = 0;
  if (!tag.starts_with(tag_prefix)) {
    return;
  }
  const auto digits = std::string_view(tag).substr(tag_prefix.size());
  const auto [end, bad] = std::from_chars(digits.data(), digits.data() + digits.size(), id);
  const Message* message = bad == std::errc{} ? mailboxes_.find(id) : nullptr;
  if (message == nullptr || message->state != State::fresh) {
    return;
  }
  const auto box = config_->voicemail.mailboxes.find(message->mailbox);
  if (box == config_->voicemail.mailboxes.end()) {
    return;
  }
  const std::string& after = either(box->second.after_mail, config_->voicemail.after_mail);
  if (after == "save") {
    mailboxes_.mark(id, State::saved);
  } else if (after == "delete") {
    log::line(Level::info, Subsystem::voicemail, message->call,
              "mailbox {}: message {} was mailed and is deleted", message->mailbox, id);
    mailboxes_.mark(id, State::deleted);
  }
}

}  // namespace switchroom::voicemail
