// Sound that the engine decodes, makes, plays, copies and mixes, on real sockets.
#include "media/codec/codec.hpp"
#include "media/dsp/key_detector.hpp"
#include "media/rtp/telephone_event.hpp"
#include "peer.hpp"
#include "simulation.hpp"

#include <map>

using namespace switchroom;
using namespace switchroom::media;
using namespace switchroom::media::test;
using sdp::CodecId;

namespace {

sdp::MediaPlan plan_of(const base::Endpoint& remote, CodecId codec, std::uint8_t type, bool events = true) {
  auto plan = plan_for(remote);
  plan.codecs = {{codec, type, type, ""}};
  if (!events) {
    plan.telephone_event_8k.reset();
  }
  return plan;
}

/// A peer with one codec that sends a sound, and decodes what it hears.
struct Phone : Peer {
  Phone(CodecId codec_, std::uint8_t type_)
      : codec(codec_),
        type(type_),
        encoder(make_encoder({.codec = codec_, .rate = natural_rate(codec_)})),
        decoder(make_decoder({.codec = codec_, .rate = natural_rate(codec_)})) {}

  void say(const base::Endpoint& to, std::span<const std::int16_t> pcm) {
    Bytes payload(max_payload);
    payload.resize(encoder->encode(pcm, payload));
    send(to,
         rtp({.payload_type = type, .sequence = sequence++, .timestamp = timestamp, .ssrc = ssrc}, payload));
    timestamp += codec == CodecId::opus ? 960 : 160;
  }
  /// Takes in all that has come.
  void listen() {
    while (const auto got = hear(0ms)) {
      packets.push_back(got->packet);
      const auto payload =
          std::span(got->bytes).subspan(got->packet.payload_offset, got->packet.payload_size);
      if (got->packet.payload_type != type) {
        others.emplace_back(got->packet, Bytes(payload.begin(), payload.end()));
        continue;
      }
      std::vector<std::int16_t> pcm(5760);
      pcm.resize(decoder->decode(payload, pcm));
      heard.insert(heard.end(), pcm.begin(), pcm.end());
    }
  }
  [[nodiscard]] std::vector<std::int16_t> last(double seconds) const {
    const auto count = std::min(heard.size(), static_cast<std::size_t>(seconds * decoder->rate()));
    return {heard.end() - static_cast<std::ptrdiff_t>(count), heard.end()};
  }

  CodecId codec;
  std::uint8_t type;
  std::unique_ptr<Encoder> encoder;
  std::unique_ptr<Decoder> decoder;
  std::vector<RtpPacket> packets;
  std::vector<std::pair<RtpPacket, Bytes>> others;
  std::vector<std::int16_t> heard;
};

/// The share of the power that is at `frequency`, and the level in dB of full scale.
struct Spectrum {
  double share = 0;
  double level_db = -200;
};
Spectrum at(const std::vector<std::int16_t>& pcm, double frequency, unsigned rate) {
  double real = 0;
  double imaginary = 0;
  double total = 0;
  for (std::size_t i = 0; i < pcm.size(); ++i) {
    const double angle = 2 * std::numbers::pi * frequency * static_cast<double>(i) / rate;
    real += pcm[i] * std::cos(angle);
    imaginary += pcm[i] * std::sin(angle);
    total += static_cast<double>(pcm[i]) * pcm[i];
  }
  if (total == 0) {
    return {};
  }
  const auto size = static_cast<double>(pcm.size());
  return {2 * (real * real + imaginary * imaginary) / (size * total),
          10 * std::log10(total / size / (32768.0 * 32768.0 / 2))};
}

/// Two phones and their ports.
struct Pair : Room {
  Pair(CodecId first, CodecId second, bool events = true) : a(first, 111), b(second, 9) {
    PortEvents tell_a;
    tell_a.on_digit = [this](const Digit& digit) { digits.push_back(digit); };
    a_port = open({}, tell_a);
    b_port = open({}, {});
    a_port->apply(plan_of(a.local(), first, 111, events));
    b_port->apply(plan_of(b.local(), second, 9));
    link = engine->link(*a_port, *b_port);
  }
  /// Both talk for so long, 20 ms at a time: a tone of 440 Hz there, of 600 Hz back.
  void talk(double seconds) {
    const auto next = std::chrono::steady_clock::now();
    for (int i = 0; i < static_cast<int>(seconds * 50); ++i) {
      one(a, *a_port, 440);
      one(b, *b_port, 600);
      go_on_until(next + (i + 1) * 20ms);
      a.listen();
      b.listen();
      call.restart();
      call.poll();
    }
  }
  void one(Phone& phone, Port& port, double frequency) {
    const unsigned rate = phone.encoder->rate();
    std::vector<std::int16_t> pcm(rate / 50);
    std::size_t& position = positions[&phone];
    for (auto& sample : pcm) {
      sample = static_cast<std::int16_t>(std::lround(
          8000 * std::sin(2 * std::numbers::pi * frequency * static_cast<double>(position++) / rate)));
    }
    phone.say(port.local_rtp(), pcm);
  }

