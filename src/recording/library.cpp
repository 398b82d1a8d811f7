#include "recording/library.hpp"

#include "base/log.hpp"
#include "recording/file/sound_writer.hpp"

#include <fmt/core.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <cerrno>
#include <cstring>
#include <unistd.h>
#include <utility>

namespace switchroom::recording {
namespace {

namespace fs = std::filesystem;
using log::Level;
using log::Subsystem;

std::uint64_t free_bytes(const fs::path& folder) {
  struct statvfs facts{};
  return ::statvfs(folder.c_str(), &facts) == 0 ? std::uint64_t{facts.f_bavail} * facts.f_frsize : UINT64_MAX;
}

}  // namespace

base::result<std::unique_ptr<Library>> Library::open(const fs::path& database,
                                                     const config::Recording& settings) {
  auto index = Index::open(database);
  if (!index) {
    return index.error();
  }
  auto entries = index->all();
  if (!entries) {
    return entries.error();
  }
  std::unique_ptr<Library> library(new Library(std::move(*index), settings));
  for (const Entry& entry : *entries) {
    if (entry.state == "running") {
      library->unfinished_.insert(entry.id);
    }
  }
  return base::result<std::unique_ptr<Library>>(std::move(library));
}

Library::Library(Index index, const config::Recording& settings)
    : folder_(settings.folder),
      mp3_folder_(settings.mp3_folder.empty() ? settings.folder : settings.mp3_folder),
      opened_(base::wall_now()),
      settings_(settings),
      index_(std::move(index)) {}

void Library::configure(const config::Recording& settings) {
  const std::lock_guard lock(mutex_);
  settings_ = settings;
}

config::Recording Library::settings() const {
  const std::lock_guard lock(mutex_);
  return settings_;
}

fs::path Library::path_of(const Entry& entry) const { return root(entry.in_mp3_folder) / entry.file; }

base::result<void> Library::save(const Entry& entry) {
  return with_index([&](Index& index) { return index.update(entry); });
}

base::result<void> Library::remove(const Entry& entry) {
  // First what may hold a second copy of the sound, last the entry: a killed process leaves an entry too
  // many, which the next start takes out, and never a file that nobody knows.
  std::vector<fs::path> files{path_of(entry)};
  if (!entry.leftover.empty()) {
    files.push_back(folder_ / entry.leftover);
  }
  for (const fs::path& file : files) {
    if (::unlink(file.c_str()) != 0 && errno != ENOENT) {
      return base::Error{fmt::format("cannot delete {}: {}", file.string(), std::strerror(errno))};
    }
    remove_empty_folders(file.parent_path(), root(entry.in_mp3_folder));
  }
  return with_index([&](Index& index) { return index.remove(entry.id); });
}

base::result<std::vector<Doomed>> Library::prune(bool dry_run) {
  const config::Recording wanted = settings();
  if (wanted.keep.count() == 0 && wanted.max_size == 0 && wanted.min_free == 0 && wanted.rules.empty()) {
    return std::vector<Doomed>{};
  }
  auto entries = with_index([](Index& index) { return index.all(); });
  if (!entries) {
    return entries.error();
  }
  auto plan = doomed(*entries, wanted, base::wall_now(), free_bytes(folder_));
  if (dry_run) {
    return plan;
  }
  std::int64_t bytes = 0;
  std::vector<Doomed> gone;
  for (Doomed& one : plan) {
    if (const auto removed = remove(one.entry); !removed) {
      log::line(Level::error, Subsystem::media, {}, "{}", removed.error().what);
      continue;
    }
    log::line(Level::debug, Subsystem::media, {}, "deleted recording {}: {}", one.entry.file, one.reason);
    bytes += one.entry.bytes;
    gone.push_back(std::move(one));
  }
  if (!gone.empty()) {
    log::line(Level::info, Subsystem::media, {},
              "{} recordings were deleted by the rules of [recording]: {} bytes", gone.size(), bytes);
  }
  return gone;
}

base::result<Usage> Library::usage() {
  auto entries = with_index([](Index& index) { return index.all(); });
  if (!entries) {
    return entries.error();
  }
  const bool converts = settings().mp3_after.count() > 0;
  Usage usage;
  for (const Entry& entry : *entries) {
    ++usage.files;
    usage.bytes += entry.bytes;
    usage.length_ms += entry.length_ms;
    usage.running += entry.state == "running" ? 1 : 0;
    const bool is_wav = format_of(entry.file) == Format::wav;
    usage.to_convert += converts && is_wav && entry.state != "running" && entry.length_ms > 0 ? 1 : 0;
  }
  usage.free = free_bytes(folder_);
  return usage;
}

void Library::remove_empty_folders(fs::path folder, const fs::path& root) const {
  // rmdir refuses a folder that holds anything, so that this never takes what somebody has just made.
  while (folder != root && folder.string().starts_with(root.string() + "/") && ::rmdir(folder.c_str()) == 0) {
    folder = folder.parent_path();
  }
}

}  // namespace switchroom::recording
