#include "cdr/csv.hpp"

#include "base/log.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <system_error>
#include <unistd.h>

namespace switchroom::cdr {
namespace {

bool same_file(const struct stat& info, const CsvMark::State& state) {
  return info.st_dev == state.device && info.st_ino == state.inode;
}

}  // namespace

base::result<std::unique_ptr<Csv>> Csv::open(std::filesystem::path path, const std::filesystem::path& mark) {
  auto opened = CsvMark::open(mark);
  if (!opened) return opened.error();
  auto csv = std::make_unique<Csv>(std::move(path), std::move(*opened));
  if (csv->mark_.state().writing) csv->cut_unfinished();
  // A place that cannot be written is said at start, not at the first call's end.
  if (auto usable = csv->ensure_open(); !usable) return usable.error();
  return csv;
}

// The batch was begun and not finished: it is written again, so what stands of it goes. The file may
// have been renamed meanwhile (log rotation): it is looked for by its inode in the same directory.
void Csv::cut_unfinished() {
  CsvMark::State state = mark_.state();
  std::vector<std::filesystem::path> candidates{state.path};
  std::error_code absent;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(state.path).parent_path(), absent)) {
    candidates.push_back(entry.path());
  }
  bool found = false;
  for (const auto& candidate : candidates) {
    struct stat info{};
    if (::stat(candidate.c_str(), &info) != 0 || !same_file(info, state)) continue;
    found = true;
    if (static_cast<std::uint64_t>(info.st_size) > state.offset &&
        ::truncate(candidate.c_str(), static_cast<off_t>(state.offset)) != 0) {
      log::line(log::Level::warning, log::Subsystem::cdr, "",
                "{}: an unfinished batch could not be cut off: {}", candidate.string(), std::strerror(errno));
    }
    break;
  }
  if (!found) {
    log::line(log::Level::warning, log::Subsystem::cdr, "",
              "{} was moved away while it was written: its last lines may stand in the new file again",
              state.path);
  }
  state.writing = false;
  (void)mark_.save(std::move(state));
}

void Csv::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

base::Error Csv::error(const char* doing) const {
  return base::Error{path_.string() + ": " + doing + ": " + std::strerror(errno)};
}

base::result<void> Csv::ensure_open() {
  struct stat ours{};
  struct stat there{};
  if (fd_ >= 0 && (::fstat(fd_, &ours) != 0 || ::stat(path_.c_str(), &there) != 0 ||
                   ours.st_ino != there.st_ino || ours.st_dev != there.st_dev)) {
    close();
  }
  if (fd_ >= 0) return {};
  if (auto opened = open_file(); !opened || !has_other_columns()) return opened;
  set_aside();
  return open_file();
}

base::result<void> Csv::open_file() {
  close();
  std::error_code ignored;  // the open below says what is wrong
  if (path_.has_parent_path()) std::filesystem::create_directories(path_.parent_path(), ignored);
  fd_ = ::open(path_.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0640);
  if (fd_ < 0) return error("open");
  return {};
}

bool Csv::has_other_columns() const {
  const std::string ours = csv_header();
  std::string there(ours.size(), '\0');
  const ssize_t got = ::pread(fd_, there.data(), there.size(), 0);
  return got > 0 && there != ours;
}

void Csv::set_aside() {
  std::string stamp = base::utc_stamp(base::wall_now());
  std::erase_if(stamp, [](char c) { return c == '-' || c == ':'; });
  std::replace(stamp.begin(), stamp.end(), ' ', 'T');
  std::filesystem::path aside = path_.string() + ".until-" + stamp + "Z";
  std::error_code failed;
  for (int n = 2; std::filesystem::exists(aside, failed); ++n) {
    aside = path_.string() + ".until-" + stamp + "Z-" + std::to_string(n);
  }
  std::filesystem::rename(path_, aside, failed);
  if (failed) {
    log::line(log::Level::warning, log::Subsystem::cdr, "",
              "{} has other columns than records have now, and could not be moved aside: {}", path_.string(),
              failed.message());
    return;
  }
  log::line(log::Level::info, log::Subsystem::cdr, "",
            "{} has other columns than records have now: it was moved to {} and a new one begun",
            path_.string(), aside.string());
}

bool Csv::write_all(std::string_view text) const {
  while (!text.empty()) {
    const ssize_t written = ::write(fd_, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

base::result<void> Csv::write(std::span<const Numbered> records) {
  if (mark_.state().writing) cut_unfinished();  // an earlier attempt failed in the middle
  if (auto usable = ensure_open(); !usable) return usable;
  struct stat info{};
  if (::fstat(fd_, &info) != 0) return error("look at");

  std::string text = info.st_size == 0 ? csv_header() : std::string();
  char last = '\n';
  if (info.st_size > 0 && ::pread(fd_, &last, 1, info.st_size - 1) == 1 && last != '\n') text += '\n';
  CsvMark::State state = mark_.state();
  std::uint64_t reached = state.number;
  for (const Numbered& item : records) {
    if (item.number != 0 && item.number <= state.number) continue;
    append_csv(text, *item.record);
    reached = std::max(reached, item.number);
  }
  state.writing = true;
  state.device = info.st_dev;
  state.inode = info.st_ino;
  state.offset = static_cast<std::uint64_t>(info.st_size);
  state.path = path_.string();
  if (auto saved = mark_.save(state); !saved) return saved;
  if (!write_all(text)) {
    base::Error why = error("write");
    cut_unfinished();
    return why;
  }
  state.writing = false;
  state.number = reached;
  auto saved = mark_.save(state);
  if (!saved) cut_unfinished();
  return saved;
}

}  // namespace switchroom::cdr
