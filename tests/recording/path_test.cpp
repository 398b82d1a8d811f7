#include "recording/path.hpp"

#include "recording/reading.hpp"

namespace switchroom::recording {

TEST_CASE("a value is one piece of a name", "[path]") {
  CHECK(as_name("+4930123") == "+4930123");
  CHECK(as_name("../../etc/passwd") == "_._.._etc_passwd");
  CHECK(as_name("a/b\nc") == "a_b_c");
  CHECK(as_name(".hidden") == "_hidden");
  CHECK(as_name(std::string(500, 'x')).size() <= 180);
}

TEST_CASE("whatever a path says, the file is below the folder", "[path]") {
  config::Recording recording;
  recording.folder = "/data/recordings";
  const auto file = [&](const std::string& path) { return below_folder(path, recording).value(); };
  CHECK(file("a/b.wav") == "a/b.wav");
  CHECK(file("/data/recordings/a/b.wav") == "a/b.wav");
  CHECK(file("/var/lib/freeswitch/recordings/a/b.wav") == "a/b.wav");
  CHECK(file("a/../../../b.wav") == "a/__/__/__/b.wav");
  CHECK(file("a//./b.wav") == "a/_/b.wav");
  CHECK(file("no ending") == "no ending.wav");
  CHECK(file(std::string(400, 'x') + ".flac").ends_with("x.flac"));
  CHECK_FALSE(below_folder("/etc/passwd", recording).has_value());
  CHECK_FALSE(below_folder("", recording).has_value());
  CHECK_FALSE(below_folder("///", recording).has_value());
}

}  // namespace switchroom::recording