  Phone a, b;
  std::vector<Digit> digits;
  std::map<Phone*, std::size_t> positions;
  std::unique_ptr<Port> a_port, b_port;
  std::unique_ptr<Link> link;
};

constexpr double level_of_8000 = -12.25;  // dB of full scale

void check_steady(const Phone& phone) {
  for (std::size_t i = 1; i < phone.packets.size(); ++i) {
    CHECK(static_cast<std::uint16_t>(phone.packets[i].sequence - phone.packets[i - 1].sequence) == 1);
  }
}

}  // namespace

TEST_CASE("every codec talks to every other", "[voice]") {
  const auto [first, second] =
      GENERATE(std::pair{CodecId::pcmu, CodecId::pcma}, std::pair{CodecId::pcmu, CodecId::g722},
               std::pair{CodecId::pcma, CodecId::opus}, std::pair{CodecId::g722, CodecId::opus});
  INFO(sdp::name(first) << " and " << sdp::name(second));
  Pair pair(first, second);
  pair.talk(2);
  for (const auto& [phone, frequency] : {std::pair{&pair.a, 600.0}, std::pair{&pair.b, 440.0}}) {
    const auto last = phone->last(1);
    const Spectrum heard = at(last, frequency, phone->decoder->rate());
    CHECK(heard.share > 0.98);
    CHECK(heard.level_db == Approx(level_of_8000).margin(0.7));
    CHECK(phone->packets.size() > 80);
    check_steady(*phone);
  }
  CHECK(pair.a_port->statistics().played_ms > 1000);
  CHECK(pair.a_port->statistics().concealed_ms < 200);
  CHECK(pair.a_port->statistics().mos > 3.5);
}

TEST_CASE("a tap hears both directions and leaves what is relayed as it is", "[voice]") {
  Pair pair(CodecId::pcmu, CodecId::pcmu);
  pair.talk(0.5);
  {
    const auto tap = pair.a_port->tap({.rate = 16000});
    pair.talk(1.5);
    const auto reader = tap->reader();
    std::vector<std::int16_t> received, sent, x(320), y(320);
    while (reader->read(x, y) == 320) {
      received.insert(received.end(), x.begin(), x.end());
      sent.insert(sent.end(), y.begin(), y.end());
    }
    REQUIRE(received.size() > 16000);
    const auto tail = [](const std::vector<std::int16_t>& pcm) {
      return std::vector<std::int16_t>(pcm.end() - 8000, pcm.end());
    };
    CHECK(at(tail(received), 440, 16000).share > 0.98);
    CHECK(at(tail(sent), 600, 16000).share > 0.98);
    CHECK(reader->lost_ms() == 0);
  }
  pair.talk(0.5);
  // Each packet went through unchanged, with the distances that it had.
  CHECK(pair.b_port->statistics().sent >= 124);
  check_steady(pair.b);
  for (std::size_t i = 1; i < pair.b.packets.size(); ++i) {
    CHECK(pair.b.packets[i].timestamp - pair.b.packets[i - 1].timestamp == 160);
  }
}

TEST_CASE("louder and softer; and back to passing packets on, without a click", "[voice]") {
  Pair pair(CodecId::pcmu, CodecId::pcmu);
  pair.talk(0.6);
  pair.b_port->amplify(0, -6);
  pair.talk(1);
  CHECK(at(pair.b.last(0.5), 440, 8000).level_db == Approx(level_of_8000 - 6).margin(0.4));
  pair.b_port->amplify(0, 0);
  pair.talk(1);
  CHECK(at(pair.b.last(0.5), 440, 8000).level_db == Approx(level_of_8000).margin(0.3));
  check_steady(pair.b);
  // A step of 440 Hz at 8000 is 2740 at most.
  CHECK(largest_step(pair.b.heard, 400) < 5500);
}

