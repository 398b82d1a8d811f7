#include "guard/ban_file.hpp"

#include "base/log.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <sstream>
#include <unistd.h>
#include <utility>

namespace switchroom::guard {
namespace {

constexpr std::uintmax_t most_bytes = 16U << 20U;

std::string_view next_word(std::string_view& rest) {
  const auto end = std::min(rest.find(' '), rest.size());
  const auto word = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return word;
}

template <class Number>
bool read_number(std::string_view word, Number& out) {
  const auto [end, ec] = std::from_chars(word.data(), word.data() + word.size(), out);
  return ec == std::errc{} && end == word.data() + word.size();
}

std::optional<Ban> read_ban(std::string_view line) {
  Ban ban;
  error_code ec;
  ban.address = asio::ip::make_address(std::string(next_word(line)), ec);
  if (ec || !read_number(next_word(line), ban.since) || !read_number(next_word(line), ban.until) ||
      !read_number(next_word(line), ban.times) || ban.times == 0) {
    return std::nullopt;
  }
  ban.by_hand = next_word(line) == "hand";
  ban.why = line.substr(0, 200);
  return ban;
}

}  // namespace

std::string write_bans(const std::vector<Ban>& bans) {
  std::string text;
  for (const Ban& ban : bans) {
    std::string why = ban.why;
    std::ranges::replace_if(why, [](unsigned char c) { return c < ' ' || c == 0x7F; }, ' ');
    text += fmt::format("{} {} {} {} {} {}\n", ban.address.to_string(), ban.since, ban.until, ban.times,
                        ban.by_hand ? "hand" : "self", why);
  }
  return text;
}

std::vector<Ban> read_bans(std::string_view text) {
  std::vector<Ban> bans;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    if (auto ban = read_ban(text.substr(0, end))) {
      bans.push_back(*std::move(ban));
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return bans;
}

BanFile::BanFile(std::filesystem::path path) : path_(std::move(path)), thread_([this] { run(); }) {}

BanFile::~BanFile() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

std::vector<Ban> BanFile::load() const {
  std::error_code ec;
  if (const auto size = std::filesystem::file_size(path_, ec); ec || size > most_bytes) {
    return {};
  }
  std::ifstream file(path_, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return read_bans(text.str());
}

void BanFile::put(const std::vector<Ban>& bans) {
  {
    const std::scoped_lock lock(mutex_);
    text_ = write_bans(bans);
  }
  wake_.notify_one();
}

void BanFile::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [&] { return text_ || stopping_; });
    if (!text_) {
      return;
    }
    const std::string text = *std::exchange(text_, std::nullopt);
    lock.unlock();
    write(text);
    lock.lock();
  }
}

void BanFile::write(const std::string& text) {
  const std::string next = path_.string() + ".new";
  const int file = ::open(next.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  bool good = file >= 0;
  for (std::size_t done = 0; good && done < text.size();) {
    const auto wrote = ::write(file, text.data() + done, text.size() - done);
    good = wrote > 0;
    done += good ? static_cast<std::size_t>(wrote) : 0;
  }
  good = good && ::fsync(file) == 0;
  int why = errno;
  if (file >= 0) {
    ::close(file);
  }
  if (good && ::rename(next.c_str(), path_.c_str()) != 0) {
    good = false;
    why = errno;
  }
  if (!good && !complained_) {
    log::line(log::Level::error, log::Subsystem::guard, {},
              "bans cannot be written to {} ({}): they hold, but not beyond a restart", path_.string(),
              std::strerror(why));
  }
  complained_ = !good;
}

}  // namespace switchroom::guard
