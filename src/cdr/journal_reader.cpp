#include "cdr/journal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <fcntl.h>
#include <system_error>
#include <unistd.h>

namespace switchroom::cdr {
namespace {

constexpr std::size_t piece_bytes = 256U << 10U;

// Up to piece_bytes from `offset`, cut behind the last line feed; empty at the end.
std::string read_lines(const std::filesystem::path& path, std::uint64_t offset) {
  std::string piece(piece_bytes, '\0');
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {};
  const ssize_t got = ::pread(fd, piece.data(), piece.size(), static_cast<off_t>(offset));
  ::close(fd);
  piece.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  const std::size_t end = piece.rfind('\n');
  if (end == std::string::npos && piece.size() == piece_bytes)
    return piece;  // no line of ours is this long: skipped
  piece.resize(end == std::string::npos ? 0 : end + 1);
  return piece;
}

}  // namespace

std::filesystem::path segment_path(const std::filesystem::path& directory, std::uint64_t number) {
  return directory / fmt::format("{:010}.journal", number);
}

std::vector<std::uint64_t> list_segments(const std::filesystem::path& directory) {
  std::vector<std::uint64_t> numbers;
  std::error_code gone;
  for (const auto& entry : std::filesystem::directory_iterator(directory, gone)) {
    const std::string name = entry.path().filename().string();
    std::uint64_t number = 0;
    const auto read = std::from_chars(name.data(), name.data() + name.size(), number);
    if (read.ec == std::errc() && number != 0 && entry.path() == segment_path(directory, number))
      numbers.push_back(number);
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

void read_segment(const std::filesystem::path& path, const std::function<void(Line line)>& on_line) {
  std::uint64_t offset = 0;
  for (;;) {
    const std::string piece = read_lines(path, offset);
    if (piece.empty()) return;
    offset += piece.size();
    std::string_view rest = piece;
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find('\n'), rest.size() - 1);
      if (auto line = parse_line(rest.substr(0, end))) on_line(std::move(*line));
      rest.remove_prefix(end + 1);
    }
  }
}

std::vector<JournalReader::Closed> JournalReader::next(std::size_t most) {
  std::vector<Closed> records;
  while (records.size() < most && read_piece(records)) {
  }
  return records;
}

// False at the end of the last segment.
bool JournalReader::read_piece(std::vector<Closed>& out) {
  const auto segments = list_segments(directory_);
  const auto at = std::lower_bound(segments.begin(), segments.end(), segment_);
  if (at == segments.end()) return false;
  if (*at != segment_) {
    segment_ = *at;
    offset_ = 0;
  }
  const std::string piece = read_lines(segment_path(directory_, segment_), offset_);
  if (piece.empty()) {
    if (at + 1 == segments.end()) return false;
    segment_ = *(at + 1);
    offset_ = 0;
    return true;
  }
  offset_ += piece.size();
  std::string_view rest = piece;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size() - 1);
    auto line = rest.starts_with('C') ? parse_line(rest.substr(0, end)) : std::nullopt;
    rest.remove_prefix(end + 1);
    if (!line || line->number <= after_) continue;
    after_ = line->number;
    out.push_back({line->number, std::move(line->record)});
  }
  return true;
}

}  // namespace switchroom::cdr
