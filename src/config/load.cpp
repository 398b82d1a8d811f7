#include "config/load.hpp"

#include "config/checks.hpp"
#include "config/checks_destinations.hpp"
#include "config/encryption_checks.hpp"
#include "config/files.hpp"
#include "config/next_start.hpp"
#include "config/recording_checks.hpp"
#include "config/routes.hpp"
#include "config/sections.hpp"
#include "config/tolls_checks.hpp"
#include "config/voicemail_checks.hpp"
#include "config/warnings.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <tuple>

namespace switchroom::config {
namespace {

/// In the order of the files, then of their lines; nothing twice.
void sort(std::vector<Problem>& problems, const std::vector<std::string>& files) {
  const auto rank = [&](const Problem& problem) {
    return std::find(files.begin(), files.end(), problem.place.file) - files.begin();
  };
  std::sort(problems.begin(), problems.end(), [&](const Problem& a, const Problem& b) {
    return std::tuple(rank(a), a.place.line, a.place.column, a.key, a.what) <
           std::tuple(rank(b), b.place.line, b.place.column, b.key, b.what);
  });
  const auto same = [](const Problem& a, const Problem& b) { return a.text() == b.text(); };
  problems.erase(std::unique(problems.begin(), problems.end(), same), problems.end());
}

/// A data_dir that only the next start takes stays out of all paths that are seen from it.
std::vector<std::string> keep_data_dir(const Snapshot* running, Snapshot& snapshot) {
  if (running == nullptr || running->pbx.data_dir == snapshot.pbx.data_dir) {
    return {};
  }
  snapshot.pbx.data_dir = running->pbx.data_dir;
  return {"pbx.data_dir"};
}

Loaded read(Sources sources, std::vector<Problem> problems, const Checks& checks, const Snapshot* running) {
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->file = sources.files.front();
  std::vector<Problem> warnings;
  std::vector<std::string> next_start;
  TreeReader reader(*snapshot, problems);
  // With a file missing from the tree, whatever it would have defined would be reported as undefined.
  if (sources.whole) {
    reader.read(sources.root);
    add_sections(*snapshot, problems);
    complete_trunks(*snapshot, reader.places(), problems);
    add_routes(*snapshot, checks, problems);
    complete_tolls(*snapshot, reader.places(), checks, problems);
    complete_data_dir(*snapshot, reader.places(), problems);
    next_start = keep_data_dir(running, *snapshot);
    complete(*snapshot, reader.places(), problems);
    complete_recording(*snapshot, reader.places(), checks, problems);
    check_encryption(*snapshot, reader.places(), problems);
    give_trunks_profiles(*snapshot);
    check_routes(*snapshot, checks, problems);
    check_voicemail(*snapshot, reader.places(), problems);
    check_hold_music(*snapshot, reader.places(), checks, problems);
    check_speech_and_music(*snapshot, reader.places(), checks, problems);
    check_dialplan(*snapshot, checks, problems);
    check_destinations(*snapshot, checks, problems);
    check_variables(*snapshot, reader.places(), checks, problems);
    warn(*snapshot, reader.places(), warnings);
  } else if (!sources.root.entries.empty()) {
    reader.read(sources.root);
  }
  sort(problems, sources.files);
  if (!problems.empty()) {
    return {.problems = std::move(problems)};
  }
  sort(warnings, sources.files);
  if (running != nullptr) {
    const auto more = differing_until_next_start(*running, *snapshot);
    next_start.insert(next_start.end(), more.begin(), more.end());
    keep_until_next_start(*running, *snapshot);
  }
  return {
      .snapshot = std::move(snapshot), .warnings = std::move(warnings), .next_start = std::move(next_start)};
}

}  // namespace

std::string Problem::text() const {
  std::string where = place.file;
  if (place.line != 0) {
    where += fmt::format(":{}:{}", place.line, place.column);
  }
  return key.empty() ? where + ": " + what : where + ": " + key + ": " + what;
}

std::string Problem::warning() const { return Problem{place, key, "warning: " + what}.text(); }

Loaded load(const std::filesystem::path& file, const Checks& checks, const Snapshot* running) {
  std::vector<Problem> problems;
  Sources sources = read_sources(file, problems);
  return read(std::move(sources), std::move(problems), checks, running);
}

Loaded load_text(std::string_view text, const std::string& name, const Checks& checks,
                 const Snapshot* running) {
  std::vector<Problem> problems;
  Sources sources = read_sources(text, name, problems);
  return read(std::move(sources), std::move(problems), checks, running);
}

}  // namespace switchroom::config
