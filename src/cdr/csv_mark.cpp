#include "cdr/csv_mark.hpp"

#include <boost/crc.hpp>
#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <string_view>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace switchroom::cdr {
namespace {

// A slot stays inside one page: the kernel copies it there as a whole.
constexpr std::size_t slot_bytes = 2048;
constexpr std::size_t longest_path = 1800;

struct Slot {
  std::uint64_t generation = 0;
  CsvMark::State state;
};

std::uint32_t checksum(std::string_view text) {
  boost::crc_32_type crc;
  crc.process_bytes(text.data(), text.size());
  return crc.checksum();
}

std::string print_slot(const Slot& slot) {
  const CsvMark::State& s = slot.state;
  std::string text = fmt::format("{} {} {} {} {} {} {} {}", slot.generation, s.number, s.writing ? 1 : 0,
                                 s.device, s.inode, s.offset, s.path.size(), s.path);
  text = fmt::format("{:08x} {}", checksum(text), text);
  text.resize(slot_bytes, '\n');
  return text;
}

std::optional<Slot> parse_slot(std::string_view text) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  if (text.size() < 10) return std::nullopt;
  const std::string_view body = text.substr(9);
  if (fmt::format("{:08x} ", checksum(body)) != text.substr(0, 9)) return std::nullopt;
  std::array<std::uint64_t, 7> numbers{};
  const char* at = body.data();
  const char* const end = body.data() + body.size();
  for (auto& number : numbers) {
    const auto read = std::from_chars(at, end, number);
    if (read.ec != std::errc() || read.ptr == end) return std::nullopt;
    at = read.ptr + 1;
  }
  Slot slot{numbers[0],
            {numbers[1], numbers[2] != 0, numbers[3], numbers[4], numbers[5], std::string(at, end)}};
  if (slot.state.path.size() != numbers[6]) return std::nullopt;
  return slot;
}

}  // namespace

base::result<CsvMark> CsvMark::open(const std::filesystem::path& path) {
  CsvMark mark;
  mark.path_ = path;
  mark.fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (mark.fd_ < 0) return base::Error{path.string() + ": " + std::strerror(errno)};
  for (const int which : {0, 1}) {
    std::string text(slot_bytes, '\0');
    if (::pread(mark.fd_, text.data(), text.size(), static_cast<off_t>(slot_bytes) * which) !=
        static_cast<ssize_t>(slot_bytes)) {
      continue;
    }
    if (auto slot = parse_slot(text); slot && slot->generation > mark.generation_) {
      mark.generation_ = slot->generation;
      mark.state_ = std::move(slot->state);
    }
  }
  return mark;
}

CsvMark::CsvMark(CsvMark&& other) noexcept
    : path_(std::move(other.path_)),
      fd_(std::exchange(other.fd_, -1)),
      generation_(other.generation_),
      state_(std::move(other.state_)) {}

CsvMark::~CsvMark() {
  if (fd_ >= 0) ::close(fd_);
}

base::result<void> CsvMark::save(State state) {
  if (state.path.size() > longest_path) return base::Error{state.path + ": the path is too long"};
  const Slot slot{generation_ + 1, std::move(state)};
  const std::string text = print_slot(slot);
  const auto offset = static_cast<off_t>(slot_bytes * (slot.generation % 2));
  if (::pwrite(fd_, text.data(), text.size(), offset) != static_cast<ssize_t>(text.size())) {
    return base::Error{path_.string() + ": " + std::strerror(errno)};
  }
  generation_ = slot.generation;
  state_ = slot.state;
  return {};
}

}  // namespace switchroom::cdr
