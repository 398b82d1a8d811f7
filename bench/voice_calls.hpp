// Calls of each kind through the media engine in a process of its own, and the codecs alone in another.
#pragma once

#include "base/log.hpp"
#include "child.hpp"
#include "media/engine.hpp"
#include "phones.hpp"
#include "recording/recorder.hpp"

#include <cstdio>

namespace switchroom::bench {

enum class Kind : std::uint8_t { relay, pcma, opus, playback };  // PCMU to that, or a file's sound as PCMU
enum class Recorded : std::uint8_t { no, mixed, stereo };
struct Calls {
  Kind kind = Kind::opus;
  int count = 1;
  unsigned threads = 1;
  Recorded recorded = Recorded::no;  // to WAV files
  std::string folder;                // in which
  [[nodiscard]] int legs() const { return kind == Kind::playback ? 1 : 2; }
};

inline sdp::AgreedCodec leg_codec(Kind kind, int leg) {
  if (leg == 0 || kind == Kind::relay || kind == Kind::playback) {
    return {sdp::CodecId::pcmu, 0, 0, ""};
  }
  return kind == Kind::pcma ? sdp::AgreedCodec{sdp::CodecId::pcma, 8, 8, ""}
                            : sdp::AgreedCodec{sdp::CodecId::opus, 111, 111, ""};
}

/// What the engine says of all its ports at the end.
struct EngineTold {
  std::uint64_t received = 0;
  std::uint64_t concealed_ms = 0;
  std::uint64_t late = 0;
  std::uint64_t dropped_ms = 0;  // of recordings
};

/// One recording for each call, of its first port.
inline std::vector<std::unique_ptr<recording::Recording>> record_calls(
    const Calls& calls, const std::vector<std::unique_ptr<media::Port>>& ports,
    recording::Recorder& recorder) {
  std::vector<std::unique_ptr<recording::Recording>> recordings;
  for (std::size_t i = 0; calls.recorded != Recorded::no && i < ports.size(); i += 2) {
    recording::RecordingSettings settings;
    settings.root = calls.folder;
    settings.file = std::to_string(i) + ".wav";
    settings.channels =
        calls.recorded == Recorded::stereo ? recording::Channels::stereo : recording::Channels::mixed;
    recordings.push_back(recorder.start(ports[i]->tap({.rate = settings.rate}), settings, {}));
  }
  return recordings;
}

/// The child: reads the phones' ports, writes its own.
inline void run_voice_engine(const Calls& calls, const media::SoundPtr& sound, int in, int out) {
  log::set_level(log::Subsystem::media, log::Level::warning);
  asio::io_context call(1);
  const auto engine =
      media::Engine::start(call, {.first_port = 10000, .last_port = 32000, .threads = calls.threads});
  std::vector<std::unique_ptr<media::Port>> ports;
  std::vector<std::unique_ptr<media::Link>> links;
  std::vector<std::unique_ptr<media::Playback>> playbacks;
  for (int i = 0; i < calls.count * calls.legs(); ++i) {
    const int leg = i % calls.legs();
    media::PortSettings settings;
    settings.local = asio::ip::address_v4::loopback();
    auto port = engine->open(settings, {}, leg == 1 ? ports.back().get() : nullptr);
    if (!port) {
      std::fprintf(stderr, "no port for leg %d\n", i);
      std::exit(2);
    }
    ports.push_back(std::move(*port));
    sdp::MediaPlan plan;
    plan.remote_rtp = {settings.local, take<std::uint16_t>(in)};
    plan.codecs = {leg_codec(calls.kind, leg)};
    ports.back()->apply(plan);
    if (leg == 1) {
      links.push_back(engine->link(*ports[ports.size() - 2], *ports.back()));
    }
    if (calls.kind == Kind::playback) {
      playbacks.push_back(ports.back()->play({sound}, {.loops = 0}, {}));
    }
  }
  call.poll();  // the media threads hear of it
  for (const auto& port : ports) {
    put(out, port->local_rtp().port);
  }
  recording::Recorder recorder(call);
  const auto recordings = record_calls(calls, ports, recorder);
  report_cpu(in, out);
  EngineTold told;
  for (const auto& one : recordings) {
    one->stop();
  }
  recorder.close();
  call.poll();
  for (const auto& one : recordings) {
    told.dropped_ms +=
        one->outcome()
            ? static_cast<std::uint64_t>(
                  std::chrono::duration_cast<std::chrono::milliseconds>(one->outcome()->dropped).count())
            : 0;
  }
  for (const auto& port : ports) {
    const auto statistics = port->statistics();
    told.received += statistics.received;
    told.concealed_ms += statistics.concealed_ms;
    told.late += statistics.late;
  }
  put(out, told);
}

struct Measured {
  double cores = 0;  // CPU seconds of the engine in a second, all calls
  double generator_cores = 0;
  std::uint64_t expected = 0;  // packets
  std::uint64_t heard = 0;
  std::uint64_t missing = 0;   // by their sequence numbers
  double lateness_ms = 0;      // p99, of output packets against an even beat
  double own_lateness_ms = 0;  // p99, of the generator
  EngineTold told;
};

/// The phones of `calls`: each begins elsewhere in its script.
inline std::vector<Line> lines_of(const Calls& calls, const std::array<const Script*, 2>& says) {
  std::vector<Line> lines;
  for (int i = 0; i < calls.count * calls.legs(); ++i) {
    const int leg = i % calls.legs();
    lines.push_back({.says = calls.kind == Kind::playback ? nullptr : says[static_cast<std::size_t>(leg)],
                     .begin = static_cast<std::size_t>(i / calls.legs()) * 137,
                     .hears_step = leg_codec(calls.kind, leg).codec == sdp::CodecId::opus ? 960U : 160U});
  }
  return lines;
}

inline Measured measure_calls(const Calls& calls, const media::SoundPtr& sound, Phones& phones, int warm,
                              int seconds, bool keep) {
  const Child child = start([&](int in, int out) { run_voice_engine(calls, sound, in, out); });
  for (std::size_t i = 0; i < phones.size(); ++i) {
    put(child.to, phones.port(i));
  }
  std::vector<std::uint16_t> ports(phones.size());
  for (std::uint16_t& port : ports) {
    port = take<std::uint16_t>(child.from);
  }
  phones.aim(ports);
  Measured measured;
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
  measured.told = take<EngineTold>(child.from);
  finish(child);
  measured.cores = (after - before) / seconds;
  measured.generator_cores = own / seconds;
  measured.own_lateness_ms = phones.own_lateness_ms();
  measured.expected = phones.size() * static_cast<std::uint64_t>(seconds) * 50;
  std::vector<double> lateness;
  const auto codec_step = [&](std::size_t line) {
    const int leg = static_cast<int>(line) % calls.legs();
    return leg_codec(calls.kind, leg).codec == sdp::CodecId::opus ? 960U : 160U;
  };
  for (std::size_t i = 0; i < phones.size(); ++i) {
    const Arrival one = arrival(phones.heard(i), codec_step(i));
    measured.heard += one.heard;
    measured.missing += one.missing;
    lateness.insert(lateness.end(), one.lateness_ms.begin(), one.lateness_ms.end());
  }
  measured.lateness_ms = quantile(std::move(lateness), 0.99);
  return measured;
}

/// The child: decodes and encodes what the phones of PCMU-opus calls say, with the settings of the engine and
/// nothing else. `paced`: as the engine must, a quarter of the calls every 5 ms, with the caches as cold as
/// they are by then; otherwise as fast as it can, all calls a frame at a time.
inline double cores_of_bare_codecs(int calls, const Script& pcmu, const Script& opus, int seconds,
                                   bool paced) {
  const Child child = start([&](int, int out) {
    struct Call {
      std::unique_ptr<media::Decoder> from_pcmu, from_opus;
      std::unique_ptr<media::Encoder> to_opus, to_pcmu;
    };
    std::vector<Call> all;
    for (int i = 0; i < calls; ++i) {
      const media::CodecSettings narrow{.codec = sdp::CodecId::pcmu, .rate = 8000, .peer_fmtp = {}};
      const media::CodecSettings wide{.codec = sdp::CodecId::opus, .rate = 8000, .peer_fmtp = {}};
      all.push_back({media::make_decoder(narrow), media::make_decoder(wide), media::make_encoder(wide),
                     media::make_encoder(narrow)});
    }
    Pcm pcm(160);
    std::vector<std::uint8_t> payload(media::max_payload);
    const auto serve = [&](std::size_t i, std::size_t frame) {
      const std::size_t at = i * 137 + frame;
      (void)all[i].from_pcmu->decode(pcmu.payloads[at % pcmu.payloads.size()], pcm);
      (void)all[i].to_opus->encode(pcm, payload);
      (void)all[i].from_opus->decode(opus.payloads[at % opus.payloads.size()], pcm);
      (void)all[i].to_pcmu->encode(pcm, payload);
    };
    const std::size_t warm = 50;
    double before = 0;
    const std::int64_t begin = now_ns();
    for (std::size_t frame = 0; frame < static_cast<std::size_t>(seconds) * 50 + warm; ++frame) {
      if (frame == warm) {
        before = cpu_seconds_of_process();
      }
      for (std::size_t quarter = 0; quarter < 4; ++quarter) {
        if (paced) {
          sleep_until(begin + static_cast<std::int64_t>(frame * 4 + quarter) * 5'000'000);
        }
        for (std::size_t i = quarter; i < all.size(); i += 4) {
          serve(i, frame);
        }
      }
    }
    put(out, cpu_seconds_of_process() - before);
  });
  const double used = take<double>(child.from);
  finish(child);
  return used / seconds;
}

}  // namespace switchroom::bench
