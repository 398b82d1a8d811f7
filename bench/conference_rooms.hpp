// A conference room of the media engine in a process of its own, with members of every kind.
#pragma once

#include "base/log.hpp"
#include "child.hpp"
#include "media/engine.hpp"
#include "phones.hpp"

#include <cstdio>
#include <memory>
#include <vector>

namespace switchroom::bench {

/// Who is in the room, beside those who talk.
enum class Listeners : std::uint8_t {
  quiet,  // their phones send a quiet line's noise all the time
  muted,  // the same, but the room has muted them
  dtx     // their phones send nothing
};
struct RoomOf {
  int members = 100;
  int talkers = 3;
  int rooms = 1;  // of so many members each
  sdp::CodecId codec = sdp::CodecId::pcmu;
  Listeners listeners = Listeners::quiet;
  unsigned threads = 1;
  unsigned rate = 16000;
  [[nodiscard]] int lines() const { return members * rooms; }
};

struct RoomTold {
  std::uint64_t received = 0;
  std::uint64_t concealed_ms = 0;
  std::uint64_t late = 0;
};

inline sdp::AgreedCodec codec_of(sdp::CodecId codec) {
  switch (codec) {
    case sdp::CodecId::opus: return {codec, 111, 111, ""};
    case sdp::CodecId::g722: return {codec, 9, 9, ""};
    default: return {sdp::CodecId::pcmu, 0, 0, ""};
  }
}

/// The child: reads the phones' ports, writes its own.
inline void run_rooms(const RoomOf& what, int in, int out) {
  log::set_level(log::Subsystem::media, log::Level::warning);
  asio::io_context call(1);
  const auto engine =
      media::Engine::start(call, {.first_port = 10000, .last_port = 32000, .threads = what.threads});
  std::vector<std::unique_ptr<media::Port>> ports;
  std::vector<std::unique_ptr<media::MixSeat>> seats;
  std::vector<std::unique_ptr<media::Mix>> mixes;
  for (int room = 0; room < what.rooms; ++room) {
    mixes.push_back(engine->mix({.rate = what.rate, .comfort_noise = true, .sends_silence = true}));
  }
  for (int i = 0; i < what.lines(); ++i) {
    media::PortSettings settings;
    settings.local = asio::ip::address_v4::loopback();
    auto port = engine->open(settings, {});
    if (!port) {
      std::fprintf(stderr, "no port for member %d\n", i);
      std::exit(2);
    }
    ports.push_back(std::move(*port));
    sdp::MediaPlan plan;
    plan.remote_rtp = {settings.local, take<std::uint16_t>(in)};
    plan.codecs = {codec_of(what.codec)};
    ports.back()->apply(plan);
    const bool talks = i % what.members < what.talkers;
    media::MixRole role{.energy_level = 100};
    if (!talks && what.listeners == Listeners::muted) {
      role.speaks = 0;
    }
    seats.push_back(mixes[static_cast<std::size_t>(i / what.members)]->join(*ports.back(), role, {}));
  }
  call.poll();  // the media threads hear of it
  for (const auto& port : ports) {
    put(out, port->local_rtp().port);
  }
  report_cpu(in, out);
  RoomTold told;
  for (const auto& port : ports) {
    const auto statistics = port->statistics();
    told.received += statistics.received;
    told.concealed_ms += statistics.concealed_ms;
    told.late += statistics.late;
  }
  put(out, told);
  seats.clear();
  mixes.clear();
  ports.clear();
}

struct RoomMeasured {
  double cores = 0;
  double generator_cores = 0;
  std::uint64_t expected = 0;
  std::uint64_t heard = 0;
  std::uint64_t missing = 0;  // by their numbers
  std::uint64_t late = 0;     // by more than 10 ms against an even beat
  double lateness_ms = 0;     // p99
  double own_lateness_ms = 0;
  RoomTold told;
};

inline std::uint32_t step_of(sdp::CodecId codec) { return codec == sdp::CodecId::opus ? 960U : 160U; }

inline std::vector<Line> members_of(const RoomOf& what, const Script& talk, const Script& quiet) {
  std::vector<Line> lines;
  for (int i = 0; i < what.lines(); ++i) {
    const bool talks = i % what.members < what.talkers;
    const Script* const says = talks ? &talk : what.listeners == Listeners::dtx ? nullptr : &quiet;
    lines.push_back(
        {.says = says, .begin = static_cast<std::size_t>(i) * 137, .hears_step = step_of(what.codec)});
  }
  return lines;
}

inline RoomMeasured measure_room(const RoomOf& what, Phones& phones, int warm, int seconds, bool keep) {
  const Child child = start([&](int in, int out) { run_rooms(what, in, out); });
  for (std::size_t i = 0; i < phones.size(); ++i) {
    put(child.to, phones.port(i));
  }
  std::vector<std::uint16_t> ports(phones.size());
  for (std::uint16_t& port : ports) {
    port = take<std::uint16_t>(child.from);
  }
  phones.aim(ports);
  RoomMeasured measured;
  const auto used = [&] {
    put(child.to, 'x');
    return take<double>(child.from);
  };
  double before = 0;
  double after = 0;
  double own = 0;
  phones.run(
      warm, seconds, keep,
      [&] {
        before = used();
        own = cpu_seconds_of_process();
      },
      [&] {
        after = used();
        own = cpu_seconds_of_process() - own;
      });
  measured.told = take<RoomTold>(child.from);
  finish(child);
  measured.cores = (after - before) / seconds;
  measured.generator_cores = own / seconds;
  measured.own_lateness_ms = phones.own_lateness_ms();
  measured.expected = phones.size() * static_cast<std::uint64_t>(seconds) * 50;
  std::vector<double> lateness;
  for (std::size_t i = 0; i < phones.size(); ++i) {
    const Arrival arrived = arrival(phones.heard(i), step_of(what.codec));
    measured.heard += arrived.heard;
    measured.missing += arrived.missing;
    lateness.insert(lateness.end(), arrived.lateness_ms.begin(), arrived.lateness_ms.end());
  }
  measured.late = static_cast<std::uint64_t>(
      std::count_if(lateness.begin(), lateness.end(), [](double ms) { return ms > 10; }));
  measured.lateness_ms = quantile(std::move(lateness), 0.99);
  return measured;
}

/// What sending alone costs: so many sockets, each with a packet of PCMU every 20 ms, in one burst; and, with
/// `receive`, reading as many.
inline double cores_of_bare_sending(int count, int seconds) {
  const Child child = start([&](int, int out) {
    const int hearer = bound_socket();
    const sockaddr_in to = loopback(port_of(hearer));
    std::vector<int> sockets;
    for (int i = 0; i < count; ++i) {
      sockets.push_back(bound_socket());
    }
    std::array<std::uint8_t, 172> packet{};
    const std::int64_t begin = now_ns();
    const double before = cpu_seconds_of_process();
    for (int beat = 0; beat < seconds * 50; ++beat) {
      sleep_until(begin + std::int64_t{beat} * 20'000'000);
      for (const int fd : sockets) {
        (void)::sendto(fd, packet.data(), packet.size(), MSG_DONTWAIT, reinterpret_cast<const sockaddr*>(&to),
                       sizeof to);
      }
    }
    put(out, cpu_seconds_of_process() - before);
  });
  const double used = take<double>(child.from);
  finish(child);
  return used / seconds;
}

}  // namespace switchroom::bench
