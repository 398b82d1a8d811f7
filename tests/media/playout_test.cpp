#include "simulation.hpp"

#include <catch2/catch.hpp>

#include <cstdio>
#include <cstdlib>

using namespace switchroom;
using namespace switchroom::media;
using namespace switchroom::media::test;
using sdp::CodecId;

namespace {

struct Score {
  double correlation = 0;
  double concealed = 0;  // share
  double delay_ms = 0;
  PlayoutStatistics statistics;
};

Score score_of(const char* name, CodecId codec, const Faults& faults, double seconds = 12) {
  Simulation simulation(codec, faults, codec == CodecId::opus ? 16000 : 0);
  const unsigned rate = codec == CodecId::opus ? 16000 : natural_rate(codec);
  const auto sent = voice(seconds, rate);
  const auto heard = simulation.run(sent);
  const PlayoutStatistics& s = simulation.statistics();
  Score score{median(scores(heard, sent, rate)),
              static_cast<double>(s.concealed_ms) / static_cast<double>(s.played_ms), s.delay_ms, s};
  if (std::getenv("SWITCHROOM_SHOW_SCORES") != nullptr) {
    std::printf("| %s | %s | %.3f | %.1f %% | %.0f ms | %llu | %llu |\n", name,
                std::string(sdp::name(codec)).c_str(), score.correlation, 100 * score.concealed,
                score.delay_ms, static_cast<unsigned long long>(s.recovered),
                static_cast<unsigned long long>(s.late));
  }
  return score;
}

}  // namespace

TEST_CASE("a clean network: nothing is concealed, and the delay is a beat and little more", "[playout]") {
  for (const double phase : {0.5, 2.0, 4.0, 7.0, 13.0, 19.0}) {
    INFO("arrivals " << phase << " ms behind the beat");
    Simulation simulation(CodecId::pcmu, {.jitter_ms = 1, .phase_ms = phase});
    const auto sent = voice(12, 8000);
    const auto heard = simulation.run(sent);
    CHECK(median(scores(heard, sent, 8000)) > 0.995);
    CHECK(simulation.statistics().concealed_ms == 0);
    CHECK(*std::ranges::max_element(simulation.delays) < 25);
    CHECK(simulation.statistics().late == 0);
  }
}

TEST_CASE("every codec, at every rate and packet length, is what was sent", "[playout]") {
  for (const auto codec : {CodecId::pcmu, CodecId::pcma, CodecId::g722, CodecId::opus}) {
    for (const unsigned ptime : {10U, 20U, 40U, 60U}) {
      INFO(sdp::name(codec) << " in packets of " << ptime << " ms");
      const unsigned rate = codec == CodecId::opus ? 8000 : natural_rate(codec);
      Simulation simulation(codec, {}, rate, ptime);
      const auto sent = voice(6, rate);
      const auto heard = simulation.run(sent);
      CHECK(median(scores(heard, sent, rate)) > (codec == CodecId::opus ? 0.9 : 0.98));
      CHECK(simulation.statistics().concealed_ms == 0);
    }
  }
}

TEST_CASE("loss is concealed and counted", "[playout][scores]") {
  struct Case {
    const char* name;
    Faults faults;
    double least;
    double most_concealed;
  };
  for (const Case& one :
       {Case{"1 % lost", {.loss = 0.01}, 0.97, 0.03}, Case{"5 % lost", {.loss = 0.05}, 0.9, 0.09},
        Case{"10 % lost", {.loss = 0.1}, 0.8, 0.15}, Case{"20 % lost", {.loss = 0.2}, 0.65, 0.28},
        Case{"5 % lost, bursts of 3", {.loss = 0.05, .burst = 3}, 0.85, 0.1},
        Case{"20 % lost, bursts of 3", {.loss = 0.2, .burst = 3}, 0.6, 0.3}}) {
    INFO(one.name);
    const Score score = score_of(one.name, CodecId::pcmu, one.faults);
    CHECK(score.correlation > one.least);
    CHECK(score.concealed < one.most_concealed);
    CHECK(score.concealed > one.faults.loss / 3);
  }
}

