#include "call/own_prompts.hpp"

#include "base/ask.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <utility>

namespace switchroom::call {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t longest_name = 200;
constexpr std::size_t most_listed = 10'000;
constexpr std::array<std::string_view, 5> endings{".wav", ".flac", ".opus", ".ogg", ".mp3"};

bool is_part(std::string_view part) {
  constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
  return !part.empty() && part.front() != '.' && part.find_first_not_of(allowed) == std::string_view::npos;
}

std::time_t time_of(const fs::directory_entry& entry) {
  std::error_code none;
  const auto time = std::chrono::file_clock::to_sys(entry.last_write_time(none));
  return none
             ? 0
             : std::chrono::system_clock::to_time_t(std::chrono::time_point_cast<std::chrono::seconds>(time));
}

std::vector<OwnPrompt> listed(const fs::path& folder) {
  std::vector<OwnPrompt> found;
  std::error_code ec;
  for (fs::recursive_directory_iterator one(folder, fs::directory_options::skip_permission_denied, ec), end;
       !ec && one != end && found.size() < most_listed; one.increment(ec)) {
    std::error_code none;
    if (one->is_regular_file(none) &&
        std::ranges::find(endings, one->path().extension().string()) != endings.end() &&
        one->path().filename().string().front() != '.') {
      found.push_back({one->path().lexically_relative(folder).string(), one->file_size(none), time_of(*one)});
    }
  }
  std::ranges::sort(found, {}, &OwnPrompt::name);
  return found;
}

}  // namespace

base::result<std::string> prompt_file(std::string_view name) {
  std::string file(name);
  if (!file.ends_with(".wav")) {
    file += ".wav";
  }
  std::string_view rest = file;
  bool good = file.size() <= longest_name;
  while (good && !rest.empty()) {
    const auto end = std::min(rest.find('/'), rest.size());
    good = is_part(rest.substr(0, end)) && end + 1 != rest.size();
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  if (!good || name.empty()) {
    return base::Error{fmt::format("\"{}\" is not the name of a prompt, as in custom/welcome", name)};
  }
  return base::success(std::move(file));
}

OwnPrompts::OwnPrompts(asio::io_context& call_context) : call_context_(call_context) {}

awaitable<std::string> OwnPrompts::keep(fs::path from, fs::path to) {
  co_return co_await base::ask(worker_, call_context_, [from = std::move(from), to = std::move(to)] {
    std::error_code ec;
    fs::create_directories(to.parent_path(), ec);
    if (!ec) {
      fs::rename(from, to, ec);
    }
    return ec ? fmt::format("{}: {}", to.string(), ec.message()) : std::string();
  });
}

void OwnPrompts::forget(fs::path file) {
  worker_.post([file = std::move(file)] {
    std::error_code none;
    fs::remove(file, none);
  });
}

awaitable<std::vector<OwnPrompt>> OwnPrompts::list(fs::path folder) {
  co_return co_await base::ask(worker_, call_context_,
                               [folder = std::move(folder)] { return listed(folder); });
}

}  // namespace switchroom::call
