#include "cdr/journal.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace switchroom::cdr {
namespace {

// More sealed segments than this, and the calls that hold the oldest are carried forward.
constexpr std::size_t most_sealed = 4;
constexpr std::size_t most_owed = 100'000;

}  // namespace

base::result<Journal> Journal::open(std::filesystem::path directory, std::uint64_t segment_bytes,
                                    Recovered& found) {
  Journal journal;
  journal.directory_ = std::move(directory);
  journal.segment_bytes_ = segment_bytes;
  if (auto recovered = journal.recover(found); !recovered) return recovered.error();
  return journal;
}

Journal::Journal(Journal&& other) noexcept { *this = std::move(other); }

Journal& Journal::operator=(Journal&& other) noexcept {
  if (this != &other) {
    close();
    directory_ = std::move(other.directory_);
    segment_bytes_ = other.segment_bytes_;
    fd_ = std::exchange(other.fd_, -1);
    bytes_ = other.bytes_;
    torn_ = other.torn_;
    segments_ = std::move(other.segments_);
    open_ = std::move(other.open_);
    owed_ = std::move(other.owed_);
    last_number_ = other.last_number_;
    failures_ = other.failures_;
    last_error_ = std::move(other.last_error_);
  }
  return *this;
}

Journal::~Journal() { close(); }

void Journal::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

std::filesystem::path Journal::path_of(std::uint64_t number) const {
  return segment_path(directory_, number);
}

base::result<void> Journal::recover(Recovered& found) {
  std::error_code failed;
  std::filesystem::create_directories(directory_, failed);
  OpenRecords open;
  for (const std::uint64_t number : list_segments(directory_)) {
    segments_.push_back({.number = number});
    scan(path_of(number), segments_.back(), open, found);
    last_number_ = std::max(last_number_, segments_.back().last_closed);
  }
  for (auto& [uuid, record] : open) found.cut_short.push_back(std::move(record));
  std::sort(found.cut_short.begin(), found.cut_short.end(),
            [](const Record& a, const Record& b) { return a.start < b.start; });
  // Never onto the old one's end: it may be torn.
  if (!start_segment()) return base::Error{"call records: " + last_error_ + "; data_dir must be writable"};
  return {};
}

// Lines of one call may stand in any order of segments only where they were carried forward, and then
// they are the same lines: the last one counts, an end counts for good.
void Journal::scan(const std::filesystem::path& path, Segment& segment, OpenRecords& open, Recovered& found) {
  read_segment(path, [&](Line line) {
    found.last_written = std::max(found.last_written, line.written);
    const std::string uuid = line.record.uuid;
    switch (line.kind) {
      case LineKind::opened: open.insert_or_assign(uuid, std::move(line.record)); break;
      case LineKind::answered:
        if (const auto call = open.find(uuid); call != open.end()) call->second.answer = line.record.answer;
        break;
      case LineKind::ended: open.erase(uuid); break;
      case LineKind::closed:
        open.erase(uuid);
        segment.last_closed = std::max(segment.last_closed, line.number);
        break;
    }
  });
}

bool Journal::start_segment() {
  const std::uint64_t number = segments_.empty() ? 1 : segments_.back().number + 1;
  const int fd = ::open(path_of(number).c_str(), O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) {
    failed("begin");
    return false;
  }
  close();
  fd_ = fd;
  bytes_ = 0;
  torn_ = false;
  segments_.push_back({.number = number});
  return true;
}

void Journal::failed(const char* doing) {
  last_error_ =
      std::string("cannot ") + doing + " the journal in " + directory_.string() + ": " + std::strerror(errno);
  ++failures_;
}

bool Journal::append(std::string_view line) {
  // A line that was written in part is closed off first; its checksum makes it nobody's.
  if (torn_ && ::write(fd_, "\n", 1) != 1) {
    failed("write");
    return false;
  }
  torn_ = false;
  ssize_t written = 0;
  do {
    written = ::write(fd_, line.data(), line.size());
  } while (written < 0 && errno == EINTR);
  if (written > 0) bytes_ += static_cast<std::uint64_t>(written);
  if (written == static_cast<ssize_t>(line.size())) return true;
  if (written >= 0) errno = ENOSPC;
  torn_ = written > 0;
  failed("write");
  return false;
}

void Journal::opened(const Record& record) {
  OpenCall call;
  call.line = print_line({LineKind::opened, base::wall_now(), 0, record});
  (void)append(call.line);
  forget(record.uuid);
  call.segment = segments_.back().number;
  ++segments_.back().open_calls;
  open_.insert_or_assign(record.uuid, std::move(call));
}

void Journal::answered(const std::string& uuid, base::WallMicros when) {
  Line line{LineKind::answered, base::wall_now(), 0, {}};
  line.record.uuid = uuid;
  line.record.answer = when;
  std::string text = print_line(line);
  (void)append(text);
  if (const auto call = open_.find(uuid); call != open_.end()) call->second.answer_line = std::move(text);
}

std::uint64_t Journal::closed(const Record& record) {
  forget(record.uuid);
  const std::uint64_t number = last_number_ + 1;
  if (!append(print_line({LineKind::closed, base::wall_now(), number, record}))) {
    if (owed_.size() < most_owed) owed_.push_back(record.uuid);
    return 0;
  }
  if (!owed_.empty()) settle();
  last_number_ = number;
  segments_.back().last_closed = number;
  if (bytes_ >= segment_bytes_ && start_segment()) carry_forward();
  return number;
}

void Journal::forget(const std::string& uuid) {
  const auto call = open_.find(uuid);
  if (call == open_.end()) return;
  if (Segment* segment = find_segment(call->second.segment)) --segment->open_calls;
  open_.erase(call);
}

void Journal::settle() {
  while (!owed_.empty()) {
    Line line{LineKind::ended, base::wall_now(), 0, {}};
    line.record.uuid = owed_.back();
    if (!append(print_line(line))) return;
    owed_.pop_back();
  }
}

Journal::Segment* Journal::find_segment(std::uint64_t number) {
  const auto found =
      std::lower_bound(segments_.begin(), segments_.end(), number,
                       [](const Segment& segment, std::uint64_t n) { return segment.number < n; });
  return found != segments_.end() && found->number == number ? &*found : nullptr;
}

// Once for each new segment, that is once for ten thousand calls or so.
void Journal::carry_forward() {
  if (segments_.size() <= most_sealed + 1) return;
  const std::uint64_t young = segments_[segments_.size() - 1 - most_sealed].number;
  for (auto& [uuid, call] : open_) {
    if (call.segment >= young) continue;
    if (!append(call.line) || (!call.answer_line.empty() && !append(call.answer_line))) return;
    if (Segment* old = find_segment(call.segment)) --old->open_calls;
    call.segment = segments_.back().number;
    ++segments_.back().open_calls;
  }
}

std::vector<std::filesystem::path> Journal::take_expendable(std::uint64_t done) {
  std::vector<std::filesystem::path> expendable;
  // From the oldest on and no further than the first that is needed: an end must never go before the
  // beginning that it ends.
  while (segments_.size() > 1 && segments_.front().open_calls == 0 && segments_.front().last_closed <= done) {
    expendable.push_back(path_of(segments_.front().number));
    segments_.pop_front();
  }
  return expendable;
}

void Journal::start_above(std::uint64_t number) { last_number_ = std::max(last_number_, number); }

}  // namespace switchroom::cdr
