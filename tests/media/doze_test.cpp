// Members of a mix whom nobody hears: what wakes them, and that nothing of what they say then is lost.
#include "media/engine/doze.hpp"

#include "media/codec/codec.hpp"
#include "media/dsp/level.hpp"
#include "media/jitter/playout.hpp"
#include "peer.hpp"
#include "simulation.hpp"

#include <cmath>
#include <numbers>

using namespace switchroom;
using namespace switchroom::media;
using namespace switchroom::media::test;
using sdp::CodecId;

namespace {

std::vector<std::int16_t> tone(std::size_t samples, double amplitude, std::size_t from = 0) {
  std::vector<std::int16_t> pcm(samples);
  for (std::size_t i = 0; i < samples; ++i) {
    pcm[i] = static_cast<std::int16_t>(
        std::lround(amplitude * std::sin(2 * std::numbers::pi * 500 * static_cast<double>(from + i) / 8000)));
  }
  return pcm;
}

Bytes encoded(CodecId codec, std::span<const std::int16_t> pcm) {
  Bytes payload(max_payload);
  payload.resize(make_encoder({.codec = codec, .rate = 8000})->encode(pcm, payload));
  return payload;
}

bool sleeps_after(Doze& doze, int beats) {
  bool fell = false;
  for (int i = 0; i < beats; ++i) {
    fell = doze.end_beat(false) || fell;
  }
  return fell;
}

base::Time at_ms(double ms) {
  return base::Time(
      std::chrono::duration_cast<base::Duration>(std::chrono::duration<double, std::milli>(ms)));
}

/// A jitter buffer, and a phone on a clean network whose clock may be wrong.
struct Line {
  explicit Line(double drift_ = 0) : drift(drift_) {}
  void send(bool heard) {
    const RtpPacket packet{.sequence = static_cast<std::uint16_t>(number),
                           .timestamp = static_cast<std::uint32_t>(number * 160),
                           .ssrc = 1,
                           .payload_offset = 12,
                           .payload_size = 160};
    const base::Time now = at_ms(1000 + static_cast<double>(number) * 20 * (1 + drift));
    if (heard) {
      playout.put(packet, payload, {}, now);
    } else if (number % 8 == 0) {
      playout.pass_over(packet, {}, now);
    }
    ++number;
  }
  Playout::Heard pull() {
    return playout.pull(pcm, at_ms(1010 + static_cast<double>(number - 1) * 20 * (1 + drift)));
  }
  void talk(int packets) {
    for (int i = 0; i < packets; ++i) {
      send(true);
      (void)pull();
    }
  }
  void doze(std::int64_t packets) {
    for (std::int64_t i = 0; i < packets; ++i) {
      send(false);
    }
  }

  double drift;
  Playout playout{{.rate = 8000}};
  Bytes payload = encoded(CodecId::pcmu, tone(160, 4000));
  std::array<std::int16_t, 160> pcm{};
  std::int64_t number = 100;
};

}  // namespace

TEST_CASE("the amplitude of a payload is that of its sound", "[doze]") {
  for (const auto codec : {CodecId::pcmu, CodecId::pcma}) {
    for (const double amplitude : {0.0, 20.0, 150.0, 3000.0, 32000.0}) {
      const auto payload = encoded(codec, tone(160, amplitude));
      std::vector<std::int16_t> pcm(160);
      REQUIRE(make_decoder({.codec = codec, .rate = 8000})->decode(payload, pcm) == 160);
      CHECK(amplitude_of(codec, payload) == mean_amplitude(pcm));
    }
    // A word that begins at the end of a long packet is as loud as in a short one.
    auto late = tone(480, 0);
    const auto word = tone(160, 3000);
    std::ranges::copy(word, late.begin() + 320);
    CHECK(amplitude_of(codec, encoded(codec, late)) == amplitude_of(codec, encoded(codec, word)));
    CHECK(amplitude_of(codec, {}) == 0U);
  }
  CHECK_FALSE(amplitude_of(CodecId::opus, Bytes(40, 1)));
  CHECK_FALSE(amplitude_of(CodecId::g722, Bytes(160, 1)));
}

