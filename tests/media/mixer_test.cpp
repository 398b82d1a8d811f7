// The arithmetic of a mix, its limiter, its gains and its detector of talkers, on simulated time.
#include "media/engine/mixer.hpp"

#include "media/codec/codec.hpp"
#include "media/dsp/level.hpp"
#include "media/dsp/limiter.hpp"
#include "media/dsp/talker.hpp"
#include "media/engine/mouth.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <vector>

using namespace switchroom;
using namespace switchroom::media;

namespace {

using Pcm = std::vector<std::int16_t>;

/// A sine that goes on from frame to frame.
struct Sine {
  double frequency = 440;
  double amplitude = 8000;
  unsigned rate = 8000;
  std::size_t at = 0;
  Pcm next() {
    Pcm frame(rate / 50);
    for (auto& sample : frame) {
      sample = static_cast<std::int16_t>(std::lround(
          amplitude * std::sin(2 * std::numbers::pi * frequency * static_cast<double>(at++) / rate)));
    }
    return frame;
  }
};

double amplitude_of(const Pcm& pcm, double frequency, unsigned rate) {
  double real = 0;
  double imaginary = 0;
  for (std::size_t i = 0; i < pcm.size(); ++i) {
    const double angle = 2 * std::numbers::pi * frequency * static_cast<double>(i) / rate;
    real += pcm[i] * std::cos(angle);
    imaginary += pcm[i] * std::sin(angle);
  }
  return 2 * std::hypot(real, imaginary) / static_cast<double>(pcm.size());
}

/// Members with tones, and what each has heard.
struct Meeting {
  explicit Meeting(unsigned rate = 8000, bool noise = false) : mixer(rate, noise), rate_(rate) {}
  Mixer::Member join(double frequency, const MixRole& role = {}, double amplitude = 4000) {
    const auto member = mixer.join(role);
    if (member >= tones.size()) {
      tones.resize(member + 1);
      heard.resize(member + 1);
      speaks.resize(member + 1, false);
    }
    tones[member] = {frequency, amplitude, rate_};
    speaks[member] = frequency > 0;
    return member;
  }
  void run(unsigned frames) {
    for (unsigned i = 0; i < frames; ++i) {
      for (std::size_t member = 0; member < tones.size(); ++member) {
        if (speaks[member]) {
          mixer.put(member, tones[member].next());
        }
      }
      mixer.mix();
      for (std::size_t member = 0; member < tones.size(); ++member) {
        const auto out = mixer.output(member);
        heard[member].insert(heard[member].end(), out.begin(), out.end());
      }
    }
  }
  /// Of the last half second.
  double hears(Mixer::Member member, double frequency) const {
    const std::size_t size = std::min<std::size_t>(heard[member].size(), rate_ / 2);
    return amplitude_of({heard[member].end() - static_cast<std::ptrdiff_t>(size), heard[member].end()},
                        frequency, rate_);
  }
  Mixer mixer;
  std::vector<Sine> tones;
  std::vector<Pcm> heard;
  std::vector<bool> speaks;
  unsigned rate_;
};

int greatest_step(const Pcm& pcm) {
  int step = 0;
  for (std::size_t i = 1; i < pcm.size(); ++i) {
    step = std::max(step, std::abs(pcm[i] - pcm[i - 1]));
  }
  return step;
}

}  // namespace

TEST_CASE("everyone hears everyone but himself", "[mixer]") {
  const unsigned rate = GENERATE(8000U, 16000U, 32000U, 48000U);
  Meeting meeting(rate);
  const std::array tones{300.0, 700.0, 1100.0, 1900.0};
  for (const double tone : tones) {
    (void)meeting.join(tone);
  }
  const auto listener = meeting.join(0);
  meeting.run(50);
  for (std::size_t member = 0; member < tones.size(); ++member) {
    CHECK_FALSE(meeting.mixer.hears_shared(member));
    for (std::size_t other = 0; other < tones.size(); ++other) {
      const double wanted = member == other ? 0 : 4000;
      CHECK(std::fabs(meeting.hears(member, tones[other]) - wanted) < 40);
    }
  }
  CHECK(meeting.mixer.hears_shared(listener));
  for (const double tone : tones) {
    CHECK(std::fabs(meeting.hears(listener, tone) - 4000) < 40);
  }
}