TEST_CASE("opus repairs most of what is lost from the packets behind it", "[playout][scores]") {
  const Score score = score_of("10 % lost, FEC", CodecId::opus, {.loss = 0.1});
  CHECK(score.statistics.recovered > 20);
  CHECK(score.concealed < 0.06);
  CHECK(score.correlation > 0.85);
}

TEST_CASE("jitter is waited for, no longer than it lasts", "[playout][scores]") {
  const Score little = score_of("jitter 0-10 ms", CodecId::pcmu, {.jitter_ms = 10});
  CHECK(little.concealed < 0.02);
  CHECK(little.delay_ms < 45);
  const Score much = score_of("jitter 0-50 ms", CodecId::pcmu, {.jitter_ms = 50});
  CHECK(much.concealed < 0.05);
  CHECK(much.correlation > 0.9);
  CHECK(much.delay_ms < 110);
  const Score spikes = score_of("1 % are 120 ms late", CodecId::pcmu, {.spikes = 0.01});
  CHECK(spikes.concealed < 0.12);
}

TEST_CASE("duplicates are dropped, packets that overtook each other are put in order", "[playout][scores]") {
  const Score twice = score_of("10 % twice", CodecId::pcmu, {.duplicates = 0.1});
  CHECK(twice.concealed == 0);
  CHECK(twice.statistics.duplicates > 30);
  CHECK(twice.correlation > 0.99);
  const Score mixed =
      score_of("jitter 0-50 ms, out of order", CodecId::pcmu, {.jitter_ms = 50, .reorder = true});
  CHECK(mixed.statistics.reordered > 50);
  CHECK(mixed.correlation > 0.9);
  CHECK(mixed.concealed < 0.06);
}

TEST_CASE("a clock that is 200 ppm off is followed for an hour", "[playout]") {
  for (const double drift : {200.0, -200.0}) {
    INFO(drift << " ppm");
    Simulation simulation(CodecId::pcmu, {.jitter_ms = 2, .drift_ppm = drift});
    const auto heard = simulation.run(tone(400, 3600, 8000));
    const PlayoutStatistics& s = simulation.statistics();
    CHECK(s.overflows == 0);
    CHECK(s.late == 0);
    // 720 ms are to be made good in an hour; making all of it up would be 36 packets.
    CHECK(s.concealed_ms < 400);
    CHECK(*std::ranges::max_element(simulation.delays) < 60);
    // A tone of 400 Hz and 8000 steps by 2500 at most: nothing clicks.
    CHECK(largest_step(heard, 8000) < 4500);
  }
}

namespace {

/// Packets by hand.
struct Hand {
  Playout playout{{.rate = 8000}};
  double now = 0;
  std::uint16_t sequence = 10;
  std::uint32_t timestamp = 5000;
  std::uint32_t ssrc = 1;
  std::vector<std::int16_t> pcm = std::vector<std::int16_t>(160);
  std::unique_ptr<Encoder> encoder = make_encoder({.codec = CodecId::pcmu});
  std::vector<std::int16_t> source = tone(400, 60, 8000);
  std::size_t at = 0;

  void send(std::size_t size = 160) {
    std::vector<std::uint8_t> payload(size);
    (void)encoder->encode(std::span(source).subspan(at, size), payload);
    at += size;
    put(payload);
    timestamp += static_cast<std::uint32_t>(size);
  }
  void put(std::span<const std::uint8_t> payload, PlayoutKind::What what = PlayoutKind::What::sound) {
    playout.put({.sequence = sequence++, .timestamp = timestamp, .ssrc = ssrc}, payload,
                {what, CodecId::pcmu, 8000}, Simulation::at(now + 10));
  }
  Playout::Heard beat() {
    now += 20;
    return playout.pull(pcm, Simulation::at(now));
  }
  Playout::Heard talk(int beats) {
    auto heard = Playout::Heard::nothing_yet;
    for (int i = 0; i < beats; ++i) {
      send();
      heard = beat();
    }
    return heard;
  }
  [[nodiscard]] int peak() const {
    int most = 0;
    for (const auto sample : pcm) {
      most = std::max(most, std::abs(sample));
    }
    return most;
  }
};

}  // namespace

