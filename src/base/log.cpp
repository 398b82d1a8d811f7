// The queue between those who log and the one thread that writes. Not spdlog's: its thread pool
// blocks at the end for as long as the console is stuck, wakes its thread for every line, and says
// nothing of the lines that it dropped.
#include "base/log.hpp"

#include "base/clock.hpp"
#include "base/log_line.hpp"
#include "base/log_output.hpp"
#include "base/thread.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <iterator>
#include <mutex>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace switchroom::log {
namespace {

using namespace std::chrono_literals;

constexpr std::array<std::string_view, subsystem_count> subsystem_names{
    "main",  "config", "sip",     "registrar", "call",      "dialplan",
    "media", "cdr",    "control", "guard",     "voicemail", "mail"};
constexpr std::array<std::string_view, 6> level_names{"trace", "debug", "info", "warning", "error", "off"};

constexpr std::size_t max_queued_lines = 8192;
constexpr std::size_t max_queued_bytes = 4U << 20U;
constexpr std::size_t batch_bytes = 64U << 10U;
// Lines gather this long before the writer looks again: under load it wakes 50 times a second, not
// once for each line. An error wakes it at once.
constexpr auto gather = 20ms;
constexpr auto last_words = 500ms;  // how long stop() waits for a console that nobody reads

class Queue {
 public:
  ~Queue() { stop(); }

  base::result<void> start(const Settings& settings);
  void stop();
  void push(std::string line, bool urgent);
  [[nodiscard]] bool journal() const { return journal_.load(std::memory_order_relaxed); }
  [[nodiscard]] int file() const { return file_.load(std::memory_order_relaxed); }

 private:
  void run();
  void wait_for_work(std::unique_lock<std::mutex>& lock);
  void take_batch();
  void write_batch();

  std::mutex starting_;  // start() and stop() by several threads
  std::thread writer_;

  std::mutex mutex_;  // guards what follows
  std::condition_variable wake_;
  std::deque<std::string> lines_;
  std::size_t bytes_ = 0;
  std::uint64_t dropped_ = 0;
  std::optional<detail::Output> next_output_;
  bool running_ = false;
  bool stopping_ = false;
  bool sleeping_ = false;  // the writer waits for any line, not for the next look
  bool urgent_ = false;

  // The writer's own.
  detail::Output output_;
  std::string batch_;
  std::uint64_t batch_lines_ = 0;
  std::uint64_t told_ = 0;       // lost lines that the batch tells of
  std::uint64_t unwritten_ = 0;  // lines that the output refused, and why
  int unwritten_why_ = 0;

  std::atomic<bool> journal_{false};
  std::atomic<int> file_{-1};  // for write_at_crash: as output_ had it last
};

Queue& queue() {
  static Queue instance;  // the one log of the process; the first line may come from anywhere
  return instance;
}

// Before start() and after stop(): as well as it goes, without the thread.
void write_directly(std::string line) {
  if (auto console = detail::Output::open(Settings{})) (void)console->write(line);
}

base::result<void> Queue::start(const Settings& settings) {
  const std::lock_guard starting(starting_);
  auto output = detail::Output::open(settings);
  if (!output) return output.error();
  for (std::size_t i = 0; i < subsystem_count; ++i) {
    detail::levels[i].store(settings.levels[i], std::memory_order_relaxed);
  }
  const std::lock_guard lock(mutex_);
  journal_ = output->journal();
  next_output_ = std::move(*output);
  if (!running_) {
    running_ = true;
    stopping_ = false;
    writer_ = base::start_thread("log", [this] { run(); });
  }
  wake_.notify_one();
  return {};
}

void Queue::stop() {
  const std::lock_guard starting(starting_);
  {
    const std::lock_guard lock(mutex_);
    if (!running_) return;
    stopping_ = true;
  }
  wake_.notify_one();
  writer_.join();
  std::deque<std::string> rest;
  {
    const std::lock_guard lock(mutex_);
    running_ = false;
    journal_ = false;
    rest.swap(lines_);
    bytes_ = 0;
    dropped_ = 0;
    unwritten_ = 0;
  }
}

void Queue::push(std::string line, bool urgent) {
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    if (running_) {
      bytes_ += line.size();
      lines_.push_back(std::move(line));
      line.clear();
      while (lines_.size() > max_queued_lines || bytes_ > max_queued_bytes) {
        bytes_ -= lines_.front().size();
        lines_.pop_front();
        ++dropped_;
      }
      wake = sleeping_ || (urgent && !urgent_);
      sleeping_ = false;
      urgent_ = urgent_ || urgent;
    }
  }
  if (wake) wake_.notify_one();
  if (!line.empty()) write_directly(std::move(line));
}

void Queue::run() {
  std::unique_lock lock(mutex_);
  std::optional<base::Time> deadline;
  for (;;) {
    wait_for_work(lock);
    if (stopping_ && !deadline) deadline = base::Clock::now() + last_words;
    if (next_output_) {
      output_ = std::move(*next_output_);
      next_output_.reset();
    }
    if (batch_.empty()) take_batch();
    if ((stopping_ && batch_.empty()) || (deadline && base::Clock::now() >= *deadline)) break;
    lock.unlock();
    write_batch();
    file_ = output_.file();
    lock.lock();
  }
  batch_.clear();
  file_ = -1;
  output_ = detail::Output();
}

