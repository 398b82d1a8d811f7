// The index of messages in SQLite, and their files. Used by one thread at a time: the opener, then the
// worker.
#pragma once

#include "base/result.hpp"
#include "base/sqlite.hpp"
#include "voicemail/message.hpp"

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace switchroom::voicemail {

/// What is kept of a mailbox beside its messages.
struct Owner {
  std::string mailbox;
  std::string pin_hash;  // empty: the file's PIN is the one
  std::string greeting;  // "": what was recorded; "default"; "temporary"
  std::uint32_t failures = 0;
  base::WallMicros locked_until = 0;
};

class Store {
 public:
  /// Opens or creates. A damaged index is moved aside and made again from the names of the files.
  static base::result<Store> open(const std::filesystem::path& folder);

  struct Contents {
    std::vector<Message> messages;  // by id
    std::vector<Owner> owners;
    std::size_t adopted = 0;    // messages whose index entry was missing: said before a crash
    std::size_t lost_rows = 0;  // entries without a file
  };
  /// Reads all, after finishing what a crash interrupted: recordings that were never delivered are, files
  /// without an entry get one, entries without a file go. `min_length_ms`: shorter ones are dropped.
  base::result<Contents> load(std::uint32_t min_length_ms);

  /// Moves a recording into its mailbox (with further names in further ones) and enters it. Whatever the
  /// moment of a crash, the next load() ends the work.
  base::result<void> deliver(const std::filesystem::path& recording, const std::vector<Message>& messages);
  /// Whose a recording is that several are to get, beside it, before it begins.
  static base::result<void> address(const std::filesystem::path& recording,
                                    const std::vector<std::string>& mailboxes);
  /// A copy of another message's sound (a hard link where the file system has them), entered.
  base::result<void> copy(const Message& from, const Message& to, const std::filesystem::path& intro);
  base::result<void> update(const Message& message);
  /// First the files, then the entry: a crash in between leaves an entry that load() drops.
  base::result<void> erase(const Message& message);
  base::result<void> save(const Owner& owner);
  /// Makes a recorded greeting the one of its kind.
  base::result<void> keep_greeting(const std::filesystem::path& recording, const std::string& mailbox,
                                   const std::string& kind);

 private:
  base::result<void> prepare(const std::filesystem::path& folder);
  base::result<void> insert(const Message& message);
  base::result<std::vector<Message>> rows();
  base::result<std::vector<Owner>> owners();
  base::result<void> adopt_incoming(Contents& contents, std::uint32_t min_length_ms);
  base::result<void> adopt_files(Contents& contents);
  base::result<void> enter(Contents& contents, Message message);

  std::filesystem::path folder_;
  base::sqlite::Database database_;
  base::sqlite::Statement insert_;
  base::sqlite::Statement update_;
  base::sqlite::Statement erase_;
  base::sqlite::Statement owner_;
};

/// Where things lie below data_dir/voicemail.
std::filesystem::path folder_of(const std::filesystem::path& folder, const std::string& mailbox);
std::filesystem::path sound_of(const std::filesystem::path& folder, const Message& message);
std::filesystem::path intro_of(const std::filesystem::path& folder, const Message& message);
std::filesystem::path greeting_of(const std::filesystem::path& folder, const std::string& mailbox,
                                  const std::string& kind);
/// A new recording for a mailbox: incoming/MAILBOX~NAME.
std::filesystem::path incoming_of(const std::filesystem::path& folder, const std::string& mailbox,
                                  const FileName& name);
/// One that is no message and is not kept when its call ends.
std::filesystem::path scratch_of(const std::filesystem::path& folder);

}  // namespace switchroom::voicemail
