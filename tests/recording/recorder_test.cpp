#include "recording/recorder.hpp"

#include "recording/reading.hpp"

namespace switchroom::recording {
namespace {

using namespace test;
using namespace std::chrono_literals;
using Catch::WithinAbs;

/// A recorder, and the turns of its call thread.
struct Studio {
  Scratch scratch;
  asio::io_context context;
  Recorder recorder{context};

  RecordingSettings settings(Channels channels, const std::string& file = "a.wav") const {
    RecordingSettings wanted;
    wanted.root = scratch.path();
    wanted.file = file;
    wanted.channels = channels;
    wanted.rate = 8000;
    return wanted;
  }
  Outcome outcome(const Recording& recording) {
    const auto deadline = base::Clock::now() + 30s;
    while (!recording.ended() && base::Clock::now() < deadline) {
      context.restart();
      context.run_for(10ms);
    }
    REQUIRE(recording.ended());
    return *recording.outcome();
  }
};

}  // namespace

TEST_CASE("both parties are mixed, or stand left and right", "[recorder]") {
  Studio studio;
  Speaker mouth({.rate = 8000});
  Speaker other({.rate = 8000});
  unsigned told = 0;
  const auto mixed = studio.recorder.start(mouth.reader(), studio.settings(Channels::mixed, "mixed.wav"),
                                           [&](const Outcome&) { ++told; });
  const auto stereo =
      studio.recorder.start(other.reader(), studio.settings(Channels::stereo, "stereo.wav"), {});
  mouth.say(tone(440, 2, 8000), tone(1000, 2, 8000));
  other.say(tone(440, 2, 8000), tone(1000, 2, 8000));
  mixed->stop();
  other.hang_up();
  const Outcome first = studio.outcome(*mixed);
  const Outcome second = studio.outcome(*stereo);
  CHECK(told == 1);
  CHECK(first.end == End::stopped);
  CHECK(first.length == 2s);
  CHECK(first.dropped == 0s);
  CHECK(second.length == 2s);
  const Heard one = read_file(first.file);
  CHECK(one.seconds() == 2.0);
  CHECK_THAT(amplitude(one.channels[0], 8000, 440), WithinAbs(8000, 80));
  CHECK_THAT(amplitude(one.channels[0], 8000, 1000), WithinAbs(8000, 80));
  const Heard two = read_file(second.file);
  REQUIRE(two.channels.size() == 2);
  CHECK_THAT(amplitude(two.channels[0], 8000, 440), WithinAbs(8000, 80));
  CHECK(amplitude(two.channels[0], 8000, 1000) < 10);
  CHECK_THAT(amplitude(two.channels[1], 8000, 1000), WithinAbs(8000, 80));
  CHECK(studio.recorder.running() == 0);
}

TEST_CASE("what is said in a pause is written nowhere, to the frame", "[recorder]") {
  Studio studio;
  auto settings = studio.settings(Channels::received);
  double length = 3;
  SECTION("silence in its place") { settings.pausing = Pausing::silence; }
  SECTION("cut") {
    settings.pausing = Pausing::cut;
    length = 2;
  }
  // All is in the ring before the worker has read the first frame of it: the marks alone decide.
  Speaker mouth({.rate = 8000, .seconds = 10});
  const auto say = [&](double frequency) {
    const auto pcm = tone(frequency, 1, 8000);
    for (std::size_t at = 0; at < pcm.size(); at += 160) {
      mouth.beat(std::span(pcm).subspan(at, 160), {});
    }
  };
  const auto recording = studio.recorder.start(mouth.reader(), settings, {});
  say(440);
  recording->pause(true);
  CHECK(recording->paused());
  say(1700);
  recording->pause(false);
  say(1000);
  recording->stop();
  const Outcome outcome = studio.outcome(*recording);
  const Heard file = read_file(outcome.file);
  CHECK(file.seconds() == length);
  CHECK(amplitude(file.channels[0], 8000, 1700) < 1);
  CHECK_THAT(amplitude(file.channels[0], 8000, 440, 0, 1), WithinAbs(8000, 80));
  CHECK_THAT(amplitude(file.channels[0], 8000, 1000, length - 1, 1), WithinAbs(8000, 80));
}

TEST_CASE("a recording ends by silence or at its longest", "[recorder]") {
  Studio studio;
  Speaker mouth({.rate = 8000, .seconds = 10});
  auto settings = studio.settings(Channels::received);
  settings.silence_level = 200;
  settings.silence = 1s;
  settings.longest = 4s;
  SECTION("silence") {
    const auto recording = studio.recorder.start(mouth.reader(), settings, {});
    mouth.say(tone(440, 2, 8000), {});
    mouth.say(tone(440, 3, 8000, 100), {});
    const Outcome outcome = studio.outcome(*recording);
    CHECK(outcome.end == End::silence);
    CHECK(outcome.length == 3s);
    CHECK(outcome.silent_tail == 1s);
    CHECK(outcome.loud == 2s);
  }
  SECTION("longest") {
    const auto recording = studio.recorder.start(mouth.reader(), settings, {});
    mouth.say(tone(440, 6, 8000), {});
    const Outcome outcome = studio.outcome(*recording);
    CHECK(outcome.end == End::longest);
    CHECK(outcome.length == 4s);
    CHECK(read_file(outcome.file).seconds() == 4.0);
  }
}

TEST_CASE("sound that the disk was too slow for leaves silence of its length", "[recorder]") {
  Studio studio;
  Speaker mouth({.rate = 8000, .seconds = 1});
  const auto frame = tone(450, 0.02, 8000);
  // Two seconds into a ring of one, with nobody reading; then one that fits again.
  for (int beat = 0; beat < 100; ++beat) {
    mouth.beat(frame, {});
  }
  const auto recording = studio.recorder.start(mouth.reader(), studio.settings(Channels::received), {});
  while (recording->length() < 1s) {
    std::this_thread::sleep_for(5ms);
  }
  for (int beat = 0; beat < 25; ++beat) {
    mouth.beat(frame, {});
  }
  recording->stop();
  const Outcome outcome = studio.outcome(*recording);
  CHECK(outcome.dropped == 1s);
  CHECK(outcome.length == 2500ms);
  const Heard file = read_file(outcome.file);
  CHECK(amplitude(file.channels[0], 8000, 450, 1, 1) < 1);
  CHECK_THAT(amplitude(file.channels[0], 8000, 450, 2, 0.5), WithinAbs(8000, 200));
}

TEST_CASE("what cannot be written is told, and the file plays up to there", "[recorder]") {
  Studio studio;
  Speaker mouth({.rate = 8000});
  SECTION("no such format") {
    const auto recording =
        studio.recorder.start(mouth.reader(), studio.settings(Channels::mixed, "a.txt"), {});
    const Outcome outcome = studio.outcome(*recording);
    CHECK(outcome.end == End::failed);
    CHECK(outcome.trouble.find(".txt") != std::string::npos);
  }
  SECTION("out of the folder") {
    const auto recording =
        studio.recorder.start(mouth.reader(), studio.settings(Channels::mixed, "../a.wav"), {});
    CHECK(studio.outcome(*recording).end == End::failed);
  }
}

TEST_CASE("closing completes the files that are being written", "[recorder]") {
  Studio studio;
  Speaker mouth({.rate = 8000});
  struct Books final : Observer {
    void on_made(const RecordingSettings& /*settings*/, const std::filesystem::path& file) override {
      made.push_back(file);
    }
    void on_complete(const RecordingSettings& /*settings*/, const Outcome& outcome) override {
      complete.push_back(outcome);
    }
    std::vector<std::filesystem::path> made;
    std::vector<Outcome> complete;
  } books;
  studio.recorder.observe(&books);
  const auto recording =
      studio.recorder.start(mouth.reader(), studio.settings(Channels::mixed, "x/y.flac"), {});
  mouth.say(tone(440, 2, 8000), tone(440, 2, 8000));
  studio.recorder.close();
  REQUIRE(books.complete.size() == 1);
  CHECK(books.made == std::vector{books.complete[0].file});
  CHECK(read_file(books.complete[0].file).seconds() == 2.0);
}

}  // namespace switchroom::recording
