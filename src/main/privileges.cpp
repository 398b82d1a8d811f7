#include "main/privileges.hpp"

#include "main/account.hpp"
#include "sip/transport/listen_address.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <grp.h>
#include <iterator>
#include <unistd.h>

namespace switchroom::main {
namespace {

namespace fs = std::filesystem;

base::Error failed(std::string_view what) {
  return base::Error{fmt::format("cannot lower the rights of root: {}: {}", what, std::strerror(errno))};
}

std::string text_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// -- what the user must have -----------------------------------------------------------------------

/// Links are given away themselves, never what they point to; a file with a second name stays whose it is.
void give(const fs::path& path, const Account& account) {
  struct stat facts{};
  if (::lstat(path.c_str(), &facts) != 0 || (facts.st_uid == account.user) ||
      (S_ISREG(facts.st_mode) && facts.st_nlink > 1)) {
    return;
  }
  (void)::lchown(path.c_str(), account.user, account.group);
}

/// All that is in a folder; of one that is the user's already nothing is touched: who owns it may have put
/// anything there since.
void give_folder(const fs::path& folder, const Account& account) {
  struct stat facts{};
  if (::lstat(folder.c_str(), &facts) != 0 || !S_ISDIR(facts.st_mode) || facts.st_uid == account.user) {
    return;
  }
  std::error_code bad;
  for (fs::recursive_directory_iterator it(folder, bad); !bad && it != fs::recursive_directory_iterator();
       it.increment(bad)) {
    give(it->path(), account);
  }
  give(folder, account);
}

/// A folder of the control socket's own is made, or given away when nothing else is in it.
void give_socket_folder(const fs::path& socket, const Account& account) {
  const fs::path folder = socket.parent_path();
  std::error_code bad;
  if (fs::create_directories(folder, bad)) {
    give(folder, account);
    return;
  }
  const bool alone = std::all_of(fs::directory_iterator(folder, bad), fs::directory_iterator(),
                                 [&](const auto& entry) { return entry.path() == socket; });
  if (!bad && alone) {
    give(socket, account);
    give(folder, account);
  }
}

void give_folders(const config::Snapshot& config, const Account& account) {
  for (const fs::path& folder : {config.pbx.data_dir, config.recording.folder, config.recording.mp3_folder}) {
    std::error_code bad;
    if (!folder.empty() && (fs::create_directories(folder, bad) || folder == config.pbx.data_dir)) {
      give_folder(folder, account);
    }
  }
  if (!config.control.socket.empty()) {
    give_socket_folder(config.control.socket, account);
  }
}

KeptFiles read_certificates(const config::Snapshot& config) {
  std::vector<fs::path> files{config.tls.identity.certificate, config.tls.identity.key, config.tls.ca_file};
  for (const auto& [name, profile] : config.profiles) {
    files.push_back(profile.tls_identity.certificate);
    files.push_back(profile.tls_identity.key);
  }
  KeptFiles kept;
  for (const auto& file : files) {
    if (!file.empty()) {
      kept.emplace(file, text_of(file));
    }
  }
  return kept;
}

// -- capabilities ----------------------------------------------------------------------------------

bool listens_below_1024(const config::Snapshot& config) {
  return std::ranges::any_of(config.profiles, [](const auto& profile) {
    return std::ranges::any_of(profile.second.listen, [](const std::string& text) {
      const auto where = sip::parse_listen_address(text);
      return where && where->endpoint.port != 0 && where->endpoint.port < 1024;
    });
  });
}

std::uint64_t needed_capabilities(const config::Snapshot& config) {
  std::uint64_t needed = 0;
  if (listens_below_1024(config)) {
    needed |= 1ULL << CAP_NET_BIND_SERVICE;
  }
  if (!config.bans.nftables.empty()) {
    needed |= 1ULL << CAP_NET_ADMIN;
  }
  return needed;
}

/// Of this thread, and of those that it starts. What it starts as programs gets none of them.
bool set_capabilities(std::uint64_t capabilities) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> data{};
  for (std::size_t i = 0; i < data.size(); ++i) {
    const auto word = static_cast<std::uint32_t>(capabilities >> (32 * i));
    data.at(i) = {word, word, 0};
  }
  return ::syscall(SYS_capset, &header, data.data()) == 0;
}

void drop_bounding_set() {
  for (unsigned long capability = 0; ::prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; ++capability) {
    (void)::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
  }
}

base::result<void> become(const Account& account, std::uint64_t capabilities) {
  drop_bounding_set();
  if (::prctl(PR_SET_KEEPCAPS, capabilities != 0 ? 1UL : 0UL, 0, 0, 0) != 0 ||
      ::setgroups(account.groups.size(), account.groups.data()) != 0 ||
      ::setresgid(account.group, account.group, account.group) != 0 ||
      ::setresuid(account.user, account.user, account.user) != 0) {
    return failed("the user " + account.name);
  }
  if (!set_capabilities(capabilities) || ::prctl(PR_SET_KEEPCAPS, 0UL, 0, 0, 0) != 0) {
    return failed("capabilities");
  }
  if (::setuid(0) == 0 || ::setgid(0) == 0) {
    return base::Error{"cannot lower the rights of root: they came back"};
  }
  return {};
}

// -- what is told ----------------------------------------------------------------------------------

bool is_readable(const fs::path& file) { return ::access(file.c_str(), R_OK) == 0; }

void warn_of_unreadable(const config::Snapshot& config, Lowered& lowered, const std::string& name) {
  if (!is_readable(config.file)) {
    lowered.warnings.push_back(fmt::format(
        "{} cannot be read by {}: a reload will be refused (chgrp it to a group of {} and chmod 0640)",
        config.file.string(), name, name));
  }
  std::erase_if(lowered.kept, [](const auto& kept) { return is_readable(kept.first); });
  for (const auto& [file, text] : lowered.kept) {
    lowered.warnings.push_back(fmt::format(
        "{} cannot be read by {}: it is in use as it was at the start, a renewed one only after the next "
        "(let a group of {} read it, and it is taken into use by itself)",
        file.string(), name, name));
  }
}

Lowered without_account(const config::Snapshot& config) {
  Lowered lowered;
  if (::geteuid() == 0) {
    lowered.warnings.emplace_back(
        "runs as root: set [pbx] user to an ordinary account (docs/installation.md)");
    return lowered;
  }
  if (!config.pbx.user.empty()) {
    const auto wanted = find_account(config.pbx.user, {}, text_of("/etc/passwd"), {});
    if (!wanted || wanted->user != ::geteuid()) {
      lowered.warnings.push_back(
          fmt::format("[pbx] user \"{}\" has no effect: it was started by user {}, and only root may become "
                      "somebody else",
                      config.pbx.user, ::geteuid()));
    }
  }
  return lowered;
}

}  // namespace

base::result<Lowered> lower_privileges(const config::Snapshot& config) {
  // A program for mail may need the rights that its file gives it (Postfix's and Exim's do).
  if (config.mail.sendmail.empty() && ::prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL) != 0) {
    return failed("no new privileges");
  }
  if (::geteuid() != 0 || config.pbx.user.empty()) {
    return without_account(config);
  }
  const auto account =
      find_account(config.pbx.user, config.pbx.group, text_of("/etc/passwd"), text_of("/etc/group"));
  if (!account) {
    return account.error();
  }
  if (account->user == 0) {
    return base::Error{"pbx.user: root is no ordinary user; leave the key out to stay root"};
  }
  Lowered lowered;
  give_folders(config, *account);
  lowered.kept = read_certificates(config);
  if (auto became = become(*account, needed_capabilities(config)); !became) {
    return became.error();
  }
  lowered.as =
      fmt::format("user {} ({}), groups {}", account->name, account->user, fmt::join(account->groups, ", "));
  warn_of_unreadable(config, lowered, account->name);
  return lowered;
}

}  // namespace switchroom::main