TEST_CASE("a sound is played in place of the partner, told when it is over, and stopped softly", "[voice]") {
  Pair pair(CodecId::pcmu, CodecId::opus);
  auto sound = std::make_shared<Sound>();
  sound->rate = 16000;
  sound->samples = tone(1000, 0.8, 16000);
  int ended = 0;
  pair.talk(0.3);
  auto playback = pair.a_port->play({SoundPtr(sound)}, {}, [&] { ++ended; });
  pair.talk(0.6);
  CHECK(at(pair.a.last(0.3), 1000, 8000).share > 0.95);
  CHECK(playback->position() > 300ms);
  pair.talk(1.2);
  CHECK(ended == 1);
  CHECK(at(pair.a.last(0.4), 600, 8000).share > 0.95);  // the partner again
  // For ever, until it is stopped: nobody is told.
  playback = pair.a_port->play({SoundPtr(sound)}, {.loops = 0}, [&] { ++ended; });
  pair.talk(1);
  CHECK(at(pair.a.last(0.2), 1000, 8000).share > 0.9);
  playback.reset();
  pair.talk(0.8);
  CHECK(at(pair.a.last(0.4), 600, 8000).share > 0.95);
  CHECK(ended == 1);
  check_steady(pair.a);
  CHECK(largest_step(pair.a.heard, 400) < 9000);
}

TEST_CASE("a key is pressed once, in the form that the peer knows", "[voice]") {
  SECTION("RFC 4733") {
    Pair pair(CodecId::pcmu, CodecId::pcma);
    pair.talk(0.3);
    pair.b_port->press('5');
    pair.talk(0.16);
    pair.b_port->release();
    pair.b_port->press('#');
    pair.b_port->release();
    pair.talk(0.8);
    std::map<std::uint32_t, std::vector<TelephoneEvent>> presses;
    for (const auto& [packet, payload] : pair.b.others) {
      CHECK(packet.payload_type == 101);
      presses[packet.timestamp].push_back(parse_telephone_event(payload).value());
    }
    REQUIRE(presses.size() == 2);
    CHECK(presses.begin()->second.front().event == 5);
    CHECK(std::ranges::count_if(presses.begin()->second, &TelephoneEvent::end) == 3);
    CHECK(presses.begin()->second.back().duration >= 960);
    CHECK(presses.rbegin()->second.front().event == 11);
    check_steady(pair.b);
  }
  SECTION("several at once, each for its length") {
    Pair pair(CodecId::pcmu, CodecId::pcma);
    pair.talk(0.3);
    for (const char key : {'1', '2', '3'}) {
      pair.b_port->press(key, key == '2' ? 200ms : 100ms);
    }
    pair.talk(1.2);
    std::map<std::uint32_t, TelephoneEvent> last;
    for (const auto& [packet, payload] : pair.b.others) {
      last[packet.timestamp] = parse_telephone_event(payload).value();
    }
    std::vector<std::pair<int, int>> keys;
    for (const auto& [timestamp, event] : last) {
      keys.emplace_back(event.event, event.duration / 8);
    }
    CHECK(keys == std::vector<std::pair<int, int>>{{1, 100}, {2, 200}, {3, 100}});
    check_steady(pair.b);
  }
  SECTION("several tones at once") {
    Pair pair(CodecId::pcmu, CodecId::pcmu, false);
    pair.talk(0.2);
    for (const char key : {'4', '4', '0'}) {
      pair.a_port->press(key, 100ms);
    }
    pair.talk(1.0);
    KeyDetector detector(8000);
    std::string found;
    for (std::size_t i = 0; i + 160 <= pair.a.heard.size(); i += 160) {
      if (const auto change = detector.hear(std::span(pair.a.heard).subspan(i, 160)); change.began) {
        found += *change.began;
      }
    }
    CHECK(found == "440");
  }
  SECTION("a tone, which is recognised at the other end of another call") {
    Pair pair(CodecId::pcmu, CodecId::pcmu, false);
    pair.a_port->listen_for_tones(ToneKeys::told);
    pair.talk(0.3);
    pair.a_port->press('7');
    pair.talk(0.3);
    pair.a_port->release();
    pair.talk(0.4);
    KeyDetector detector(8000);
    std::string found;
    for (std::size_t i = 0; i + 160 <= pair.a.heard.size(); i += 160) {
      if (const auto change = detector.hear(std::span(pair.a.heard).subspan(i, 160)); change.began) {
        found += *change.began;
      }
    }
    CHECK(found == "7");
  }
  SECTION("heard as a tone") {
    Pair pair(CodecId::pcmu, CodecId::pcma, false);
    pair.a_port->listen_for_tones(ToneKeys::taken_out);
    ToneGenerator keys({.tones = {key_tone('9')}, .loops = 1}, 8000);
    const auto next = std::chrono::steady_clock::now();
    std::vector<std::int16_t> pcm(160);
    for (int i = 0; i < 60; ++i) {
      std::ranges::fill(pcm, std::int16_t{0});
      if (i > 20 && i < 30) {
        (void)keys.read(pcm);
      }
      pair.a.say(pair.a_port->local_rtp(), pcm);
      pair.go_on_until(next + (i + 1) * 20ms);
      pair.b.listen();
    }
    REQUIRE(pair.until([&] { return pair.digits.size() == 2; }));
    CHECK(pair.digits[0].key == '9');
    CHECK_FALSE(pair.digits[0].ended);
    CHECK(pair.digits[1].ended);
    CHECK(pair.digits[1].form == Digit::Form::tone);
    // The partner hears next to nothing of it: too little for a detector of its own.
    KeyDetector detector(8000);
    for (std::size_t i = 0; i + 160 <= pair.b.heard.size(); i += 160) {
      CHECK_FALSE(detector.hear(std::span(pair.b.heard).subspan(i, 160)).began);
    }
  }
}

