// What a running process cannot follow, what is worth a warning, and what variables may hold.
#include "config/next_start.hpp"

#include "config/keys.hpp"
#include "loading.hpp"

#include <set>

using namespace switchroom;
using namespace switchroom::config;

namespace {

Loaded following(const SnapshotPtr& running, std::string_view more) {
  return load_text(std::string(more) + std::string(sound), "t.toml", {}, running.get());
}

}  // namespace

TEST_CASE("the keys that say so in the reference are those that wait for the next start") {
  std::set<std::string_view> said;
  for (const Key& key : keys()) {
    const std::string about(key.about);
    if (about.find("rom the next start on") != std::string::npos) {
      said.insert(key.path);
    }
  }
  std::set<std::string_view> rows;
  for (const NextStartKey& key : next_start_keys()) {
    rows.insert(key.path);
  }
  CHECK(said == rows);
  CHECK(rows.size() == next_start_keys().size());
}

TEST_CASE("what takes effect at a start is named, and keeps its value") {
  const SnapshotPtr running = right(load_with("[pbx]\ndata_dir = '/srv/pbx'\n"));
  const Loaded loaded = following(running, R"(
[pbx]
data_dir = '/srv/other'
user = 'nobody'
timezone = 'Europe/Berlin'
max_calls = 7
[recording]
keep = '1d'
[cdr]
csv = '/srv/other/records.csv'
[control]
socket = '/srv/other.sock'
[limits]
connections = 17
[log]
file = 'switchroom.log'
)");
  const SnapshotPtr snapshot = right(loaded);
  CHECK(loaded.next_start == std::vector<std::string>{"pbx.data_dir", "pbx.user", "pbx.timezone", "cdr.csv",
                                                      "control.socket", "limits.connections"});
  CHECK(snapshot->pbx.data_dir == "/srv/pbx");
  CHECK(snapshot->pbx.user.empty());
  CHECK(snapshot->pbx.timezone == running->pbx.timezone);
  CHECK(snapshot->cdr.csv == "cdr/Master.csv");
  CHECK(snapshot->control.socket == running->control.socket);
  CHECK(snapshot->limits.connections == 10'000);
  // The rest is in force, and seen from the folder that is.
  CHECK(snapshot->pbx.max_calls == 7);
  CHECK(snapshot->recording.keep == std::chrono::hours(24));
  CHECK(snapshot->log.file == "/srv/pbx/switchroom.log");
  CHECK(snapshot->media.sounds == "/srv/pbx/sounds");
  CHECK(snapshot->recording.folder == "/srv/pbx/recordings");
  // Again: it still differs from what runs.
  CHECK(following(snapshot, "[pbx]\ndata_dir = '/srv/other'\n").next_start ==
        std::vector<std::string>{"pbx.data_dir"});
  CHECK(following(snapshot, "[pbx]\ndata_dir = '/srv/pbx'\n").next_start.empty());
}

TEST_CASE("a start has nothing to wait for") {
  const Loaded loaded = load_with("[pbx]\ndata_dir = '/srv/other'\n");
  CHECK(loaded.next_start.empty());
  CHECK(right(loaded)->pbx.data_dir == "/srv/other");
}

TEST_CASE("a profile that lets everybody call is a warning at its key") {
  const auto said = [](std::string_view profile) {
    std::string text = "[profiles.p]\nlisten = ['udp:127.0.0.1:5060']\n" + std::string(profile) +
                       "\n[[contexts.default]]\nwhen = { destination_number = '^1$' }\ndo = ['answer']\n"
                       "[acl]\noffice = ['10.0.0.0/8']\n";
    const Loaded loaded = load_text(text, "t.toml", {});
    CHECK(loaded.problems.empty());
    std::string all;
    for (const Problem& warning : loaded.warnings) {
      all += warning.warning() + "\n";
    }
    return all;
  };
  CHECK(said("auth = false") ==
        "t.toml:3:8: profiles.p.auth: warning: auth = false and no allow: whoever reaches it may call "
        "without a "
        "password\n");
  CHECK(said("auth = false\nallow = 'office'").empty());
  CHECK(said("auth = false\nallow_call = 'office'").empty());
  CHECK(said("auth = true").empty());
}

TEST_CASE("variables of extensions are asked about at their place") {
  Checks checks;
  checks.variable = [](const std::string& name, const std::string& value) {
    return name == "call_timeout" && value != "30" ? "cannot be " + value : std::string();
  };
  const Loaded loaded =
      load_text(std::string(sound) + "[extensions.1001.variables]\ncall_timeout = 'abc'\n", "t.toml", checks);
  const std::string text = only(loaded);
  CHECK_THAT(text, Catch::Contains("extensions.1001.variables.call_timeout: cannot be abc"));
  CHECK_THAT(text, Catch::StartsWith("t.toml:13:"));
  CHECK(load_text(std::string(sound) + "[extensions.1001.variables]\ncall_timeout = '30'\n", "t.toml", checks)
            .problems.empty());
}
