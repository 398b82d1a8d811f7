#include "main/first_run.hpp"

#include "base/random.hpp"
#include "embedded/embedded.hpp"

#include <fmt/core.h>
#include <sys/stat.h>

#include <cerrno>
#include <fcntl.h>
#include <system_error>
#include <unistd.h>

namespace switchroom::main {
namespace {

namespace fs = std::filesystem;
using base::Error;

std::string reason(int code) { return std::generic_category().message(code); }

/// Makes `folder` with `mode`, and those around it as the umask has it. One that is there stays as it is.
base::result<void> make_folder(const fs::path& folder, mode_t mode) {
  std::error_code bad;
  if (folder.has_parent_path()) {
    fs::create_directories(folder.parent_path(), bad);
  }
  if (bad) {
    return Error{fmt::format("cannot make the folder {}: {}", folder.parent_path().string(), bad.message())};
  }
  if (::mkdir(folder.c_str(), mode) != 0 && errno != EEXIST) {
    return Error{fmt::format("cannot make the folder {}: {}", folder.string(), reason(errno))};
  }
  if (!fs::is_directory(folder, bad)) {
    return Error{fmt::format("{} is not a folder", folder.string())};
  }
  return {};
}

/// A descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) {
      ::close(number_);
    }
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int number() const { return number_; }

 private:
  int number_;
};

/// 0, or the errno of what failed.
int write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written < 0 && errno != EINTR) {
      return errno;
    }
    text.remove_prefix(written > 0 ? static_cast<std::size_t>(written) : 0);
  }
  return ::fsync(file) == 0 ? 0 : errno;
}

enum class Made : std::uint8_t { written, was_there };

/// O_EXCL: of two that start at once, one writes and the other uses it; nothing is ever overwritten.
base::result<Made> write_new(const fs::path& path, std::string_view text) {
  const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (file.number() < 0) {
    if (errno == EEXIST) {
      return Made::was_there;
    }
    return Error{fmt::format("cannot write {}: {}", path.string(), reason(errno))};
  }
  if (const int failed = write_all(file.number(), text); failed != 0) {
    ::unlink(path.c_str());  // half a file would be taken for the whole at the next start
    return Error{fmt::format("cannot write {}: {}", path.string(), reason(failed))};
  }
  const Descriptor folder(::open(path.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.number() >= 0) {
    (void)::fsync(folder.number());  // the name is as durable as the content
  }
  return Made::written;
}

/// As a basic string of TOML.
std::string toml_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7F) {
      out += fmt::format("\\u{:04x}", byte);
    } else {
      out += c;
    }
  }
  return out + '"';
}

void fill_in(std::string& text, std::string_view mark, std::string_view value) {
  if (const std::size_t at = text.find(mark); at != std::string::npos) {
    text.replace(at, mark.size(), value);
  }
}

}  // namespace

Paths default_paths(bool root, const Environment& environment) {
  if (root) {
    return Paths{"/etc/switchroom/switchroom.toml", "/var/lib/switchroom", "/run/switchroom/control.sock"};
  }
  const auto absolute = [&](const char* name) {
    const char* value = environment(name);
    const fs::path path = value == nullptr ? "" : value;
    return path.is_absolute() ? path : fs::path();
  };
  std::error_code none;
  const fs::path home = absolute("HOME");
  const auto folder = [&](const char* name, const fs::path& below_home) {
    const fs::path set = absolute(name);
    return !set.empty() ? set : (home.empty() ? fs::current_path(none) : home / below_home);
  };
  const fs::path data = folder("XDG_DATA_HOME", ".local/share") / "switchroom";
  const fs::path runtime = absolute("XDG_RUNTIME_DIR");
  return Paths{folder("XDG_CONFIG_HOME", ".config") / "switchroom/switchroom.toml", data,
               runtime.empty() ? data / "control.sock" : runtime / "switchroom/control.sock"};
}

std::string random_password() {
  constexpr std::string_view clear = "23456789abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ";
  std::string password;
  for (int i = 0; i < 16; ++i) {
    password += clear[base::random_below(static_cast<std::uint32_t>(clear.size()))];
  }
  return password;
}

std::string first_config(const Paths& paths,
                         const std::vector<std::pair<std::string, std::string>>& accounts) {
  std::string extensions;
  for (const auto& [number, password] : accounts) {
    extensions += fmt::format("\n[extensions.{}]\nname      = {}\npassword  = {}\n", number,
                              toml_text("Extension " + number), toml_text(password));
  }
  std::string shown = paths.config.string();
  for (char& c : shown) {
    c = static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? '?' : c;  // it stands in a comment
  }
  std::string text(embedded::default_config);
  fill_in(text, "@CONFIG@", shown);
  fill_in(text, "@DATA_DIR@", toml_text(paths.data_dir.string()));
  fill_in(text, "@SOCKET@", toml_text(paths.socket.string()));
  fill_in(text, "@EXTENSIONS@", extensions);
  return text;
}

base::result<void> make_folders(const fs::path& data_dir, const fs::path& socket) {
  if (auto made = make_folder(data_dir, 0700); !made) {
    return made;
  }
  if (socket.parent_path().empty()) {
    return {};  // the current folder
  }
  // Others may pass to the socket; who may use it is the socket's own mode.
  return make_folder(socket.parent_path(), 0755);
}

base::result<FirstRun> write_first_config(const Paths& paths) {
  std::error_code none;
  FirstRun run{paths.config, {}};
  if (fs::exists(fs::symlink_status(paths.config, none))) {
    return run;
  }
  if (auto made = make_folder(paths.config.parent_path(), 0755); !made) {
    return made.error();
  }
  if (auto made = make_folders(paths.data_dir, paths.socket); !made) {
    return made.error();
  }
  std::vector<std::pair<std::string, std::string>> accounts;
  for (int number = 1001; number <= 1010; ++number) {
    accounts.emplace_back(std::to_string(number), random_password());
  }
  const auto made = write_new(paths.config, first_config(paths, accounts));
  if (!made) {
    return made.error();
  }
  if (*made == Made::written) {
    run.accounts = std::move(accounts);
  }
  return run;
}

}  // namespace switchroom::main
