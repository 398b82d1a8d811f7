// [recording]: where it keeps files, and what it refuses.
#include "config/loading.hpp"
#include "config/recording_checks.hpp"

namespace switchroom::config {

TEST_CASE("the folders of recordings become absolute") {
  const auto loaded =
      load_with("[recording]\nfolder = \"calls/\"\nmp3_folder = \"/archive\"\n[pbx]\ndata_dir = \"/data\"\n");
  INFO(all(loaded));
  REQUIRE(loaded.snapshot != nullptr);
  CHECK(loaded.snapshot->recording.folder == "/data/calls");
  CHECK(loaded.snapshot->recording.mp3_folder == "/archive");
}

TEST_CASE("what could never be recorded is said") {
  const auto said = [](const std::string& more, const std::string& what) {
    const auto loaded = load_with(more);
    INFO(more << "\n" << all(loaded));
    CHECK(loaded.snapshot == nullptr);
    CHECK(all(loaded).find(what) != std::string::npos);
  };
  said("[recording]\npath = \"/tmp/a.wav\"\n", "outside of the recordings folder");
  said("[recording]\npath = \"../a.wav\"\n", "leads out");
  said("[recording]\npath = \"a.txt\"\n", "ends with none of");
  said("[recording]\nmp3_quality = \"V10\"\n", "neither");
  said("[recording]\nmp3_quality = \"65k\"\n", "neither");
  said("[recording]\nmp3_folder = \"recordings/mp3\"\n", "within each other");
  said("[recording.rules.a]\nkeep = \"1d\"\n", "has no match");
  said("[recording]\nkeep = \"4000d\"\n", "keep");
}

TEST_CASE("paths of recordings: inside, as FreeSWITCH has them, and elsewhere") {
  Recording recording;
  recording.folder = "/data/recordings";
  CHECK(below_recordings("/data/recordings/a/b.wav", recording) == "a/b.wav");
  CHECK(below_recordings("/var/lib/freeswitch/recordings/a.wav", recording) == "a.wav");
  CHECK(below_recordings("a.wav", recording) == "a.wav");
  CHECK_FALSE(below_recordings("/data/recordings-of-others/a.wav", recording).has_value());
  CHECK_FALSE(below_recordings("/etc/passwd", recording).has_value());
  CHECK(wrong_recording_path("${uuid}", recording).empty());
  CHECK(wrong_recording_path("a/${uuid}.mp3", recording).empty());
  CHECK(wrong_recording_path("${recordings_dir}/a.opus", recording).empty());
  CHECK_FALSE(wrong_recording_path("a/../../b.wav", recording).empty());
}

TEST_CASE("qualities of MP3") {
  CHECK(mp3_quality("V2") == -2);
  CHECK(mp3_quality("V0") == -100);
  CHECK(mp3_quality("64k") == 64);
  for (const char* wrong : {"", "V", "V-1", "k", "64", "1000k", "V2k"}) {
    CHECK_FALSE(mp3_quality(wrong).has_value());
  }
}

}  // namespace switchroom::config