void Queue::wait_for_work(std::unique_lock<std::mutex>& lock) {
  const auto called = [this] { return stopping_ || next_output_ || urgent_; };
  if (batch_.empty() && lines_.size() < max_queued_lines / 4) {
    wake_.wait_for(lock, gather, called);
  }
  while (lines_.empty() && batch_.empty() && !called()) {
    sleeping_ = true;
    wake_.wait(lock);
  }
  sleeping_ = false;
  urgent_ = false;
}

void Queue::take_batch() {
  batch_lines_ = 0;
  told_ = 0;
  if (dropped_ + unwritten_ != 0 && !lines_.empty()) {
    const detail::LineHead head{Level::warning, Subsystem::main, {}, base::wall_now(), journal()};
    told_ = std::exchange(dropped_, 0) + unwritten_;
    batch_ += detail::format_line(head, fmt::format("{} log lines were lost: {}", told_,
                                                    unwritten_ == 0 ? "the output did not take them in time"
                                                                    : std::strerror(unwritten_why_)));
    unwritten_ = 0;
  }
  while (!lines_.empty() && batch_.size() < batch_bytes) {
    bytes_ -= lines_.front().size();
    batch_ += lines_.front();
    lines_.pop_front();
    ++batch_lines_;
  }
}

void Queue::write_batch() {
  if (output_.write(batch_) != detail::Output::Outcome::failed) return;
  const auto left = static_cast<std::uint64_t>(std::count(batch_.begin(), batch_.end(), '\n'));
  // The line that tells of lost ones stands first: if it is lost too, what it told is still untold.
  unwritten_ += left > batch_lines_ ? batch_lines_ + told_ : left;
  unwritten_why_ = output_.last_errno();
  batch_.clear();
}

template <std::size_t N>
std::optional<std::size_t> index_of(const std::array<std::string_view, N>& names, std::string_view text) {
  const auto found = std::find(names.begin(), names.end(), text);
  if (found == names.end()) return std::nullopt;
  return static_cast<std::size_t>(found - names.begin());
}

}  // namespace

std::string_view name(Subsystem subsystem) { return subsystem_names[static_cast<std::size_t>(subsystem)]; }
std::string_view name(Level level) { return level_names[static_cast<std::size_t>(level)]; }

std::optional<Subsystem> parse_subsystem(std::string_view text) {
  const auto index = index_of(subsystem_names, text);
  return index ? std::optional(static_cast<Subsystem>(*index)) : std::nullopt;
}

std::optional<Level> parse_level(std::string_view text) {
  if (text == "warn") return Level::warning;
  const auto index = index_of(level_names, text);
  return index ? std::optional(static_cast<Level>(*index)) : std::nullopt;
}

base::result<void> start(const Settings& settings) { return queue().start(settings); }
void stop() { queue().stop(); }

void write_at_crash(std::string_view line) noexcept {
  constexpr std::string_view as_error = "<3>";  // sd-daemon(3)
  constexpr int patience_ms = 100;  // a console that nobody reads must not keep the process from its end
  pollfd console{STDERR_FILENO, POLLOUT, 0};
  if (::poll(&console, 1, patience_ms) > 0) {
    if (queue().journal()) {
      (void)!::write(STDERR_FILENO, as_error.data(), as_error.size());
    }
    (void)!::write(STDERR_FILENO, line.data(), line.size());
  }
  if (const int file = queue().file(); file >= 0) {
    (void)!::write(file, line.data(), line.size());
  }
}

void set_level(Subsystem subsystem, Level level) {
  detail::levels[static_cast<std::size_t>(subsystem)].store(level, std::memory_order_relaxed);
}

Level level(Subsystem subsystem) {
  return detail::levels[static_cast<std::size_t>(subsystem)].load(std::memory_order_relaxed);
}

namespace detail {

constinit std::array<std::atomic<Level>, subsystem_count> levels{
    Level::info, Level::info, Level::info, Level::info, Level::info, Level::info,
    Level::info, Level::info, Level::info, Level::info, Level::info, Level::info};

void write(Level level, Subsystem subsystem, std::string_view call, fmt::string_view format,
           fmt::format_args args) {
  try {
    fmt::memory_buffer text;
    try {
      fmt::vformat_to(std::back_inserter(text), format, args);
    } catch (const std::exception& error) {
      fmt::format_to(std::back_inserter(text), " (this line could not be formatted: {})", error.what());
    }
    const LineHead head{level, subsystem, call, base::wall_now(), queue().journal()};
    queue().push(format_line(head, {text.data(), text.size()}), level == Level::error);
  } catch (...) {  // NOLINT(bugprone-empty-catch)
    // Out of memory: a lost line must not end what it speaks of.
  }
}

}  // namespace detail
}  // namespace switchroom::log
