// The files and their index agree, whenever the process was killed.
#include "recording/library.hpp"

#include "recording/convert.hpp"
#include "recording/measure.hpp"
#include "recording/reading.hpp"

#include <fstream>

namespace switchroom::recording {
namespace {

using namespace test;
namespace fs = std::filesystem;

struct Shelf {
  Scratch scratch;
  config::Recording settings;
  std::atomic<bool> stop = false;

  Shelf() {
    settings.folder = scratch.path() / "recordings";
    settings.mp3_after = std::chrono::seconds(1);
    fs::create_directories(settings.folder);
  }

  fs::path folder() const { return settings.folder; }
  fs::path mp3_folder() const { return settings.mp3_folder.empty() ? settings.folder : settings.mp3_folder; }

  /// A complete WAV file of a tone; `unfinished`: as a killed process leaves it, its header behind.
  fs::path wav(const std::string& name, double seconds, bool unfinished = false) const {
    auto file = OutputFile::create(settings.folder, name);
    REQUIRE(file.has_value());
    auto writer = SoundWriter::begin(*file, {Format::wav, 8000, 1, {}});
    REQUIRE(writer.has_value());
    REQUIRE((*writer)->write(tone(440, seconds, 8000)).has_value());
    if (!unfinished) {
      REQUIRE((*writer)->finish().has_value());
    }
    make_old((*file)->path());
    return (*file)->path();
  }
  static void make_old(const fs::path& path) {
    fs::last_write_time(path, fs::last_write_time(path) - std::chrono::hours(1));
  }