TEST_CASE("who is of no use to the mix for a second dozes until it may be of use", "[doze]") {
  Doze doze;
  doze.settle(true, 100);
  CHECK_FALSE(sleeps_after(doze, 49));
  CHECK_FALSE(doze.end_beat(true));  // its gate was open
  CHECK_FALSE(sleeps_after(doze, 49));
  CHECK_FALSE(doze.on());
  CHECK(sleeps_after(doze, 1));
  CHECK(doze.on());
  CHECK_FALSE(doze.amplitude());  // it says nothing

  CHECK(doze.sleeps_through(99));
  CHECK(doze.amplitude() == 99U);
  (void)sleeps_after(doze, 3);
  CHECK_FALSE(doze.amplitude());
  CHECK_FALSE(doze.sleeps_through(100));
  CHECK_FALSE(doze.on());

  CHECK(sleeps_after(doze, 50));
  CHECK_FALSE(doze.sleeps_through(std::nullopt));  // only decoding tells
  CHECK_FALSE(doze.on());

  doze.settle(true, 0);  // no gate: whatever it says is wanted
  CHECK(sleeps_after(doze, 50));
  CHECK_FALSE(doze.sleeps_through(0));

  doze.settle(false, 100);  // somebody else wants its sound, too
  CHECK_FALSE(sleeps_after(doze, 500));
}

TEST_CASE("a jitter buffer that packets were kept from plays the next one as after a silence",
          "[doze][playout]") {
  for (const std::int64_t away :
       {std::int64_t{1}, std::int64_t{7}, std::int64_t{50}, std::int64_t{3600 * 50}}) {
    for (const double drift : {-200e-6, 0.0, 200e-6}) {
      INFO(away << " packets, a clock that is wrong by " << drift);
      Line line(drift);
      line.talk(200);
      const PlayoutStatistics before = line.playout.statistics();
      line.doze(away);
      line.send(true);
      const auto first = line.pull();
      line.send(true);
      const auto second = line.pull();
      CHECK((first == Playout::Heard::sound || second == Playout::Heard::sound));
      line.talk(100);
      const PlayoutStatistics& after = line.playout.statistics();
      CHECK(after.late == before.late);
      CHECK(after.resets == before.resets);
      CHECK(after.overflows == before.overflows);
      CHECK(after.delay_ms < 31);
      if (away >= 8) {  // fewer are gaps like any other
        CHECK(after.concealed_ms == before.concealed_ms);
      }
    }
  }
}

// -- on real sockets ---------------------------------------------------------------------------------

namespace {

struct Member {
  Member(Room& in, Mix& mix, const MixRole& role) : room(in), port(in.open()) {
    port->apply(plan_for(phone.local()));
    seat = mix.join(*port, role);
  }
  void say(double amplitude) {
    phone.send(port->local_rtp(),
               rtp({.sequence = phone.sequence++, .timestamp = phone.timestamp, .ssrc = phone.ssrc},
                   encoded(CodecId::pcmu, tone(160, amplitude, position))));
    phone.timestamp += 160;
    position += 160;
  }
  /// The loudest packet of those that have come.
  unsigned loudest() const {
    unsigned most = 0;
    while (const auto got = phone.hear(0ms)) {
      most = std::max(most, amplitude_of(CodecId::pcmu, std::span(got->bytes).subspan(12)).value_or(0));
    }
    return most;
  }

  Room& room;
  Peer phone;
  std::unique_ptr<Port> port;
  std::unique_ptr<MixSeat> seat;
  std::size_t position = 0;
};

/// One packet of each amplitude every 20 ms; negative: none.
void run(Member& member, double seconds, double amplitude) {
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < static_cast<int>(seconds * 50); ++i) {
    if (amplitude >= 0) {
      member.say(amplitude);
    } else {
      member.phone.timestamp += 160;
    }
    member.room.go_on_until(begin + (i + 1) * 20ms);
  }
}

}  // namespace

/// It talks until it is heard, or for three seconds.
bool is_heard(Member& talker, const Member& listener) {
  unsigned loudest = 0;
  for (int i = 0; i < 10 && loudest < 1500; ++i) {
    run(talker, 0.3, 4000);
    loudest = std::max(loudest, listener.loudest());
  }
  return loudest >= 1500;
}

