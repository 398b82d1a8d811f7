#include "voicemail/store_files.hpp"

#include "base/durable.hpp"

#include <fstream>

namespace switchroom::voicemail {

namespace fs = std::filesystem;

base::Error failure(std::string_view doing, const fs::path& file, const std::error_code& why) {
  return base::Error{std::string(doing) + " " + file.string() + ": " + why.message()};
}

base::result<void> make_folder(const fs::path& folder) {
  std::error_code failed;
  fs::create_directories(folder, failed);
  if (failed) {
    return failure("cannot make", folder, failed);
  }
  fs::permissions(folder, fs::perms::owner_all, failed);  // who said what is nobody else's business
  return {};
}

base::result<void> move_into(const fs::path& from, const fs::path& to) {
  if (auto made = make_folder(to.parent_path()); !made) {
    return made;
  }
  std::error_code failed;
  if (!fs::exists(from, failed) && fs::exists(to, failed)) {
    return {};  // it was moved before
  }
  base::sync_file(from);
  fs::rename(from, to, failed);
  if (failed) {
    return failure("cannot move", from, failed);
  }
  base::sync_folder(to.parent_path());
  base::sync_folder(from.parent_path());
  return {};
}

base::result<void> link_or_copy(const fs::path& source, const fs::path& target) {
  if (auto made = make_folder(target.parent_path()); !made) {
    return made;
  }
  std::error_code failed;
  fs::create_hard_link(source, target, failed);
  if (failed == std::errc::file_exists) {
    return {};  // a crash came between this and the entry
  }
  if (failed) {
    const fs::path partial = target.string() + ".part";  // load() takes that for nothing
    fs::copy_file(source, partial, fs::copy_options::overwrite_existing, failed);
    if (!failed) {
      base::sync_file(partial);
      fs::rename(partial, target, failed);
    }
    if (failed) {
      std::error_code ignored;
      fs::remove(partial, ignored);
      return failure("cannot copy", source, failed);
    }
  }
  base::sync_folder(target.parent_path());
  return {};
}

fs::path addresses_of(const fs::path& recording) { return recording.string() + ".to"; }

std::vector<std::string> read_addresses(const fs::path& recording) {
  std::vector<std::string> mailboxes;
  std::ifstream in(addresses_of(recording));
  for (std::string line; std::getline(in, line);) {
    if (!line.empty()) {
      mailboxes.push_back(line);
    }
  }
  return mailboxes;
}

}  // namespace switchroom::voicemail