TEST_CASE("members who listen share one frame, whatever they are", "[mixer]") {
  Meeting meeting;
  (void)meeting.join(440);
  std::vector<Mixer::Member> listeners;
  for (int i = 0; i < 200; ++i) {
    listeners.push_back(meeting.join(0));
  }
  meeting.run(3);
  for (const auto member : listeners) {
    CHECK(meeting.mixer.output(member).data() == meeting.mixer.output(listeners.front()).data());
  }
}

TEST_CASE("mute, deafness and groups", "[mixer]") {
  Meeting meeting;
  const auto a = meeting.join(300);
  const auto b = meeting.join(700);
  const auto c = meeting.join(1100);
  meeting.run(20);
  meeting.mixer.change(a, {.speaks = 0});
  meeting.speaks[a] = false;  // nobody decodes who is muted
  meeting.run(40);
  CHECK(meeting.hears(b, 300) < 5);
  CHECK(std::fabs(meeting.hears(a, 700) - 4000) < 40);
  meeting.mixer.change(b, {.hears = 0});
  meeting.run(40);
  CHECK(std::all_of(meeting.heard[b].end() - 800, meeting.heard[b].end(), [](auto s) { return s == 0; }));
  CHECK(std::fabs(meeting.hears(c, 700) - 4000) < 40);
  // Whispering: c speaks to a alone.
  meeting.mixer.change(a, {.speaks = 1, .hears = 3});
  meeting.mixer.change(b, {.speaks = 1, .hears = 1});
  meeting.mixer.change(c, {.speaks = 2, .hears = 1});
  meeting.run(50);
  CHECK(std::fabs(meeting.hears(a, 1100) - 4000) < 40);
  CHECK(meeting.hears(b, 1100) < 5);
}

TEST_CASE("a voice begins, ends and changes without a click", "[mixer]") {
  Meeting meeting;
  const auto a = meeting.join(300, {}, 8000);
  const auto b = meeting.join(0);
  meeting.speaks[a] = false;
  meeting.run(5);
  meeting.tones[a].at = 7;  // in the middle of a wave
  meeting.speaks[a] = true;
  meeting.run(5);
  meeting.mixer.change(a, {.speaks = 2, .hears = 1});  // nobody hears that
  meeting.run(5);
  meeting.mixer.change(a, {});
  meeting.run(5);
  meeting.speaks[a] = false;
  meeting.run(5);
  meeting.speaks[a] = true;
  meeting.run(5);
  meeting.mixer.leave(a);
  meeting.speaks[a] = false;
  meeting.run(3);
  const double own = 8000 * 2 * std::numbers::pi * 300 / 8000;
  CHECK(greatest_step(meeting.heard[b]) < own * 1.15);
}

TEST_CASE("sums that are too loud are limited: nothing wraps, nothing is cut", "[mixer][limiter]") {
  Meeting meeting;
  for (const double tone : {311.0, 700.0, 1130.0}) {
    (void)meeting.join(tone, {}, 30000);
  }
  const auto listener = meeting.join(0);
  meeting.run(100);
  const Pcm& heard = meeting.heard[listener];
  // Without its first frame, where the attack is.
  int at_the_top = 0;
  for (std::size_t i = 160; i < heard.size(); ++i) {
    at_the_top += std::abs(heard[i]) >= 32000 ? 1 : 0;
  }
  CHECK(at_the_top == 0);
  double power = 0;
  const Pcm tail(heard.end() - 4000, heard.end());
  for (const auto sample : tail) {
    power += static_cast<double>(sample) * sample;
  }
  double tones = 0;
  for (const double tone : {311.0, 700.0, 1130.0}) {
    const double amplitude = meeting.hears(listener, tone);
    tones += amplitude * amplitude / 2;
  }
  CHECK(tones / (power / static_cast<double>(tail.size())) > 0.98);
}

