// What the media engine costs where sound is decoded, made and played: beside the codecs alone, in one run.
// bench/README.md.
#include "added_delay.hpp"
#include "opus_complexity.hpp"
#include "voice_calls.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

using namespace switchroom;
using namespace switchroom::bench;

namespace {

constexpr unsigned script_seconds = 60;

struct Scripts {
  Speech narrow = speech(8000, script_seconds);
  Speech wide = speech(16000, script_seconds);
  Script pcmu = script_of(narrow, sdp::CodecId::pcmu, 0);
  Script pcma = script_of(narrow, sdp::CodecId::pcma, 8);
  Script opus = script_of(wide, sdp::CodecId::opus, 111);  // as a phone's own microphone: wide band

  [[nodiscard]] std::array<const Script*, 2> of(Kind kind) const {
    return {&pcmu, kind == Kind::relay ? &pcmu : kind == Kind::pcma ? &pcma : &opus};
  }
};

media::SoundPtr sound_of(const Speech& speech) {
  auto sound = std::make_shared<media::Sound>();
  sound->rate = speech.rate;
  sound->samples = speech.pcm;
  return sound;
}

void print_arrival(const Measured& m) {
  std::printf(
      "           packets %llu of %llu, %llu missing; concealed %.2f %%, late %llu; uneven p99 %.2f ms "
      "(generator %.2f ms)\n",
      static_cast<unsigned long long>(m.heard), static_cast<unsigned long long>(m.expected),
      static_cast<unsigned long long>(m.missing),
      100.0 * static_cast<double>(m.told.concealed_ms) /
          (20.0 * static_cast<double>(std::max<std::uint64_t>(m.told.received, 1))),
      static_cast<unsigned long long>(m.told.late), m.lateness_ms, m.own_lateness_ms);
}

void print_delay(const Phones& phones, const std::vector<Line>& lines, const Scripts& scripts) {
  DelayFinder to_opus(scripts.pcmu, sdp::CodecId::opus);
  DelayFinder to_pcmu(scripts.opus, sdp::CodecId::pcmu);
  for (std::size_t i = 0; i < phones.size(); ++i) {
    const std::size_t other = i ^ 1U;
    (i % 2 == 1 ? to_opus : to_pcmu).find(phones.heard(i), phones.sent(other), lines[other].begin);
  }
  for (const auto* const one : {&to_opus, &to_pcmu}) {
    std::printf(
        "           added delay %s: median %.1f ms, p99 %.1f ms; %zu pieces of 0.4 s found, %zu not\n",
        one == &to_opus ? "PCMU to opus" : "opus to PCMU", median(one->delays_ms()),
        quantile(one->delays_ms(), 0.99), one->placed(), one->unplaced());
  }
}

void transcode(const Scripts& scripts, const std::vector<int>& counts, int seconds) {
  std::printf(
      "PCMU to opus and back, cores a call; the codecs alone at the same pace, and relaying as many "
      "packets\n");
  for (const int count : counts) {
    const Calls calls{.kind = Kind::opus, .count = count};
    const auto lines = lines_of(calls, scripts.of(Kind::opus));
    const double bare = cores_of_bare_codecs(count, scripts.pcmu, scripts.opus, seconds, true) / count;
    const double batch = cores_of_bare_codecs(count, scripts.pcmu, scripts.opus, seconds, false) / count;
    Phones phones(lines);
    const Measured engine = measure_calls(calls, nullptr, phones, 2, seconds, true);
    const Calls relayed{.kind = Kind::relay, .count = count};
    Phones others(lines_of(relayed, scripts.of(Kind::relay)));
    const double relay =
        measure_calls(relayed, nullptr, others, 1, std::max(seconds / 2, 1), false).cores / count;
    const double mine = engine.cores / count;
    std::printf(
        "%3d calls: engine %.5f  codecs %.5f (without pauses %.5f)  relay %.5f  engine/codecs %.2f  "
        "engine/(codecs+relay) %.2f\n",
        count, mine, bare, batch, relay, mine / bare, mine / (bare + relay));
    print_arrival(engine);
    print_delay(phones, lines, scripts);
    std::fflush(stdout);
  }
}

void playback(const Scripts& scripts, int callers, int seconds) {
  const Calls calls{.kind = Kind::playback, .count = callers};
  Phones phones(lines_of(calls, {}));
  const Measured m = measure_calls(calls, sound_of(scripts.narrow), phones, 1, seconds, false);
  std::printf("playback to %d callers: %.5f core a caller (aim 0.0008)\n", callers, m.cores / callers);
  print_arrival(m);
  std::fflush(stdout);
}

void complexity(const Scripts& scripts) {
  std::printf("opus at each complexity (the engine's: %d): CPU ms for a second of sound; spectral distance\n",
              media::opus_complexity);
  for (const Speech* const speech : {&scripts.narrow, &scripts.wide}) {
    for (const int level : {0, 1, 2, 3, 4, 5, 6, 8, 10}) {
      const Complexity c = measure_complexity(*speech, level, speech->rate == 8000 ? 24000 : 28000);
      std::printf(
          "%5u Hz  complexity %2d: encode %6.2f ms  decode %5.2f ms  %4.1f kbit/s  distance %.2f dB\n",
          speech->rate, level, c.encode_ms, c.decode_ms, c.kilobits, c.distance_db);
      std::fflush(stdout);
    }
  }
}

/// More and more calls on two media threads until packets are late, missing, or the generator is.
void capacity(const Scripts& scripts, Kind kind, const char* name, int first) {
  int carried = 0;
  Measured best;
  const char* why = "";
  for (int count = first; count < 10000; count = count * 5 / 4) {
    const Calls calls{.kind = kind, .count = count, .threads = 2};
    Phones phones(lines_of(calls, scripts.of(kind)));
    const Measured m = measure_calls(calls, sound_of(scripts.narrow), phones, 1, 2, false);
    const bool lost = m.heard + m.expected / 100 < m.expected;
    why = m.own_lateness_ms > 5 ? "the generator was late"
          : lost                ? "packets were missing"
          : m.lateness_ms > 10  ? "packets were late"
                                : "";
    if (*why != 0) {
      break;
    }
    carried = count;
    best = m;
  }
  std::printf(
      "%-9s carried %5d %s: engine %.2f cores, generator %.2f, uneven p99 %.1f ms; then %s; by CPU alone two "
      "cores: %.0f\n",
      name, carried, kind == Kind::playback ? "callers" : "calls", best.cores, best.generator_cores,
      best.lateness_ms, why, carried == 0 ? 0 : 2 * carried / best.cores);
  std::fflush(stdout);
}

}  // namespace