TEST_CASE("a peer that stops is made up for a moment, then there is silence; it starts again at once",
          "[playout]") {
  Hand hand;
  CHECK(hand.talk(20) == Playout::Heard::sound);
  for (int i = 0; i < 6; ++i) {
    (void)hand.beat();
  }
  CHECK(hand.beat() == Playout::Heard::silence);
  CHECK(hand.peak() == 0);
  const auto concealed = hand.playout.statistics().concealed_ms;
  for (int i = 0; i < 200; ++i) {
    (void)hand.beat();
  }
  hand.timestamp += 207 * 160;  // silence suppression: time went on, numbers did not
  CHECK(hand.talk(3) == Playout::Heard::sound);
  CHECK(hand.playout.statistics().concealed_ms == concealed);
  CHECK(hand.playout.statistics().delay_ms < 40);
}

TEST_CASE("a new source, a sequence that begins anew and a jump in time go on at once", "[playout]") {
  Hand hand;
  (void)hand.talk(20);
  hand.ssrc = 2;
  hand.sequence = 40000;
  hand.timestamp = 77;
  CHECK(hand.talk(5) == Playout::Heard::sound);
  CHECK(hand.playout.statistics().resets == 1);
  hand.sequence = 5;
  CHECK(hand.talk(5) == Playout::Heard::sound);
  CHECK(hand.playout.statistics().resets == 2);
  hand.timestamp += 100 * 8000;  // without a marker
  CHECK(hand.talk(5) == Playout::Heard::sound);
  hand.timestamp -= 50 * 8000;
  CHECK(hand.talk(5) == Playout::Heard::sound);
  CHECK(hand.playout.statistics().delay_ms < 60);
}

TEST_CASE("lengths change in mid-stream; an empty or endless payload is counted and does no harm",
          "[playout]") {
  Hand hand;
  (void)hand.talk(10);
  for (const std::size_t size : {80U, 80U, 240U, 480U, 160U, 960U, 160U}) {
    hand.send(size);
    for (std::size_t done = 0; done < size; done += 160) {
      (void)hand.beat();
    }
  }
  hand.put({});
  const std::vector<std::uint8_t> endless(1300, 0xFF);
  hand.put(endless);
  CHECK(hand.talk(10) == Playout::Heard::sound);
  CHECK(hand.playout.statistics().undecodable == 2);
}

TEST_CASE("what piled up while the network stood still is dropped until the delay is bearable", "[playout]") {
  Hand hand;
  (void)hand.talk(50);
  for (int i = 0; i < 50; ++i) {  // a second of nothing
    (void)hand.beat();
  }
  for (int i = 0; i < 50; ++i) {  // and all of it at once
    hand.send();
  }
  CHECK(hand.talk(400) == Playout::Heard::sound);
  CHECK(hand.playout.statistics().delay_ms < 450);
}

TEST_CASE("while a key is pressed nothing is made up", "[playout]") {
  Hand hand;
  (void)hand.talk(20);
  const std::vector<std::uint8_t> event{5, 10, 0, 160};
  for (int i = 0; i < 10; ++i) {
    hand.put(event, PlayoutKind::What::event);
    (void)hand.beat();
  }
  CHECK(hand.peak() == 0);
  CHECK(hand.playout.statistics().concealed_ms == 0);
  hand.timestamp += 1600;
  CHECK(hand.talk(5) == Playout::Heard::sound);
}

TEST_CASE("comfort noise fills the silence that it describes", "[playout]") {
  Hand hand;
  (void)hand.talk(20);
  const std::vector<std::uint8_t> noise{50};
  hand.put(noise, PlayoutKind::What::comfort_noise);
  (void)hand.beat();
  for (int i = 0; i < 20; ++i) {
    CHECK(hand.beat() == Playout::Heard::comfort_noise);
  }
  double energy = 0;
  for (const auto sample : hand.pcm) {
    energy += static_cast<double>(sample) * sample;
  }
  CHECK(10 * std::log10(energy / 160 / (32768.0 * 32768.0)) == Approx(-50).margin(2));
}
