// All mailboxes, in memory, with the disk behind.
#pragma once

#include "base/asio.hpp"
#include "base/result.hpp"
#include "base/timers.hpp"
#include "config/snapshot.hpp"
#include "voicemail/message.hpp"
#include "voicemail/worker.hpp"

#include <cstddef>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace switchroom::voicemail {

/// RFC 3842 counts: those that are urgent are in both.
struct Counts {
  std::size_t fresh = 0;
  std::size_t fresh_urgent = 0;
  std::size_t saved = 0;
  std::size_t saved_urgent = 0;
  std::size_t deleted = 0;
};

/// What is known of a message before it is said.
struct Leaving {
  std::vector<std::string> mailboxes;  // several: a list
  std::string caller_number;
  std::string caller_name;
  std::string call;
};

class Mailboxes;

/// A message that is being said. When it goes what is known to be there is delivered: a caller who hangs up
/// and an error end the same way. Where nobody has said yet how long it is (a shutdown, a crash) the file
/// stays, which names its mailbox, and the next start delivers it. Call thread.
class Draft {
 public:
  Draft(Mailboxes& mailboxes, Leaving leaving);
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;
  ~Draft();

  [[nodiscard]] const std::filesystem::path& file() const { return file_; }
  /// Nothing is delivered, the file goes.
  void drop();
  /// Deliver this much when it goes (or now, by deliver()).
  void keep(std::uint32_t length_ms);
  void mark_urgent(bool urgent) { urgent_ = urgent; }
  [[nodiscard]] bool urgent() const { return urgent_; }
  /// Delivers now; true when it is safe on the disk.
  awaitable<bool> deliver();

 private:
  friend class Mailboxes;
  Mailboxes& mailboxes_;
  Leaving leaving_;
  FileName name_;
  std::filesystem::path file_;
  std::uint32_t length_ms_ = 0;
  bool urgent_ = false;
  bool over_ = false;
};

enum class PinVerdict : std::uint8_t { right, wrong, locked, no_pin };

/// Reading is at once and from memory, so that a mailbox of ten thousand is walked without a pause; changes
/// hold in memory at once and reach the disk by a worker, in order. Call thread.
class Mailboxes {
 public:
  struct Settings {
    std::filesystem::path folder;  // data_dir/voicemail
    std::uint32_t min_length_ms = 2000;
  };
  /// Loads everything, finishing first what a crash interrupted.
  static base::result<std::unique_ptr<Mailboxes>> open(const Settings& settings, asio::io_context& context,
                                                       base::Timers& timers);
  ~Mailboxes();
  Mailboxes(const Mailboxes&) = delete;
  Mailboxes& operator=(const Mailboxes&) = delete;

  void configure(const config::SnapshotPtr& config);

  /// Told after each change of what a mailbox holds.
  void on_change(std::function<void(const std::string& mailbox)> listener) { changed_ = std::move(listener); }
  /// Told of each message that was delivered and is safe on the disk, or was found so at the start.
  void on_message(std::function<void(const Message& message)> listener);

  // -- reading --
  [[nodiscard]] Counts counts(const std::string& mailbox) const;
  /// Urgent ones first, then the oldest; deleted ones: the latest first.
  [[nodiscard]] std::vector<MessageId> list(const std::string& mailbox, State state) const;
  [[nodiscard]] const Message* find(MessageId id) const;
  [[nodiscard]] bool is_full(const std::string& mailbox) const;
  [[nodiscard]] std::filesystem::path sound(const Message& message) const;
  [[nodiscard]] std::filesystem::path intro(const Message& message) const;
  [[nodiscard]] std::vector<std::string> names() const;  // configured, or holding something

  // -- changing --
  void mark(MessageId id, State state);
  /// A deleted one gets back its place. False: there is none such.
  bool restore(MessageId id);
  void erase(MessageId id);  // for good
  void mark_mailed(MessageId id);
  /// Copies for other mailboxes; `intro_file` (may be empty) is what was said for it and is taken over.
  void forward(MessageId id, const std::vector<std::string>& mailboxes,
               const std::filesystem::path& intro_file);

  // -- owners --
  /// Counts wrong ones and locks. `mailbox` need not exist: wrong.
  awaitable<PinVerdict> check_pin(std::string mailbox, std::string pin);
  awaitable<bool> set_pin(std::string mailbox, std::string pin);
  void reset_pin(const std::string& mailbox);  // to the file's
  void unlock(const std::string& mailbox);
  [[nodiscard]] bool is_locked(const std::string& mailbox) const;
  [[nodiscard]] bool has_own_pin(const std::string& mailbox) const;

  // -- greetings: "unavailable", "busy", "temporary", "name" --
  [[nodiscard]] std::filesystem::path greeting(const std::string& mailbox, const std::string& kind) const;
  [[nodiscard]] bool has_greeting(const std::string& mailbox, const std::string& kind) const;
  /// "": as recorded; "default"; "temporary".
  [[nodiscard]] std::string chosen(const std::string& mailbox) const;
  void choose(const std::string& mailbox, const std::string& greeting);
  awaitable<bool> keep_greeting(std::filesystem::path recording, std::string mailbox, std::string kind);
  [[nodiscard]] std::filesystem::path scratch() const;  // a file for a recording that may be dropped
  void drop_file(const std::filesystem::path& file);

  /// At the end: everything to the disk.
  bool flush(base::Duration limit) { return worker_.flush(limit); }

 private:
  friend class Draft;
  struct Box {
    std::set<MessageId> of[3];         // by State
    std::set<MessageId> urgent_of[3];  // those of them that are urgent
  };

  Mailboxes(Settings settings, asio::io_context& context, base::Timers& timers, Store store,
            Store::Contents contents);
  void put(const Message& message);
  void take(const Message& message);
  void change(MessageId id, const std::function<void(Message&)>& how);
  void write(const Message& message);
  void write(const Owner& owner);
  void deliver(const Draft& draft, std::function<void(bool)> done);
  void delivered(const std::vector<Message>& messages);
  void tidy_up();
  void complain(const std::string& doing, const base::Error& why);
  Owner& owner(const std::string& mailbox);
  [[nodiscard]] const Owner* find_owner(const std::string& mailbox) const;

  Settings settings_;
  base::Timers& timers_;
  config::SnapshotPtr config_;
  std::map<MessageId, Message> messages_;
  std::map<std::string, Box> boxes_;
  std::map<std::string, Owner> owners_;
  MessageId last_id_ = 0;
  std::function<void(const std::string&)> changed_;
  std::function<void(const Message&)> arrived_;
  base::TimerId tidy_ = 0;
  Worker worker_;  // last: its jobs end before the rest goes
};

}  // namespace switchroom::voicemail
