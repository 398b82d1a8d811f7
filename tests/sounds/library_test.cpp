// One making for all who ask, commands that speak, music from a folder.
#include "sounds/library.hpp"

#include "base/task_group.hpp"
#include "sounds/child.hpp"
#include "sounds/music.hpp"
#include "sounds/prompts.hpp"
#include "support/print_result.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sndfile.h>
#include <string>
#include <vector>

namespace switchroom::sounds {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

/// A folder that goes with the test.
struct Folder {
  Folder() {
    std::string name = (fs::temp_directory_path() / "sounds-test-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~Folder() { fs::remove_all(path); }
  fs::path path;
};

void write_tone(const fs::path& file, double frequency, double seconds, int rate = 8000,
                int format = SF_FORMAT_WAV | SF_FORMAT_PCM_16) {
  SF_INFO info{};
  info.samplerate = rate;
  info.channels = 1;
  info.format = format;
  SNDFILE* const out = sf_open(file.c_str(), SFM_WRITE, &info);
  REQUIRE(out != nullptr);
  std::vector<float> samples(static_cast<std::size_t>(seconds * rate));
  for (std::size_t i = 0; i < samples.size(); ++i) {
    samples[i] = 0.3F * static_cast<float>(std::sin(6.283185307 * frequency * static_cast<double>(i) / rate));
  }
  sf_write_float(out, samples.data(), static_cast<sf_count_t>(samples.size()));
  sf_close(out);
}

/// Asks for sources, one coroutine each, all at once.
struct Asking {
  std::vector<base::result<media::SoundPtr>> ask(const std::vector<Source>& sources, unsigned rate = 48000) {
    std::vector<base::result<media::SoundPtr>> answers(sources.size(), base::Error{"not asked"});
    std::size_t left = sources.size();
    context.restart();
    base::TaskGroup tasks(context.get_executor(), [](const std::string& what) { FAIL(what); });
    for (std::size_t i = 0; i < sources.size(); ++i) {
      tasks.spawn(one(library, sources[i], rate, answers[i], left));
    }
    while (left > 0) {
      context.run_one();
    }
    context.poll();
    return answers;
  }
  static awaitable<void> one(Library& library, Source source, unsigned rate,
                             base::result<media::SoundPtr>& answer, std::size_t& left) {
    answer = co_await library.load(std::move(source), rate);
    --left;
  }

  asio::io_context context{1};
  Library library{context};
};

TEST_CASE("a prompt that two hundred hear is decoded once") {
  Asking asking;
  const std::vector<Source> sources(200, Prompt{"vm-goodbye", "en"});
  const auto answers = asking.ask(sources);
  for (const auto& answer : answers) {
    REQUIRE(answer);
    CHECK(*answer == *answers.front());  // the very same
  }
  CHECK((*answers.front())->rate == 16000);
  CHECK(asking.library.statistics().made == 1);
  CHECK(asking.library.statistics().shared == 199);
  REQUIRE(asking.ask({Prompt{"vm-goodbye", "en"}})[0]);
  CHECK(asking.library.statistics().made == 1);
}

TEST_CASE("every prompt can be decoded, and none is empty") {
  for (const char* const language : {"en", "es"}) {
    CHECK(prompt_names(language).size() > 400);
    for (const std::string_view name : prompt_names(language)) {
      INFO(language << " " << name);
      const auto prompt = find_own_prompt(name, language);
      REQUIRE(prompt);
      CHECK(prompt->samples > 1000);
    }
  }
  const auto sound = decode(*find_prompt("ivr/ivr-welcome.wav", "en"));
  CHECK(sound.samples.size() > 4000);
}

TEST_CASE("the music on hold goes round without a pause that sounds like a dead line") {
  const auto music = decode(default_music()).samples;
  REQUIRE(music.size() > 16000U * 30);
  std::size_t pause = 0;
  std::size_t longest = 0;
  for (std::size_t i = 0; i < 2 * music.size(); ++i) {
    pause = std::abs(int{music[i % music.size()]}) > 100 ? 0 : pause + 1;
    longest = std::max(longest, pause);
  }
  CHECK(longest < 16000 * 3 / 10);
}

TEST_CASE("names of prompts, as people write them") {
  CHECK(find_prompt("voicemail/vm-goodbye.wav", "en"));
  CHECK(find_prompt("vm-goodbye", "en"));
  CHECK(find_prompt("conference/conf-bad-pin.wav", "es"));
  CHECK(find_prompt("you-entered", "es"));
  CHECK(find_own_prompt("digits/21", "es"));
  CHECK_FALSE(find_own_prompt("digits/21", "en"));
  CHECK(find_prompt("calling", "es"));  // English, where Spanish lacks it
  CHECK_FALSE(find_own_prompt("calling", "es"));
  CHECK_FALSE(find_prompt("nothing", "en"));
  CHECK_FALSE(find_prompt("recordings/hello.wav", "en"));
}

TEST_CASE("flite says different texts differently, and nothing of nothing") {
  Asking asking;
  const auto said =
      asking.ask({Text{"Hello.", {}, "en"}, Text{"Good bye, and thank you for calling.", {}, "en"},
                  Text{"Hello.", "kal", "en"}, Text{"", {}, "en"}, Text{std::string(5000, 'a'), {}, "en"}});
  REQUIRE(said[0]);
  REQUIRE(said[1]);
  REQUIRE(said[2]);
  CHECK((*said[0])->rate == 16000);
  CHECK((*said[2])->rate == 8000);
  CHECK((*said[1])->samples.size() > (*said[0])->samples.size());
  CHECK_FALSE(said[4]);
}

/// A command for [speech], in a configuration that lies in `folder`.
config::SnapshotPtr speaking(const fs::path& folder, std::vector<std::string> command,
                             std::chrono::seconds timeout = 20s) {
  auto snapshot = std::make_shared<config::Snapshot>();
  snapshot->pbx.data_dir = folder;
  snapshot->speech.command = std::move(command);
  snapshot->speech.timeout = timeout;
  return snapshot;
}

TEST_CASE("a command speaks: the text on its standard input, no shell, kept for the next time") {
  Folder folder;
  write_tone(folder.path / "tone.wav", 440, 0.5);
  const fs::path script = folder.path / "speak";
  std::ofstream(script)
      << "#!/bin/sh\ncat >> \"$1/heard\"\necho \"$3\" >> \"$1/voices\"\ncp \"$1/tone.wav\" \"$2\"\n";
  fs::permissions(script, fs::perms::owner_all);
  const std::vector<std::string> command{script, folder.path, "{file}", "{voice}/{language}"};
  const std::string text = "Hello; $(touch " + (folder.path / "broken").string() + ") `x` 'y' \"z\"";
  {
    Asking asking;
    asking.library.configure(speaking(folder.path, command));
    const auto said = asking.ask({Text{text, "anna", "en"}, Text{text, "anna", "en"}});
    REQUIRE(said[0]);
    CHECK((*said[0])->samples.size() == 4000);
    CHECK(*said[0] == *said[1]);
    REQUIRE(asking.ask({Text{text, "anna", "es"}})[0]);  // another language is another utterance
  }
  Asking later;
  later.library.configure(speaking(folder.path, command));
  REQUIRE(later.ask({Text{text, "anna", "en"}})[0]);  // from the disk
  std::ifstream heard(folder.path / "heard");
  const std::string all{std::istreambuf_iterator<char>(heard), {}};
  CHECK(all == text + "\n" + text + "\n");
  CHECK_FALSE(fs::exists(folder.path / "broken"));
  std::ifstream voices(folder.path / "voices");
  CHECK(std::string(std::istreambuf_iterator<char>(voices), {}) == "anna/en\nanna/es\n");
}

TEST_CASE("a command that writes to its standard output") {
  Folder folder;
  write_tone(folder.path / "tone.wav", 440, 0.25);
  Asking asking;
  asking.library.configure(speaking(folder.path, {"/bin/cat", folder.path / "tone.wav"}));
  const auto said = asking.ask({Text{"x", {}, "en"}});
  REQUIRE(said[0]);
  CHECK((*said[0])->samples.size() == 2000);
}

std::string complaint(const std::vector<std::string>& command, std::chrono::seconds timeout = 20s) {
  Folder folder;
  Asking asking;
  asking.library.configure(speaking(folder.path, command, timeout));
  const auto said = asking.ask({Text{"x", {}, "en"}});
  return said[0] ? "none" : said[0].error().what;
}

TEST_CASE("commands that fail say why") {
  using Catch::Contains;
  CHECK_THAT(complaint({"/nowhere/piper"}), Contains("No such file"));
  CHECK_THAT(complaint({"/bin/sh", "-c", "echo no voice >&2; exit 3"}), Contains("status 3: no voice"));
  CHECK_THAT(complaint({"/bin/true"}), Contains("made no sound"));
  CHECK_THAT(complaint({"/bin/sh", "-c", "kill -9 $$"}), Contains("crashed"));
}

TEST_CASE("a command that hangs is ended, with what it started") {
  Folder folder;
  const auto begin = base::Clock::now();
  const std::string script = "sleep 100 & echo $! > " + (folder.path / "pid").string() + "; wait";
  CHECK_THAT(complaint({"/bin/sh", "-c", script}, 1s), Catch::Contains("took too long"));
  CHECK(base::Clock::now() - begin < 30s);
  int child = 0;
  std::ifstream(folder.path / "pid") >> child;
  REQUIRE(child > 0);
  std::ifstream status("/proc/" + std::to_string(child) + "/stat");
  std::string number, name, state;
  const bool there = static_cast<bool>(status >> number >> name >> state);
  CHECK((!there || state == "Z"));  // gone, or waiting for its new parent
}

TEST_CASE("the server's end does not wait for a command") {
  Folder folder;
  const auto begin = base::Clock::now();
  std::atomic<bool> stop = true;
  const auto said = run_child({"/bin/sleep", "60"}, "", 50s, 1000, stop);
  REQUIRE_FALSE(said);
  CHECK(base::Clock::now() - begin < 20s);
}

TEST_CASE("a child gets neither our descriptors nor more than it may say") {
  const std::atomic<bool> stop = false;
  const auto listed = run_child({"/bin/ls", "/proc/self/fd"}, "", 20s, 1000, stop);
  REQUIRE(listed);
  CHECK(*listed == "0\n1\n2\n3\n");  // 3 is ls's own
  CHECK_FALSE(run_child({"/usr/bin/yes"}, "", 20s, 10000, stop));
  const std::string large(1'000'000, 'x');
  const auto echoed = run_child({"/bin/cat"}, large, 20s, 2'000'000, stop);
  REQUIRE(echoed);
  CHECK(*echoed == large);
}

TEST_CASE("a folder of music is one sound, at one rate") {
  Folder folder;
  write_tone(folder.path / "a.wav", 400, 1, 8000);
  write_tone(folder.path / "b.flac", 500, 1, 44100, SF_FORMAT_FLAC | SF_FORMAT_PCM_16);
  write_tone(folder.path / "c.wav", 600, 1, 16000);
  std::ofstream(folder.path / "notes.txt") << "no sound";
  CHECK(check_music({folder.path, false}).empty());
  auto snapshot = std::make_shared<config::Snapshot>();
  snapshot->music["lobby"] = {folder.path, false};
  Asking asking;
  asking.library.configure(snapshot);
  const auto music = asking.ask({Music{"lobby"}, Music{"lobby"}});
  REQUIRE(music[0]);
  CHECK(*music[0] == *music[1]);
  CHECK((*music[0])->rate == 16000);
  CHECK((*music[0])->samples.size() == 48000);
  CHECK(has_music(*snapshot, "lobby"));
  CHECK(has_music(*snapshot, "moh"));
  CHECK_FALSE(has_music(*snapshot, "attic"));
  std::ofstream(folder.path / "d.wav") << "not a sound";
  CHECK_THAT(check_music({folder.path, false}), Catch::Contains("d.wav"));
  CHECK_THAT(check_music({folder.path / "none", false}), Catch::Contains("not a folder"));
}

}  // namespace
}  // namespace switchroom::sounds
