// What a killed process left behind, set right at the next start.
#include "base/log.hpp"
#include "recording/library.hpp"
#include "recording/measure.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <unistd.h>

namespace switchroom::recording {
namespace {

namespace fs = std::filesystem;
using log::Level;
using log::Subsystem;

struct Facts {
  bool is_there = false;
  base::WallMicros changed = 0;
  std::int64_t bytes = 0;
};

Facts facts_of(const fs::path& file) {
  struct stat facts{};
  if (::lstat(file.c_str(), &facts) != 0 || !S_ISREG(facts.st_mode)) {
    return {};
  }
  return {true, std::int64_t{facts.st_mtim.tv_sec} * 1'000'000 + facts.st_mtim.tv_nsec / 1000, facts.st_size};
}

bool is_part(const fs::path& file) { return file.string().ends_with(".mp3.part"); }

}  // namespace

void Library::adopt(const std::atomic<bool>& stop) {
  auto entries = with_index([](Index& index) { return index.all(); });
  if (!entries) {
    log::line(Level::error, Subsystem::media, {}, "recordings: {}", entries.error().what);
    return;
  }
  for (Entry& entry : *entries) {
    if (stop) {
      return;
    }
    settle_entry(std::move(entry));
  }
  adopt_folder(false, stop);
  if (has_own_mp3_folder()) {
    adopt_folder(true, stop);
  }
}

/// One entry against the disk.
void Library::settle_entry(Entry entry) {
  if (!entry.target.empty() || !entry.leftover.empty()) {
    settle_conversion(entry);
  }
  if (unfinished_.contains(entry.id)) {
    complete_entry(entry);
    entry.trouble = "Switchroom was ended while it was recorded";
    log::line(Level::warning, Subsystem::media, entry.call,
              "{} was being recorded when Switchroom was ended: {} ms of it are there", entry.file,
              entry.length_ms);
    (void)save(entry);
  }
  if (entry.state != "running" && !facts_of(path_of(entry)).is_there) {
    log::line(Level::info, Subsystem::media, entry.call, "the recording {} is gone: somebody deleted it",
              path_of(entry).string());
    (void)with_index([&](Index& index) { return index.remove(entry.id); });
  }
}

void Library::settle_conversion(Entry& entry) {
  if (!entry.leftover.empty()) {
    (void)drop_leftover(entry);
    return;
  }
  // The MP3 gets its name after it was found to be whole; whether that happened the disk tells.
  const fs::path made = root(true) / entry.target;
  const auto mp3 =
      facts_of(made).is_there ? measure(made, Format::mp3) : base::result<Measured>(base::Error{""});
  const auto wav = measure(folder_ / entry.file, Format::wav);
  if (mp3 && (!wav || wav->frames == mp3->frames)) {
    entry.leftover = wav ? entry.file : "";
    entry.file = entry.target;
    entry.in_mp3_folder = has_own_mp3_folder();
    entry.bytes = facts_of(made).bytes;
  }
  entry.target.clear();
  if (save(entry) && !entry.leftover.empty()) {
    (void)drop_leftover(entry);
  }
}

/// A recording that nobody writes any more: what is in it?
void Library::complete_entry(Entry& entry) {
  const fs::path path = path_of(entry);
  const auto format = format_of(path).value_or(Format::wav);
  if (format == Format::wav) {
    (void)mend_wav(path);
  }
  const auto measured = measure(path, format);
  const Facts facts = facts_of(path);
  entry.state = measured ? "complete" : "failed";
  if (!measured) {
    entry.trouble = measured.error().what;
  }
  entry.length_ms = measured ? measured->length_ms() : 0;
  entry.bytes = facts.bytes;
  entry.ended = facts.changed;
  if (entry.began == 0) {
    entry.began = entry.ended - entry.length_ms * 1000;
  }
}

void Library::adopt_folder(bool mp3, const std::atomic<bool>& stop) {
  std::error_code ec;
  std::vector<fs::path> parts;
  for (auto at =
           fs::recursive_directory_iterator(root(mp3), fs::directory_options::skip_permission_denied, ec);
       !ec && at != fs::recursive_directory_iterator() && !stop; at.increment(ec)) {
    if (is_part(at->path())) {
      parts.push_back(at->path());
    } else if (format_of(at->path())) {
      adopt_file(at->path(), mp3);
    }
  }
  for (const fs::path& part : parts) {
    ::unlink(part.c_str());  // of a conversion that was broken off; it begins anew
  }
}

void Library::adopt_file(const fs::path& file, bool mp3) {
  const std::string relative = file.lexically_relative(root(mp3)).string();
  const auto known = with_index([&](Index& index) { return index.find_file(relative, mp3); });
  const Facts facts = facts_of(file);
  // What changed since the start is being recorded now, and is entered by who records it.
  if (!known || known->has_value() || !facts.is_there || facts.changed >= opened_) {
    return;
  }
  Entry entry;
  entry.file = relative;
  entry.in_mp3_folder = mp3;
  complete_entry(entry);
  log::line(Level::info, Subsystem::media, {}, "adopted the recording {}: {} ms", file.string(),
            entry.length_ms);
  (void)with_index([&](Index& index) { return index.adopt(entry); });
}

}  // namespace switchroom::recording