TEST_CASE("the limiter turns down before the peak and up again slowly", "[limiter]") {
  Limiter limiter;
  std::vector<std::int32_t> sum(160, 1000);
  Pcm out(160);
  limiter.apply(sum, out);
  CHECK(out == Pcm(160, 1000));  // untouched, bit by bit
  sum[120] = 120000;
  limiter.apply(sum, out);
  CHECK(out[120] <= 32767);
  CHECK(out[120] > 30000);
  CHECK(out[0] > 950);  // nothing jumps at the beginning
  CHECK(greatest_step({out.begin(), out.begin() + 119}) < 60);
  std::ranges::fill(sum, 1000);
  limiter.apply(sum, out);
  CHECK(out.back() < 500);
  for (int i = 0; i < 60; ++i) {
    limiter.apply(sum, out);
  }
  CHECK(out == Pcm(160, 1000));
}

TEST_CASE("noise below the energy level is left out, speech keeps its beginnings and endings",
          "[mixer][gate]") {
  Meeting meeting;
  const MixRole role{.energy_level = 100};
  const auto a = meeting.join(300, role, 120);  // mean amplitude 76
  const auto b = meeting.join(0, role);
  meeting.run(50);
  CHECK(std::ranges::all_of(meeting.heard[b], [](auto sample) { return sample == 0; }));
  CHECK(meeting.mixer.energy(a) == Approx(76).margin(2));
  meeting.tones[a].amplitude = 4000;
  const std::size_t before = meeting.heard[b].size();
  meeting.run(1);
  CHECK(meeting.heard[b][before + 87] != 0);  // the first frame is there
  meeting.run(20);
  meeting.tones[a].amplitude = 90;
  meeting.run(10);
  CHECK(meeting.hears(b, 300) > 60);  // still open: a word may end softly
  meeting.run(60);
  CHECK(std::all_of(meeting.heard[b].end() - 1600, meeting.heard[b].end(), [](auto s) { return s == 0; }));
  meeting.mixer.change(a, {.energy_level = 100, .ungated = true});
  meeting.run(30);
  CHECK(meeting.hears(b, 300) > 60);
}

TEST_CASE("the echo of a far end is not sent round", "[mixer][gate]") {
  Meeting meeting;
  const MixRole role{.energy_level = 100};
  const auto talker = meeting.join(300, role, 12000);
  const auto listener = meeting.join(0, role);
  meeting.run(3);
  for (int i = 0; i < 8; ++i) {
    (void)meeting.join(300, role, 700);  // 25 dB below, and above the energy level
  }
  meeting.heard[talker].clear();
  meeting.run(60);
  CHECK(std::ranges::all_of(meeting.heard[talker], [](auto sample) { return sample == 0; }));
  CHECK(std::fabs(meeting.hears(listener, 300) - 12000) < 100);
  meeting.tones[5].amplitude = 9000;  // one of them speaks up
  meeting.run(25);
  CHECK(meeting.hears(talker, 300) > 8500);
}

TEST_CASE("talkers are told after some frames, and their silence after more", "[talker]") {
  TalkDetector detector;
  const auto run = [&](unsigned energy, int frames) {
    for (int i = 0; i < frames; ++i) {
      detector.hear(energy, 100);
    }
  };
  run(20, 50);
  CHECK_FALSE(detector.open());
  run(500, 1);  // a click
  CHECK(detector.open());
  CHECK_FALSE(detector.talking());
  run(20, 12);
  CHECK_FALSE(detector.open());
  run(500, 4);
  CHECK(detector.talking());
  run(20, 39);
  CHECK(detector.talking());
  run(20, 1);
  CHECK_FALSE(detector.talking());
  run(500, 30);
  run(20, 24);
  CHECK(detector.open());  // half a second behind speech
  run(20, 2);
  CHECK_FALSE(detector.open());
  run(500, 10);
  detector.hear(500, 0);  // detection is off
  CHECK(detector.open());
  CHECK_FALSE(detector.talking());
}

