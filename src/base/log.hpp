// One line an event, each with its subsystem and, where there is one, its call's id.
#pragma once

#include "base/result.hpp"

#include <fmt/core.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace switchroom::log {

enum class Subsystem : std::uint8_t {
  main,
  config,
  sip,
  registrar,
  call,
  dialplan,
  media,
  cdr,
  control,
  guard,
  voicemail,
  mail
};
inline constexpr std::size_t subsystem_count = 12;
std::string_view name(Subsystem subsystem);
std::optional<Subsystem> parse_subsystem(std::string_view text);

enum class Level : std::uint8_t { trace, debug, info, warning, error, off };
std::string_view name(Level level);
/// "debug", "info", "warning" (or "warn"), "error" …; nullopt for anything else.
std::optional<Level> parse_level(std::string_view text);

/// Where lines go. An empty file means the console (stderr), with journald's priority prefixes when the
/// output is the journal's (JOURNAL_STREAM). A file is rotated at max_bytes, keep of them are kept.
struct Settings {
  std::string file;
  std::uint64_t max_bytes = 10U << 20U;
  unsigned keep = 5;
  std::array<Level, subsystem_count> levels = all_at(Level::info);

  static constexpr std::array<Level, subsystem_count> all_at(Level level) {
    std::array<Level, subsystem_count> same{};
    same.fill(level);
    return same;
  }
};

/// Opens the outputs and starts the writing thread: a line costs its formatting and a queue slot, a
/// stuck console never blocks a caller (the oldest lines are dropped, and counted). Calling it again
/// re-opens (SIGHUP) and changes levels. Before the first call lines go to stderr directly.
base::result<void> start(const Settings& settings);
/// Writes what is queued and stops the thread; lines after this go to stderr directly.
void stop();
/// For the handler of a crash: `line`, with its end, goes to the console and to the file at once, past the
/// queue. Async-signal-safe.
void write_at_crash(std::string_view line) noexcept;

void set_level(Subsystem subsystem, Level level);
Level level(Subsystem subsystem);

namespace detail {
extern std::array<std::atomic<Level>, subsystem_count> levels;
void write(Level level, Subsystem subsystem, std::string_view call, fmt::string_view format,
           fmt::format_args args);
}  // namespace detail

inline bool enabled(Level level, Subsystem subsystem) {
  return level >= detail::levels[static_cast<std::size_t>(subsystem)].load(std::memory_order_relaxed);
}

/// log::line(Level::info, Subsystem::call, call_id, "1001 rings {} contacts", n). Any thread but the
/// packet path of media threads. Control characters in the text are escaped, so that a peer's bytes
/// cannot forge a line. `call` may be empty.
template <class... Args>
void line(Level level, Subsystem subsystem, std::string_view call, fmt::format_string<Args...> format,
          Args&&... args) {
  if (enabled(level, subsystem)) {
    detail::write(level, subsystem, call, fmt::string_view(format), fmt::make_format_args(args...));
  }
}

}  // namespace switchroom::log