  std::unique_ptr<Library> open() const {
    auto library = Library::open(scratch.path() / "recordings.db", settings);
    REQUIRE(library.has_value());
    return std::move(*library);
  }
  std::vector<Entry> entries(Library& library) const {
    auto all = library.with_index([](Index& index) { return index.all(); });
    REQUIRE(all.has_value());
    return std::move(*all);
  }
  /// All sound files below both folders.
  std::vector<std::string> files() const {
    std::vector<std::string> found;
    for (const fs::path& root : {folder(), mp3_folder()}) {
      for (const auto& one : fs::recursive_directory_iterator(root)) {
        if (one.is_regular_file()) {
          found.push_back(one.path().filename().string());
        }
      }
      if (mp3_folder() == folder()) {
        break;
      }
    }
    std::ranges::sort(found);
    return found;
  }
};

Entry complete_entry(const std::string& file, double seconds) {
  Entry entry;
  entry.file = file;
  entry.state = "complete";
  entry.call = "call-of-" + file;
  entry.caller = "1001";
  entry.destination = "1002";
  entry.began = entry.ended = base::wall_now() - 3'600'000'000;
  entry.length_ms = static_cast<std::int64_t>(seconds * 1000);
  entry.bytes = 80 + static_cast<std::int64_t>(seconds * 16000);
  return entry;
}

void add(Library& library, const Entry& entry) {
  REQUIRE(library.with_index([&](Index& index) { return index.add(entry); }).has_value());
}

}  // namespace

TEST_CASE("a conversion keeps the sound, its length and its place, and takes the WAV away", "[library]") {
  Shelf shelf;
  const bool mirrored = GENERATE(false, true);
  CAPTURE(mirrored);
  if (mirrored) {
    shelf.settings.mp3_folder = shelf.scratch.path() / "mp3";
    fs::create_directories(shelf.settings.mp3_folder);
  }
  const auto library = shelf.open();
  const fs::path wav = shelf.wav("2026/11/25/a.wav", 7.3);
  add(*library, complete_entry("2026/11/25/a.wav", 7.3));
  CHECK(library->convert_one(shelf.stop));
  CHECK_FALSE(library->convert_one(shelf.stop));
  CHECK_FALSE(fs::exists(wav));
  const fs::path mp3 = shelf.mp3_folder() / "2026/11/25/a.mp3";
  REQUIRE(fs::exists(mp3));
  const auto measured = measure(mp3, Format::mp3);
  REQUIRE(measured.has_value());
  CHECK(measured->frames == 58400);
  CHECK(measured->rate == 8000);
  const auto entries = shelf.entries(*library);
  REQUIRE(entries.size() == 1);
  CHECK(entries[0].file == "2026/11/25/a.mp3");
  CHECK(entries[0].call == "call-of-2026/11/25/a.wav");
  CHECK(entries[0].length_ms == 7300);
  CHECK(entries[0].bytes == static_cast<std::int64_t>(fs::file_size(mp3)));
  CHECK(entries[0].target.empty());
  CHECK(entries[0].leftover.empty());
  CHECK(fs::exists(shelf.folder() / "2026") != mirrored);  // an empty folder goes
}

TEST_CASE("an MP3 of every rate decodes to the length of the WAV", "[library]") {
  const Scratch scratch;
  const unsigned rate = GENERATE(8000U, 16000U, 48000U);
  const unsigned channels = GENERATE(1U, 2U);
  const int kbit = GENERATE(0, 64);
  const double seconds = GENERATE(0.02, 0.5, 3.017);
  CAPTURE(rate, channels, kbit, seconds);
  auto wav = OutputFile::create(scratch.path(), "a.wav");
  auto writer = SoundWriter::begin(*wav, {Format::wav, rate, channels, {}});
  REQUIRE(writer.has_value());
  std::vector<std::int16_t> pcm;
  for (const auto sample : tone(440, seconds, rate)) {
    pcm.insert(pcm.end(), channels, sample);
  }
  REQUIRE((*writer)->write(pcm).has_value());
  REQUIRE((*writer)->finish().has_value());
  auto mp3 = OutputFile::create(scratch.path(), "a.mp3");
  Quality quality;
  quality.mp3_kbit = static_cast<unsigned>(kbit);
  const std::atomic<bool> stop = false;
  const auto frames = encode_mp3((*wav)->path(), *mp3, quality, stop);
  REQUIRE(frames.has_value());
  CHECK(*frames == pcm.size() / channels);
  const auto measured = measure((*mp3)->path(), Format::mp3);
  REQUIRE(measured.has_value());
  CHECK(measured->frames == *frames);
  CHECK(measured->channels == channels);
}

TEST_CASE("a conversion that was killed at any instant neither loses nor doubles", "[library]") {
  Shelf shelf;
  if (GENERATE(false, true)) {
    shelf.settings.mp3_folder = shelf.scratch.path() / "mp3";
  }
  fs::create_directories(shelf.mp3_folder());
  // The MP3 that a whole conversion makes, to be put where the kill left it.
  const auto make_mp3 = [&](const std::string& name) {
    auto out = OutputFile::create(shelf.mp3_folder(), name);
    REQUIRE(out.has_value());
    const auto frames = encode_mp3(shelf.folder() / "a.wav", *out, {}, shelf.stop);
    REQUIRE(frames.has_value());
    Shelf::make_old((*out)->path());
  };
  shelf.wav("a.wav", 2);
  Entry entry = complete_entry("a.wav", 2);
  SECTION("while it was encoding") {
    make_mp3("a.mp3.part");
    fs::resize_file(shelf.mp3_folder() / "a.mp3.part", 700);
  }
  SECTION("before the MP3 got its name") {
    make_mp3("a.mp3.part");
    entry.target = "a.mp3";
  }
  SECTION("after the MP3 got its name") {
    make_mp3("a.mp3");
    entry.target = "a.mp3";
  }
  SECTION("before the WAV was deleted") {
    make_mp3("a.mp3");
    entry.leftover = "a.wav";
    entry.file = "a.mp3";
    entry.in_mp3_folder = shelf.mp3_folder() != shelf.folder();
  }
  SECTION("after the WAV was deleted") {
    make_mp3("a.mp3");
    entry.leftover = "a.wav";
    entry.file = "a.mp3";
    entry.in_mp3_folder = shelf.mp3_folder() != shelf.folder();
    fs::remove(shelf.folder() / "a.wav");
  }
  {
    const auto before = shelf.open();
    add(*before, entry);
  }
  const auto library = shelf.open();
  library->adopt(shelf.stop);
  while (library->convert_one(shelf.stop)) {
  }
  CHECK(shelf.files() == std::vector<std::string>{"a.mp3"});
  const auto entries = shelf.entries(*library);
  REQUIRE(entries.size() == 1);
  CHECK(library->path_of(entries[0]) == shelf.mp3_folder() / "a.mp3");
  CHECK(entries[0].caller == "1001");
  CHECK(measure(library->path_of(entries[0]), Format::mp3)->frames == 16000);
}

TEST_CASE("what a killed process was recording is mended, and what nobody knows is adopted", "[library]") {
  Shelf shelf;
  shelf.settings.mp3_after = std::chrono::seconds(0);
  shelf.wav("known.wav", 3, true);
  shelf.wav("deep/er/unknown.wav", 2, true);
  std::ofstream(shelf.folder() / "notes.txt") << "not a recording";
  {
    const auto before = shelf.open();
    Entry running = complete_entry("known.wav", 0);
    running.state = "running";
    add(*before, running);
    add(*before, complete_entry("deleted by hand.wav", 5));
  }
  for (int start = 0; start < 2; ++start) {  // the second finds nothing to do
    const auto library = shelf.open();
    library->adopt(shelf.stop);
    const auto entries = shelf.entries(*library);
    REQUIRE(entries.size() == 2);
    for (const Entry& entry : entries) {
      CAPTURE(entry.file);
      CHECK(entry.state == "complete");
      CHECK(entry.length_ms == (entry.file == "known.wav" ? 3000 : 2000));
      CHECK(read_file(library->path_of(entry)).seconds() == (entry.file == "known.wav" ? 3.0 : 2.0));
      CHECK(entry.caller == (entry.file == "known.wav" ? "1001" : ""));
    }
  }
  CHECK(fs::exists(shelf.folder() / "notes.txt"));
}

TEST_CASE("what goes: by age, by size, by what is free", "[library]") {
  config::Recording settings;
  const base::WallMicros now = 1'800'000'000'000'000;
  const auto entry = [&](const std::string& file, std::int64_t days, std::int64_t bytes) {
    Entry one;
    one.file = file;
    one.state = "complete";
    one.ended = now - days * 86'400'000'000;
    one.bytes = bytes;
    return one;
  };
  std::vector<Entry> entries{entry("support/a.wav", 100, 1000), entry("b.wav", 91, 1000),
                             entry("support/c.wav", 50, 1000), entry("d.wav", 10, 1000),
                             entry("e.wav", 1, 1000)};
  const auto names = [&](std::uint64_t free) {
    std::vector<std::string> found;
    for (const auto& one : doomed(entries, settings, now, free)) {
      found.push_back(one.entry.file);
    }
    std::ranges::sort(found);
    return found;
  };
  using Names = std::vector<std::string>;
  const auto day = std::chrono::hours(24);
  CHECK(names(0) == Names{});
  settings.keep = 90 * day;
  CHECK(names(0) == Names{"b.wav", "support/a.wav"});
  settings.rules["support"] = {.match = "support/*", .keep = 365 * day, .max_size = 0};
  CHECK(names(0) == Names{"b.wav"});
  settings.rules["support"].max_size = 1500;
  CHECK(names(0) == Names{"b.wav", "support/a.wav"});
  settings.max_size = 2000;
  CHECK(names(0) == Names{"b.wav", "support/a.wav", "support/c.wav"});
  settings.max_size = 0;
  settings.min_free = 10'000;
  CHECK(names(8000) == Names{"b.wav", "support/a.wav"});
  CHECK(names(7500) == Names{"b.wav", "support/a.wav", "support/c.wav"});
  CHECK(names(20'000) == Names{"b.wav", "support/a.wav"});
  entries[1].state = "running";
  CHECK(names(20'000) == Names{"support/a.wav"});
}

TEST_CASE("recordings are found by number, extension, call and date", "[library]") {
  Shelf shelf;
  const auto library = shelf.open();
  Entry one = complete_entry("one.wav", 1);
  one.caller = "+4930123456";
  one.destination = "1001";
  one.began = 1'000'000'000'000;
  Entry two = complete_entry("two.wav", 1);
  two.caller = "1001";
  two.destination = "9001";
  two.with = "user/1003";
  two.began = 2'000'000'000'000;
  add(*library, one);
  add(*library, two);
  const auto found = [&](const Search& search) {
    std::vector<std::string> names;
    const auto entries = library->with_index([&](Index& index) { return index.search(search); });
    REQUIRE(entries.has_value());
    for (const Entry& entry : *entries) {
      names.push_back(entry.file);
    }
    return names;
  };
  using Names = std::vector<std::string>;
  CHECK(found({}) == Names{"two.wav", "one.wav"});
  CHECK(found({.number = "123456"}) == Names{"one.wav"});
  CHECK(found({.extension = "1001"}) == Names{"two.wav", "one.wav"});
  CHECK(found({.extension = "1003"}) == Names{"two.wav"});
  CHECK(found({.call = "call-of-one"}) == Names{"one.wav"});
  CHECK(found({.since = 1'500'000'000'000}) == Names{"two.wav"});
  CHECK(found({.until = 1'500'000'000'000}) == Names{"one.wav"});
  CHECK(found({.limit = 1}) == Names{"two.wav"});
  CHECK(found({.number = "' OR 1=1 --"}) == Names{});
}

TEST_CASE("deleting takes the file, its entry and its empty folders", "[library]") {
  Shelf shelf;
  const auto library = shelf.open();
  shelf.wav("2026/11/a.wav", 1);
  shelf.wav("2026/b.wav", 1);
  add(*library, complete_entry("2026/11/a.wav", 1));
  REQUIRE(library->remove(shelf.entries(*library)[0]).has_value());
  CHECK(shelf.entries(*library).empty());
  CHECK_FALSE(fs::exists(shelf.folder() / "2026/11"));
  CHECK(fs::exists(shelf.folder() / "2026/b.wav"));
}

}  // namespace switchroom::recording
