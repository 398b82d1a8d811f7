// What the store finds at the start, and finishes of what a crash interrupted.
#include "voicemail/store.hpp"
#include "voicemail/store_files.hpp"

#include <algorithm>
#include <set>

namespace switchroom::voicemail {

namespace fs = std::filesystem;

base::result<void> Store::enter(Contents& contents, Message message) {
  message.id = contents.messages.empty() ? 1 : contents.messages.back().id + 1;
  message.mail = MailState::due;
  if (auto entered = insert(message); !entered) {
    return entered;
  }
  ++contents.adopted;
  contents.messages.push_back(std::move(message));
  return {};
}

/// Recordings that a crash interrupted: kept when they hold enough, with what their name tells.
base::result<void> Store::adopt_incoming(Contents& contents, std::uint32_t min_length_ms) {
  std::error_code failed;
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder_ / "incoming", failed)) {
    if (entry.path().extension() != ".to") {
      files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  for (const auto& file : files) {
    const std::string whole = file.filename().string();
    const auto tilde = whole.find('~');
    const auto parsed = tilde == std::string::npos ? std::nullopt : parse_name(whole.substr(tilde + 1));
    const auto facts = parsed ? wav_facts(file, true) : std::nullopt;
    if (!parsed || !facts || facts->length_ms < std::max(min_length_ms, 200U)) {
      fs::remove(file, failed);  // a greeting that was not confirmed, or a message of no length
      continue;
    }
    Message message;
    message.file = whole.substr(tilde + 1);
    message.caller_number = parsed->caller_number;
    message.caller_name = parsed->caller_name;
    message.left_at = parsed->left_at;
    message.length_ms = facts->length_ms;
    auto mailboxes = read_addresses(file);
    if (mailboxes.empty()) {
      mailboxes.push_back(unescaped(std::string_view(whole).substr(0, tilde)));
    }
    for (auto mailbox = mailboxes.rbegin(); mailbox != mailboxes.rend(); ++mailbox) {
      message.mailbox = *mailbox;
      const bool last = mailbox + 1 == mailboxes.rend();
      auto placed =
          last ? move_into(file, sound_of(folder_, message)) : link_or_copy(file, sound_of(folder_, message));
      if (!placed) {
        return placed;
      }
      const bool entered_before =
          std::any_of(contents.messages.begin(), contents.messages.end(), [&](const Message& other) {
            return other.mailbox == message.mailbox && other.file == message.file;
          });
      if (entered_before) {
        continue;
      }
      if (auto entered = enter(contents, message); !entered) {
        return entered;
      }
    }
    fs::remove(addresses_of(file), failed);
  }
  for (const auto& entry : fs::directory_iterator(folder_ / "incoming", failed)) {
    if (entry.path().extension() == ".to") {
      fs::remove(entry.path(), failed);  // its recording is delivered, or never began
    }
  }
  return {};
}

/// Files without an entry get one; entries without a file go.
base::result<void> Store::adopt_files(Contents& contents) {
  std::set<std::pair<std::string, std::string>> known;
  std::vector<Message> there;
  for (auto& message : contents.messages) {
    std::error_code failed;
    if (!fs::exists(sound_of(folder_, message), failed) && !failed) {
      erase_.bind(1, message.id);
      (void)erase_.run();
      ++contents.lost_rows;
      continue;
    }
    known.insert({message.mailbox, message.file});
    if (!message.intro.empty()) {
      known.insert({message.mailbox, message.intro});
    }
    there.push_back(std::move(message));
  }
  contents.messages = std::move(there);
  std::error_code failed;
  for (const auto& box : fs::directory_iterator(folder_, failed)) {
    const std::string folder = box.path().filename().string();
    if (!folder.starts_with("box-")) {
      continue;
    }
    const std::string mailbox = unescaped(std::string_view(folder).substr(4));
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(box.path(), failed)) {
      files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    for (const auto& file : files) {
      const std::string base_name = file.filename().string();
      if (file.extension() == ".part") {
        fs::remove(file, failed);
        continue;
      }
      const auto parsed = parse_name(base_name);
      if (!parsed || known.contains({mailbox, base_name})) {
        continue;
      }
      Message message;
      message.mailbox = mailbox;
      message.file = base_name;
      message.caller_number = parsed->caller_number;
      message.caller_name = parsed->caller_name;
      message.left_at = parsed->left_at;
      const auto facts = wav_facts(file, true);
      message.length_ms = facts ? facts->length_ms : 0;
      if (auto entered = enter(contents, std::move(message)); !entered) {
        return entered;
      }
    }
  }
  return {};
}

base::result<Store::Contents> Store::load(std::uint32_t min_length_ms) {
  Contents contents;
  auto messages = rows();
  if (!messages) {
    return messages.error();
  }
  contents.messages = std::move(*messages);
  auto all = owners();
  if (!all) {
    return all.error();
  }
  contents.owners = std::move(*all);
  if (auto adopted = adopt_incoming(contents, min_length_ms); !adopted) {
    return adopted.error();
  }
  if (auto adopted = adopt_files(contents); !adopted) {
    return adopted.error();
  }
  return contents;
}

}  // namespace switchroom::voicemail
