#include "control/client_options.hpp"

#include <charconv>
#include <optional>
#include <string_view>

namespace switchroom::control {
namespace {

std::optional<std::chrono::milliseconds> seconds(std::string_view text) {
  unsigned value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size() || value == 0 || value > 86'400)
    return std::nullopt;
  return std::chrono::seconds(value);
}

// Takes the value of "--name VALUE" or "--name=VALUE".
class Words {
 public:
  explicit Words(const std::vector<std::string>& all) : all_(all) {}

  [[nodiscard]] bool left() const { return at_ < all_.size(); }
  const std::string& next() { return all_[at_++]; }
  std::optional<std::string> value_of(std::string_view name, const std::string& word) {
    if (word == name) return left() ? std::optional(next()) : std::nullopt;
    return word.substr(name.size() + 1);
  }

 private:
  const std::vector<std::string>& all_;
  std::size_t at_ = 0;
};

bool is(std::string_view name, const std::string& word) {
  return word == name || (word.starts_with(name) && word.size() > name.size() && word[name.size()] == '=');
}

}  // namespace

base::result<ClientOptions> parse_client_options(const std::vector<std::string>& arguments) {
  ClientOptions options;
  Words words(arguments);
  while (words.left()) {
    const std::string& word = words.next();
    if (word == "--") {
      while (words.left()) options.words.push_back(words.next());
    } else if (word == "--json") {
      options.json = true;
    } else if (word == "--watch") {
      options.watch = true;
    } else if (word == "--help" || word == "-h") {
      options.help = true;
    } else if (is("--socket", word)) {
      auto path = words.value_of("--socket", word);
      if (!path || path->empty()) return base::Error{"--socket wants a path"};
      options.socket = std::move(*path);
    } else if (is("--timeout", word)) {
      const auto text = words.value_of("--timeout", word);
      const auto timeout = text ? seconds(*text) : std::nullopt;
      if (!timeout) return base::Error{"--timeout wants seconds, 1 to 86400"};
      options.timeout = *timeout;
    } else if (word.starts_with("--") && options.words.empty()) {  // behind the command it is the command's
      return base::Error{"unknown option: " + word};
    } else {
      options.words.push_back(word);
    }
  }
  return options;
}

std::vector<std::filesystem::path> usual_sockets(const std::function<const char*(const char*)>& environment) {
  const auto of = [&](const char* name) {
    const char* value = environment(name);
    return std::string(value == nullptr ? "" : value);
  };
  if (const std::string given = of("SWITCHROOM_SOCKET"); !given.empty()) return {given};
  std::vector<std::filesystem::path> paths{"/run/switchroom/control.sock"};
  if (const std::string runtime = of("XDG_RUNTIME_DIR"); !runtime.empty()) {
    paths.emplace_back(std::filesystem::path(runtime) / "switchroom/control.sock");
  }
  if (const std::string home = of("HOME"); !home.empty()) {
    paths.emplace_back(std::filesystem::path(home) / ".local/share/switchroom/control.sock");
  }
  return paths;
}

}  // namespace switchroom::control
