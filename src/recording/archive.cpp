#include "recording/archive.hpp"

#include "base/ask.hpp"
#include "base/log.hpp"
#include "base/thread.hpp"

#include <sys/resource.h>
#include <sys/syscall.h>

#include <sched.h>
#include <unistd.h>
#include <utility>

namespace switchroom::recording {
namespace {

using namespace std::chrono_literals;
using log::Level;
using log::Subsystem;

constexpr auto pruning_pace = 1min;

/// How often to look for conversions that are due: none needs to be exact to more than a tenth.
std::chrono::milliseconds looking_pace(const config::Recording& settings) {
  return std::clamp<std::chrono::milliseconds>(settings.mp3_after / 10, 1s, 30s);
}

/// Only what nobody else wants, of the processor and of the disk.
void stand_back() {
  const sched_param none{};
  ::sched_setscheduler(0, SCHED_IDLE, &none);
  ::setpriority(PRIO_PROCESS, static_cast<id_t>(::syscall(SYS_gettid)), 19);
  constexpr int idle_class = 3 << 13;  // ioprio_set(2); the C library has no name for it
  ::syscall(SYS_ioprio_set, 1, 0, idle_class);
}

}  // namespace

base::result<std::unique_ptr<Archive>> Archive::open(asio::io_context& call_context,
                                                     const std::filesystem::path& database,
                                                     const config::Recording& settings) {
  auto library = Library::open(database, settings);
  if (!library) {
    return library.error();
  }
  return std::unique_ptr<Archive>(new Archive(call_context, std::move(*library)));
}

Archive::Archive(asio::io_context& call_context, std::unique_ptr<Library> library)
    : call_context_(call_context), library_(std::move(library)) {
  idle_thread_ = base::start_thread("recordings idle", [this] { keep_house(); });
}

Archive::~Archive() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  stopped_.notify_all();
  idle_thread_.join();
}

void Archive::pause_for(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  stopped_.wait_for(lock, time, [this] { return stop_.load(); });
}

void Archive::keep_house() {
  stand_back();
  library_->adopt(stop_);
  base::Time next_pruning = base::Clock::now() + pruning_pace;
  while (!stop_) {
    if (library_->convert_one(stop_)) {
      continue;
    }
    if (base::Clock::now() >= next_pruning) {
      if (const auto pruned = library_->prune(false); !pruned) {
        log::line(Level::error, Subsystem::media, {}, "recordings: {}", pruned.error().what);
      }
      next_pruning = base::Clock::now() + pruning_pace;
    }
    pause_for(looking_pace(library_->settings()));
  }
}

// -- what the Recorder tells -----------------------------------------------------------------------

namespace {

void complain(const base::Error& why) {
  log::line(Level::error, Subsystem::media, {}, "the index of recordings: {}", why.what);
}

std::string below(const std::filesystem::path& file, const std::filesystem::path& root) {
  return file.lexically_relative(root).string();
}

}  // namespace

void Archive::on_made(const RecordingSettings& settings, const std::filesystem::path& file) {
  if (settings.root != library_->folder()) {
    return;  // a message or a greeting: not ours
  }
  Entry entry;
  entry.file = below(file, settings.root);
  entry.state = "running";
  entry.call = settings.about.call;
  entry.caller = settings.about.caller;
  entry.destination = settings.about.destination;
  entry.with = settings.about.with;
  entry.began = base::wall_now();
  index_worker_.post([this, entry = std::move(entry)] {
    if (const auto added = library_->with_index([&](Index& index) { return index.add(entry); }); !added) {
      complain(added.error());
    }
  });
}

void Archive::on_complete(const RecordingSettings& settings, const Outcome& outcome) {
  if (settings.root != library_->folder()) {
    return;
  }
  const auto milliseconds = [](base::Duration time) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
  };
  index_worker_.post(
      [this, outcome, milliseconds, file = below(outcome.file, settings.root), now = base::wall_now()] {
        auto updated = library_->with_index([&](Index& index) -> base::result<void> {
          auto found = index.find_file(file, false);
          if (!found || !*found) {
            return found ? base::result<void>() : found.error();
          }
          Entry entry = std::move(**found);
          entry.state = outcome.end == End::failed ? "failed" : "complete";
          entry.ended = now;
          entry.length_ms = milliseconds(outcome.length);
          entry.bytes = static_cast<std::int64_t>(outcome.bytes);
          entry.dropped_ms = milliseconds(outcome.dropped);
          entry.trouble = outcome.trouble;
          return index.update(entry);
        });
        if (!updated) {
          complain(updated.error());
        }
      });
}

void Archive::note_with(const std::string& call, const std::string& with) {
  index_worker_.post([this, call, with] {
    if (const auto noted = library_->with_index([&](Index& index) { return index.note_with(call, with); });
        !noted) {
      complain(noted.error());
    }
  });
}

// -- questions -------------------------------------------------------------------------------------

awaitable<base::result<std::vector<Entry>>> Archive::search(Search wanted) {
  co_return co_await base::ask(index_worker_, call_context_, [this, wanted = std::move(wanted)] {
    return library_->with_index([&](Index& index) { return index.search(wanted); });
  });
}

awaitable<base::result<std::optional<Entry>>> Archive::find(std::int64_t id) {
  co_return co_await base::ask(index_worker_, call_context_, [this, id] {
    return library_->with_index([&](Index& index) { return index.find(id); });
  });
}

awaitable<base::result<void>> Archive::remove(std::int64_t id) {
  co_return co_await base::ask(index_worker_, call_context_, [this, id]() -> base::result<void> {
    auto found = library_->with_index([&](Index& index) { return index.find(id); });
    if (!found) {
      return found.error();
    }
    if (!*found) {
      return base::Error{"there is no recording " + std::to_string(id)};
    }
    return (*found)->state == "running" ? base::Error{"it is being recorded"} : library_->remove(**found);
  });
}

awaitable<base::result<std::vector<Doomed>>> Archive::prune(bool dry_run) {
  co_return co_await base::ask(index_worker_, call_context_,
                               [this, dry_run] { return library_->prune(dry_run); });
}

awaitable<base::result<Usage>> Archive::usage() {
  co_return co_await base::ask(index_worker_, call_context_, [this] { return library_->usage(); });
}

}  // namespace switchroom::recording