/// It goes on like that until it dozes, or for ten seconds: nothing of it is played then.
bool dozes(Member& talker, double amplitude) {
  for (int i = 0; i < 20; ++i) {
    const auto played = talker.port->statistics().played_ms;
    run(talker, 0.5, amplitude);
    if (talker.port->statistics().played_ms == played) {
      return true;
    }
  }
  return false;
}

TEST_CASE("a quiet member and a silent one are heard when they begin to talk", "[doze][voice]") {
  Room room;
  const auto mix = room.engine->mix(8000);
  Member listener(room, *mix, {.energy_level = 100});
  Member talker(room, *mix, {.energy_level = 100});
  for (const double pause : {30.0, -1.0}) {
    INFO((pause < 0 ? "it sent nothing" : "it sent a quiet line"));
    CHECK(dozes(talker, pause));
    (void)listener.loudest();
    run(talker, 0.3, pause);
    CHECK(listener.loudest() < 10);
    const auto level = amplitude_of(CodecId::pcmu, encoded(CodecId::pcmu, tone(160, std::max(pause, 0.0))));
    CHECK((talker.seat->state().energy == *level || pause < 0));
    CHECK(is_heard(talker, listener));
    CHECK(room.until([&] {
      run(talker, 0.1, 4000);
      return talker.seat->state().talking;
    }));
  }
  CHECK(talker.port->statistics().unwanted == 0);
  CHECK(talker.port->statistics().lost == 0);
}

TEST_CASE("who is muted and watched is known to talk without being decoded", "[doze][voice]") {
  Room room;
  const auto mix = room.engine->mix(8000);
  Member talker(room, *mix, {.speaks = 0, .energy_level = 100, .watched = true});
  CHECK(dozes(talker, 4000));
  CHECK(room.until([&] {
    run(talker, 0.1, 4000);
    return talker.seat->state().talking;
  }));
  CHECK(room.until([&] {
    run(talker, 0.1, 30);
    return !talker.seat->state().talking;
  }));
}

TEST_CASE("a member whose codec must be decoded does not doze while it sends", "[doze][voice]") {
  Room room;
  const auto mix = room.engine->mix(16000);
  Member talker(room, *mix, {.energy_level = 100});
  auto plan = plan_for(talker.phone.local());
  plan.codecs = {{CodecId::g722, 9, 9, ""}};
  talker.port->apply(plan);
  const auto quiet = encoded(CodecId::g722, std::vector<std::int16_t>(320));
  const auto begin = std::chrono::steady_clock::now();
  std::uint64_t played = 0;
  for (int i = 0; i < 100; ++i) {
    talker.phone.send(talker.port->local_rtp(), rtp({.payload_type = 9,
                                                     .sequence = talker.phone.sequence++,
                                                     .timestamp = talker.phone.timestamp,
                                                     .ssrc = talker.phone.ssrc},
                                                    quiet));
    talker.phone.timestamp += 160;
    room.go_on_until(begin + (i + 1) * 20ms);
    played = i == 60 ? talker.port->statistics().played_ms : played;
  }
  CHECK(talker.port->statistics().played_ms >= played + 300);
}

TEST_CASE("a muted member's packets are counted, and it is heard when it no longer is muted",
          "[doze][voice]") {
  Room room;
  const auto mix = room.engine->mix(8000);
  Member listener(room, *mix, {.energy_level = 100});
  Member talker(room, *mix, {.speaks = 0, .energy_level = 100});
  run(talker, 0.6, 4000);
  CHECK(room.until([&] { return talker.port->statistics().received == 30; }));
  CHECK(listener.loudest() == 0);
  talker.seat->change({.energy_level = 100});
  CHECK(is_heard(talker, listener));
}

TEST_CASE("a chime is heard by a member for whom the choir speaks", "[voice]") {
  Room room;
  const auto mix = room.engine->mix(8000);
  Member listener(room, *mix, {.energy_level = 100});
  Member other(room, *mix, {.energy_level = 100});
  run(listener, 0.5, 20);
  CHECK(listener.loudest() < 10);
  listener.port->chime({{{{1400, 0, 0, 0}, -24, 300ms, 0ms}}, 1});
  run(listener, 0.3, 20);
  CHECK(listener.loudest() > 200);
  CHECK(room.until([&] {
    run(listener, 0.3, 20);
    return listener.loudest() < 10;  // it ends, and the choir speaks again
  }));
  CHECK(other.loudest() < 10);
}