TEST_CASE("automatic gain brings voices to one level and does not pump", "[gain]") {
  AutoGain gain;
  float factor = 1;
  for (int i = 0; i < 600; ++i) {
    factor = gain.hear(300, 1200, true);
  }
  CHECK(factor == Approx(4).margin(0.1));
  for (int i = 0; i < 500; ++i) {  // ten seconds of pause
    CHECK(gain.hear(3, 1200, false) == factor);
  }
  float before = factor;
  for (int i = 0; i < 100; ++i) {  // somebody shouts: down, but not in a jump
    factor = gain.hear(6000, 1200, true);
    CHECK(factor <= before);
    CHECK(factor >= before * 0.95F);
    before = factor;
  }
  CHECK(factor < 0.5F);
  for (int i = 0; i < 600; ++i) {
    factor = gain.hear(6000, 0, true);
  }
  CHECK(factor == 1);
}

TEST_CASE("volumes: what a member says, and what it hears", "[mixer]") {
  Meeting meeting;
  const auto a = meeting.join(300, {.gain_db = -6});
  const auto b = meeting.join(0, {.listen_db = 6});
  const auto c = meeting.join(0);
  meeting.run(50);
  CHECK(meeting.hears(c, 300) == Approx(2005).margin(20));
  CHECK(meeting.hears(b, 300) == Approx(4000).margin(40));
  CHECK_FALSE(meeting.mixer.hears_shared(b));
  meeting.mixer.change(b, {});
  meeting.mixer.change(a, {});
  meeting.run(50);
  CHECK(meeting.hears(b, 300) == Approx(4000).margin(40));
  CHECK(meeting.mixer.hears_shared(b));
}

TEST_CASE("comfort noise is faint and everywhere", "[mixer]") {
  Meeting meeting(8000, true);
  const auto a = meeting.join(0);
  meeting.run(50);
  CHECK(level_dbm0(meeting.heard[a]) < -62);
  CHECK(level_dbm0(meeting.heard[a]) > -80);
  CHECK_FALSE(meeting.mixer.is_silent(meeting.mixer.audience(a)));
  double mean = 0;
  for (const auto sample : meeting.heard[a]) {
    mean += sample;
  }
  CHECK(std::fabs(mean / static_cast<double>(meeting.heard[a].size())) < 1);
}

// A member who begins to talk changes from the common encoder to one of its own: its phone's decoder must
// not notice.
TEST_CASE("a mouth goes on where another one is", "[mouth]") {
  const auto codec = GENERATE(sdp::CodecId::pcmu, sdp::CodecId::g722, sdp::CodecId::opus);
  INFO(sdp::name(codec));
  const CodecSettings settings{.codec = codec, .rate = 16000, .peer_fmtp = {}};
  Mouth common;
  Mouth own;
  common.agree(settings, 8000, false);
  own.agree(settings, 8000, false);
  const auto decoder = make_decoder(settings);
  const auto reference = make_decoder(settings);
  Sine tone{440, 8000, 16000};
  Mouth unbroken;
  unbroken.agree(settings, 8000, false);
  Pcm before;
  Pcm heard;
  Pcm wanted;
  for (int i = 0; i < 100; ++i) {
    const Pcm frame = tone.next();
    if (i == 50) {
      own.continue_from(common, before, 1);
    }
    Mouth& speaker = i < 50 ? common : own;
    for (Mouth* const one : {&speaker, &unbroken}) {
      one->say(frame, 1, false);
      const auto packet = one->next();
      REQUIRE(packet);
      Pcm pcm(decoder->rate() / 50);
      REQUIRE((one == &unbroken ? reference : decoder)->decode(packet->payload, pcm) == pcm.size());
      Pcm& into = one == &unbroken ? wanted : heard;
      into.insert(into.end(), pcm.begin(), pcm.end());
    }
    before = frame;
  }
  CHECK(heard == wanted);
}