TEST_CASE("key presses that are relayed are told, once", "[voice]") {
  Pair pair(CodecId::pcmu, CodecId::pcmu);
  pair.talk(0.2);
  KeySender sender(8000);
  sender.press('3');
  sender.release();
  const std::uint32_t timestamp = pair.a.timestamp;
  while (const auto packet = sender.next(20ms)) {
    pair.a.send(pair.a_port->local_rtp(), rtp({.payload_type = 101,
                                               .marker = packet->first,
                                               .sequence = pair.a.sequence++,
                                               .timestamp = timestamp,
                                               .ssrc = pair.a.ssrc},
                                              Bytes(packet->payload.begin(), packet->payload.end())));
  }
  REQUIRE(pair.until([&] { return pair.digits.size() >= 2; }));
  pair.talk(0.3);
  REQUIRE(pair.digits.size() == 2);
  CHECK(pair.digits[0].key == '3');
  CHECK(pair.digits[0].relayed);
  CHECK(pair.digits[1].ended);
  CHECK(pair.digits[1].length == 40ms);
  std::map<std::uint32_t, int> presses;
  for (const auto& [packet, payload] : pair.b.others) {
    ++presses[packet.timestamp];
  }
  CHECK(presses.size() == 1);
}

TEST_CASE("in a mix each hears the others and not itself", "[voice]") {
  Room room;
  Phone a(CodecId::pcmu, 0), b(CodecId::g722, 9), c(CodecId::opus, 111);
  std::vector<std::unique_ptr<Port>> ports;
  std::vector<Phone*> phones{&a, &b, &c};
  const auto mix = room.engine->mix(16000);
  std::vector<std::unique_ptr<MixSeat>> seats;
  for (Phone* phone : phones) {
    ports.push_back(room.open());
    ports.back()->apply(plan_of(phone->local(), phone->codec, phone->type));
    seats.push_back(mix->join(*ports.back(), {}));
  }
  const std::array<double, 3> frequencies{440, 600, 1000};
  std::array<std::size_t, 3> positions{};
  const auto talk = [&](double seconds) {
    const auto next = std::chrono::steady_clock::now();
    for (int i = 0; i < static_cast<int>(50 * seconds); ++i) {
      for (std::size_t n = 0; n < 3; ++n) {
        const unsigned rate = phones[n]->encoder->rate();
        std::vector<std::int16_t> pcm(rate / 50);
        for (auto& sample : pcm) {
          sample = static_cast<std::int16_t>(4000 * std::sin(2 * std::numbers::pi * frequencies[n] *
                                                             static_cast<double>(positions[n]++) / rate));
        }
        phones[n]->say(ports[n]->local_rtp(), pcm);
      }
      room.go_on_until(next + (i + 1) * 20ms);
      for (Phone* phone : phones) {
        phone->listen();
      }
    }
  };
  talk(1.5);
  for (std::size_t n = 0; n < 3; ++n) {
    const auto last = phones[n]->last(0.5);
    INFO("member " << n);
    for (std::size_t other = 0; other < 3; ++other) {
      const double share = at(last, frequencies[other], phones[n]->decoder->rate()).share;
      CHECK((other == n ? share < 0.02 : share > 0.4));
    }
  }
  seats[2].reset();  // c leaves: a hears b alone
  talk(1);
  CHECK(at(a.last(0.4), 600, 8000).share > 0.95);
  check_steady(a);
}
