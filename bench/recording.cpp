// What recording costs: CPU for each recorded call, and how fast WAV becomes MP3. bench/README.md.
#include "recording/convert.hpp"
#include "recording/measure.hpp"
#include "recording/recorder.hpp"
#include "voice_calls.hpp"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <unistd.h>

using namespace switchroom;
using namespace switchroom::bench;

namespace {

namespace fs = std::filesystem;

fs::path scratch() {
  std::string name = (fs::temp_directory_path() / "switchroom-bench-XXXXXX").string();
  return ::mkdtemp(name.data());
}

void calls(const Speech& speech, int count, int seconds) {
  const Script script = script_of(speech, sdp::CodecId::pcmu, 0);
  std::printf("%3d PCMU calls, cores a call\n", count);
  double bare = 0;
  for (const Recorded recorded : {Recorded::no, Recorded::mixed, Recorded::stereo}) {
    const fs::path folder = scratch();
    const Calls wanted{
        .kind = Kind::relay, .count = count, .threads = 1, .recorded = recorded, .folder = folder.string()};
    Phones phones(lines_of(wanted, {&script, &script}));
    const Measured m = measure_calls(wanted, nullptr, phones, 2, seconds, false);
    const char* const name = recorded == Recorded::no      ? "relayed"
                             : recorded == Recorded::mixed ? "mixed"
                                                           : "stereo";
    if (recorded == Recorded::no) {
      bare = m.cores / count;
    }
    std::printf(
        "  %-8s %.5f (recording alone %.5f); packets %llu of %llu, %llu missing; uneven p99 %.2f ms "
        "(generator %.2f ms); dropped %llu ms\n",
        name, m.cores / count, m.cores / count - bare, static_cast<unsigned long long>(m.heard),
        static_cast<unsigned long long>(m.expected), static_cast<unsigned long long>(m.missing),
        m.lateness_ms, m.own_lateness_ms, static_cast<unsigned long long>(m.told.dropped_ms));
    std::fflush(stdout);
    fs::remove_all(folder);
  }
}

void mp3(const Speech& speech, unsigned channels, int kbit) {
  const fs::path folder = scratch();
  constexpr unsigned minutes = 10;
  {
    auto file = recording::OutputFile::create(folder, "a.wav");
    auto writer = recording::SoundWriter::begin(*file, {recording::Format::wav, speech.rate, channels, {}});
    std::vector<std::int16_t> pcm;
    for (const std::int16_t sample : speech.pcm) {
      pcm.insert(pcm.end(), channels, sample);
    }
    for (std::size_t written = 0; written < std::size_t{minutes} * 60 * speech.rate;
         written += speech.pcm.size()) {
      (void)(*writer)->write(pcm);
    }
    (void)(*writer)->finish();
  }
  recording::Quality quality;
  quality.mp3_kbit = static_cast<unsigned>(kbit);
  const std::atomic<bool> stop = false;
  auto out = recording::OutputFile::create(folder, "a.mp3");
  const double before = cpu_seconds_of_process();
  const auto frames = recording::encode_mp3(folder / "a.wav", *out, quality, stop);
  const double encoded = cpu_seconds_of_process();
  const auto measured = recording::measure(folder / "a.mp3", recording::Format::mp3);
  const double decoded = cpu_seconds_of_process();
  if (!frames || !measured || measured->frames != *frames) {
    std::printf("conversion failed\n");
    std::exit(1);
  }
  const double length = static_cast<double>(*frames) / speech.rate;
  std::printf(
      "%5u Hz %s %-4s: encoded at %.0f times real time, decoded again at %.0f, both %.0f; %.1f kbit/s\n",
      speech.rate, channels == 1 ? "mono  " : "stereo", kbit == 0 ? "-V2" : "64k",
      length / (encoded - before), length / (decoded - encoded), length / (decoded - before),
      static_cast<double>((*out)->size()) * 8 / 1000 / length);
  std::fflush(stdout);
  fs::remove_all(folder);
}

}  // namespace

int main(int count, char** arguments) {
  allow_many_files();
  const std::string what = count > 1 ? arguments[1] : "all";
  const int seconds = count > 2 ? std::atoi(arguments[2]) : 10;
  if (what != "all" && what != "calls" && what != "mp3") {
    std::printf("usage: %s [all|calls|mp3] [seconds=10]\n", arguments[0]);
    return 2;
  }
  const Speech narrow = speech(8000, 60);
  if (what != "mp3") {
    for (const int calls_at_once : {50, 100}) {
      calls(narrow, calls_at_once, seconds);
    }
  }
  if (what != "calls") {
    const Speech wide = speech(16000, 60);
    for (const Speech* const one : {&narrow, &wide}) {
      for (const unsigned channels : {1U, 2U}) {
        for (const int kbit : {0, 64}) {
          mp3(*one, channels, kbit);
        }
      }
    }
  }
  return 0;
}
