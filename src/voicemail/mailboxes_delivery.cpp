// Mailboxes: how a message comes in, left by a caller or forwarded.
#include "base/log.hpp"
#include "base/random.hpp"
#include "voicemail/mailboxes.hpp"

#include <utility>

namespace switchroom::voicemail {
namespace {

using log::Level;
using log::Subsystem;

}  // namespace

Draft::Draft(Mailboxes& mailboxes, Leaving leaving) : mailboxes_(mailboxes), leaving_(std::move(leaving)) {
  name_ = {base::wall_now(), leaving_.caller_number, leaving_.caller_name, base::random_token(8)};
  file_ = incoming_of(mailboxes_.settings_.folder, leaving_.mailboxes.front(), name_);
  if (leaving_.mailboxes.size() > 1) {
    mailboxes_.worker_.run<base::result<void>>(
        [file = file_, to = leaving_.mailboxes](Store& /*store*/) { return Store::address(file, to); }, {});
  }
}

Draft::~Draft() {
  if (!over_ && length_ms_ != 0) {
    mailboxes_.deliver(*this, {});
  }
}

void Draft::drop() {
  over_ = true;
  mailboxes_.drop_file(file_);
  if (leaving_.mailboxes.size() > 1) {
    mailboxes_.drop_file(file_.string() + ".to");
  }
}

void Draft::keep(std::uint32_t length_ms) { length_ms_ = length_ms; }

awaitable<bool> Draft::deliver() {
  struct Outcome {
    explicit Outcome(const asio::any_io_executor& executor) : known(executor) {}
    bool safe = false;
    base::Signal known;
  };
  // Shared with the worker's answer, which may come after this coroutine was cancelled.
  auto outcome = std::make_shared<Outcome>(co_await asio::this_coro::executor);
  over_ = true;
  mailboxes_.deliver(*this, [outcome](bool safe) {
    outcome->safe = safe;
    outcome->known.notify();
  });
  co_await outcome->known.wait();
  co_return outcome->safe;
}

void Mailboxes::deliver(const Draft& draft, std::function<void(bool)> done) {
  std::vector<Message> messages;
  for (const auto& mailbox : draft.leaving_.mailboxes) {
    Message message;
    message.id = ++last_id_;
    message.mailbox = mailbox;
    message.file = write_name(draft.name_);
    message.caller_number = draft.leaving_.caller_number;
    message.caller_name = draft.leaving_.caller_name;
    message.call = draft.leaving_.call;
    message.left_at = draft.name_.left_at;
    message.length_ms = draft.length_ms_;
    message.urgent = draft.urgent_;
    message.mail = MailState::due;
    messages.push_back(std::move(message));
  }
  worker_.run<base::result<void>>(
      [messages, file = draft.file_](Store& store) { return store.deliver(file, messages); },
      [this, messages, file = draft.file_, done = std::move(done)](const base::result<void>& stored) {
        if (stored) {
          delivered(messages);
        } else {
          complain("a message waits in " + file.string() + " and will be delivered at the next start",
                   stored.error());
        }
        if (done) {
          done(stored.has_value());
        }
      });
}

void Mailboxes::delivered(const std::vector<Message>& messages) {
  for (const auto& message : messages) {
    put(message);
    log::line(Level::info, Subsystem::voicemail, message.call,
              "mailbox {} has a new message from {}, {:.1f} s", message.mailbox,
              message.caller_number.empty() ? "an unknown caller" : message.caller_number,
              message.length_ms / 1000.0);
  }
  for (const auto& message : messages) {
    if (changed_) {
      changed_(message.mailbox);
    }
    if (arrived_) {
      arrived_(message);
    }
  }
}

void Mailboxes::forward(MessageId id, const std::vector<std::string>& mailboxes,
                        const std::filesystem::path& intro_file) {
  const Message* original = find(id);
  if (original == nullptr) {
    drop_file(intro_file);
    return;
  }
  std::vector<Message> copies;
  for (const auto& mailbox : mailboxes) {
    Message copy = *original;
    copy.id = ++last_id_;
    copy.mailbox = mailbox;
    const auto now = base::wall_now();
    copy.file = write_name({now, original->caller_number, original->caller_name, base::random_token(8)});
    copy.intro = intro_file.empty() ? std::string() : "intro-" + base::random_token(12) + ".wav";
    copy.left_at = original->left_at;
    copy.state = State::fresh;
    copy.before = State::fresh;
    copy.deleted_at = 0;
    copy.mail = MailState::due;
    copies.push_back(std::move(copy));
  }
  worker_.run<base::result<void>>(
      [copies, from = *original, intro_file](Store& store) -> base::result<void> {
        for (const auto& copy : copies) {
          if (auto done = store.copy(from, copy, intro_file); !done) {
            return done;
          }
        }
        std::error_code ignored;
        std::filesystem::remove(intro_file, ignored);
        return {};
      },
      [this, copies](const base::result<void>& stored) {
        if (stored) {
          delivered(copies);
        } else {
          complain("a message could not be forwarded", stored.error());
        }
      });
}

}  // namespace switchroom::voicemail
