// A folder for a test's records, and how to read what came into it.
#pragma once

#include "base/sqlite.hpp"
#include "cdr/recorder.hpp"
#include "support/print_result.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <string>
#include <unistd.h>
#include <vector>

namespace switchroom::test {

namespace fs = std::filesystem;

struct Places {
  fs::path root = fs::temp_directory_path() / ("switchroom-cdr-" + std::to_string(::getpid()));
  fs::path csv = root / "cdr.csv";
  fs::path db = root / "cdr.db";
  std::uint64_t segment_bytes = 8U << 20U;
  Places() {
    fs::remove_all(root);
    fs::create_directories(root);
  }
  ~Places() { fs::remove_all(root); }

  [[nodiscard]] cdr::Recorder::Settings settings() const {
    return {root / "journal", csv, db, segment_bytes};
  }
  [[nodiscard]] std::unique_ptr<cdr::Recorder> open() const {
    auto opened = cdr::Recorder::open(settings());
    REQUIRE(opened);
    return std::move(*opened);
  }
};

inline cdr::Record call(const std::string& uuid, base::WallMicros start = 1'700'000'000'000'000) {
  cdr::Record record;
  record.uuid = uuid;
  record.caller_id_name = "Anna";
  record.caller_id_number = "1001";
  record.destination_number = "1002";
  record.context = "default";
  record.start = start;
  return record;
}

inline cdr::Record ended(cdr::Record record) {
  record.answer = record.start + 2'000'000;
  record.end = record.start + 12'500'000;
  record.duration_ms = 12'500;
  record.billed_ms = 10'499;
  record.hangup_cause = "NORMAL_CLEARING";
  record.hangup_cause_q850 = 16;
  record.hung_up_by = "caller";
  return record;
}

/// The fields of a CSV text, quotes undone (RFC 4180).
inline std::vector<std::vector<std::string>> parse_csv(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  std::vector<std::vector<std::string>> rows(1, std::vector<std::string>(1));
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"' && quoted && i + 1 < text.size() && text[i + 1] == '"') {
      rows.back().back() += text[++i];
    } else if (text[i] == '"') {
      quoted = !quoted;
    } else if (text[i] == ',' && !quoted) {
      rows.back().emplace_back();
    } else if (text[i] == '\n' && !quoted) {
      rows.emplace_back(1);
    } else {
      rows.back().back() += text[i];
    }
  }
  rows.pop_back();  // behind the last line feed
  return rows;
}

/// The one value that a query gives, as text.
inline std::string query(const fs::path& path, const std::string& sql) {
  auto database = base::sqlite::Database::open(path);
  REQUIRE(database);
  auto statement = database->prepare(sql);
  REQUIRE(statement);
  const auto row = statement->step();
  REQUIRE(row);
  return *row ? std::string(statement->text(0)) : "no row";
}

}  // namespace switchroom::test
