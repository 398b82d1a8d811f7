#include "config/next_start.hpp"

#include <array>

namespace switchroom::config {
namespace {

/// A row for one member: SECTION.KEY of the file, and where its value stands.
template <auto Section, auto Member>
constexpr NextStartKey row(std::string_view path) {
  return {
      path,
      [](const Snapshot& running, const Snapshot& wanted) {
        return running.*Section.*Member != wanted.*Section.*Member;
      },
      [](const Snapshot& running, Snapshot& wanted) { wanted.*Section.*Member = running.*Section.*Member; }};
}

constexpr std::array rows{
    row<&Snapshot::pbx, &Pbx::data_dir>("pbx.data_dir"),
    row<&Snapshot::pbx, &Pbx::user>("pbx.user"),
    row<&Snapshot::pbx, &Pbx::group>("pbx.group"),
    row<&Snapshot::pbx, &Pbx::timezone>("pbx.timezone"),
    row<&Snapshot::recording, &Recording::folder>("recording.folder"),
    row<&Snapshot::recording, &Recording::mp3_folder>("recording.mp3_folder"),
    row<&Snapshot::cdr, &Cdr::csv>("cdr.csv"),
    row<&Snapshot::cdr, &Cdr::sqlite>("cdr.sqlite"),
    row<&Snapshot::control, &Control::socket>("control.socket"),
    row<&Snapshot::limits, &Limits::connections>("limits.connections"),
    row<&Snapshot::limits, &Limits::connections_per_address>("limits.connections_per_address"),
    row<&Snapshot::limits, &Limits::handshakes_per_address>("limits.handshakes_per_address"),
    row<&Snapshot::limits, &Limits::messages_per_connection>("limits.messages_per_connection"),
};

}  // namespace

std::span<const NextStartKey> next_start_keys() { return rows; }

std::vector<std::string> differing_until_next_start(const Snapshot& running, const Snapshot& wanted) {
  std::vector<std::string> keys;
  for (const NextStartKey& key : rows) {
    if (key.differs(running, wanted)) {
      keys.emplace_back(key.path);
    }
  }
  return keys;
}

void keep_until_next_start(const Snapshot& running, Snapshot& wanted) {
  for (const NextStartKey& key : rows) {
    key.keep(running, wanted);
  }
}

}  // namespace switchroom::config
