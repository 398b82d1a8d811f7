// How far the CSV file is, in a small file of its own that survives kill -9 at any instant.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <filesystem>
#include <string>

namespace switchroom::cdr {

/// Two slots, written in turn, each with a checksum: one of them is always whole.
class CsvMark {
 public:
  struct State {
    std::uint64_t number = 0;  // every record up to this one is in the file
    bool writing = false;      // a batch is being written: what stands behind `offset` is unfinished
    std::uint64_t device = 0;  // of the file
    std::uint64_t inode = 0;
    std::uint64_t offset = 0;  // bytes
    std::string path;
  };
  static base::result<CsvMark> open(const std::filesystem::path& path);
  CsvMark(CsvMark&& other) noexcept;
  CsvMark& operator=(CsvMark&&) = delete;
  ~CsvMark();

  [[nodiscard]] const State& state() const { return state_; }
  base::result<void> save(State state);

 private:
  CsvMark() = default;
  std::filesystem::path path_;
  int fd_ = -1;
  std::uint64_t generation_ = 0;
  State state_;
};

}  // namespace switchroom::cdr