int main(int count, char** arguments) {
  allow_many_files();
  const std::string what = count > 1 ? arguments[1] : "all";
  const auto number = [&](int i, int otherwise) { return count > i ? std::atoi(arguments[i]) : otherwise; };
  const bool all = what == "all";
  if (!all && what != "transcode" && what != "playback" && what != "complexity" && what != "capacity") {
    std::printf(
        "usage: %s [all]\n"
        "       %s transcode [calls] [seconds=10]\n"
        "       %s playback [callers=200] [seconds=10]\n"
        "       %s complexity\n"
        "       %s capacity\n",
        arguments[0], arguments[0], arguments[0], arguments[0], arguments[0]);
    return 2;
  }
  const Scripts scripts;
  std::printf("speech: %s at 8 kHz, %s at 16 kHz\n", scripts.narrow.recorded ? "recorded" : "made up",
              scripts.wide.recorded ? "recorded" : "made up");
  if (all || what == "transcode") {
    transcode(scripts, count > 2 ? std::vector{number(2, 20)} : std::vector{20, 50, 100}, number(3, 10));
  }
  if (all || what == "playback") {
    playback(scripts, number(2, 200), number(3, 10));
  }
  if (all || what == "complexity") {
    complexity(scripts);
  }
  if (what == "capacity") {
    capacity(scripts, Kind::relay, "relay", 400);
    capacity(scripts, Kind::pcma, "PCMA", 300);
    capacity(scripts, Kind::opus, "opus", 80);
    capacity(scripts, Kind::playback, "playback", 800);
  }
  return 0;
}
