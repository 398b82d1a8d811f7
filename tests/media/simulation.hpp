// A phone, a bad network and a playout, with a clock of their own: an hour passes in a second.
#pragma once

#include "media/codec/codec.hpp"
#include "media/jitter/playout.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <numbers>
#include <random>
#include <vector>

namespace switchroom::media::test {

using namespace std::chrono_literals;

inline std::vector<std::int16_t> tone(double frequency, double seconds, unsigned rate,
                                      double amplitude = 8000) {
  std::vector<std::int16_t> pcm(static_cast<std::size_t>(seconds * rate));
  for (std::size_t i = 0; i < pcm.size(); ++i) {
    pcm[i] = static_cast<std::int16_t>(
        std::lround(amplitude * std::sin(2 * std::numbers::pi * frequency * static_cast<double>(i) / rate)));
  }
  return pcm;
}

/// Something like a voice: harmonics of a gliding pitch under a slow envelope, never the same twice.
inline std::vector<std::int16_t> voice(double seconds, unsigned rate, unsigned seed = 1) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> between(0, 1);
  std::vector<std::int16_t> pcm(static_cast<std::size_t>(seconds * rate));
  std::size_t at = 0;
  while (at < pcm.size()) {
    const auto length = static_cast<std::size_t>((0.12 + 0.2 * between(random)) * rate);
    const double pitch = 90 + 120 * between(random);
    const double glide = 0.4 * (between(random) - 0.5);
    const double formant = 400 + 1500 * between(random);
    double phase = 0;
    for (std::size_t i = 0; i < length && at + i < pcm.size(); ++i) {
      const double part = static_cast<double>(i) / static_cast<double>(length);
      phase += pitch * (1 + glide * part) / rate;
      double sum = 0;
      for (int harmonic = 1; harmonic * pitch < 3300; ++harmonic) {
        const double off = (harmonic * pitch - formant) / 300;
        sum += std::sin(2 * std::numbers::pi * phase * harmonic) / (1 + off * off);
      }
      const double envelope = 0.5 - 0.5 * std::cos(2 * std::numbers::pi * part);
      pcm[at + i] =
          static_cast<std::int16_t>(std::lround(std::clamp(4000 * sum * envelope, -32000.0, 32000.0)));
    }
    at += length + static_cast<std::size_t>(0.05 * between(random) * rate);
  }
  return pcm;
}

/// What happens to the packets between the phone and us.
struct Faults {
  double loss = 0;        // share
  double burst = 1;       // packets, mean
  double jitter_ms = 0;   // 0 to so much more for each packet
  double spikes = 0;      // share that takes 120 ms more
  double duplicates = 0;  // share
  bool reorder = false;   // whether one may overtake another
  double drift_ppm = 0;   // the phone's clock is so much faster than ours
  double phase_ms = 7;    // from our beat to the first arrival
};

/// A stream from a phone through faults to a Playout, and what was heard of it.
class Simulation {
 public:
  Simulation(sdp::CodecId codec, const Faults& faults, unsigned rate = 0, unsigned ptime = 20)
      : codec_(codec),
        faults_(faults),
        ptime_(ptime),
        rate_(rate != 0 ? rate : natural_rate(codec)),
        encoder_(
            make_encoder({.codec = codec, .rate = rate_, .peer_fmtp = "useinbandfec=1", .ptime = ptime})),
        playout_({.rate = rate_}) {
    encoder_->expect_loss(faults.loss);
  }

  /// Plays all of `sound` (at the encoder's rate); returns what was heard, beat by beat.
  std::vector<std::int16_t> run(const std::vector<std::int16_t>& sound) {
    const std::size_t frame = encoder_->rate() * std::size_t{ptime_} / 1000;
    const auto packets = sound.size() / frame;
    std::vector<std::int16_t> heard;
    std::vector<std::int16_t> pcm(rate_ / 50);
    const double step = ptime_ / (1 + faults_.drift_ppm * 1e-6);
    std::size_t sent = 0;
    const double length = static_cast<double>(packets) * step;
    for (double beat = 0; beat < length; beat += 20) {
      for (; sent < packets && faults_.phase_ms + static_cast<double>(sent) * step <= beat; ++sent) {
        send(std::span(sound).subspan(sent * frame, frame),
             faults_.phase_ms + static_cast<double>(sent) * step);
      }
      while (!network_.empty() && network_.begin()->first <= beat) {
        arrive(network_.begin()->second, network_.begin()->first);
        network_.erase(network_.begin());
      }
      const auto what = playout_.pull(pcm, at(beat));
      kinds.push_back(what);
      delays.push_back(playout_.statistics().delay_ms);
      heard.insert(heard.end(), pcm.begin(), pcm.end());
    }
    return heard;
  }

  [[nodiscard]] const PlayoutStatistics& statistics() const { return playout_.statistics(); }
  [[nodiscard]] Playout& playout() { return playout_; }
  static base::Time at(double ms) {
    return base::Time(1h) +
           std::chrono::duration_cast<base::Duration>(std::chrono::duration<double, std::milli>(ms));
  }

  std::vector<Playout::Heard> kinds;
  std::vector<double> delays;
  std::size_t lost = 0;
  unsigned seed = 1;

 private:
  struct Packet {
    RtpPacket header;
    std::vector<std::uint8_t> payload;
  };

  void send(std::span<const std::int16_t> pcm, double now) {
    std::vector<std::uint8_t> payload(max_payload);
    payload.resize(encoder_->encode(pcm, payload));
    Packet packet{{.sequence = sequence_++, .timestamp = timestamp_, .ssrc = 7}, std::move(payload)};
    timestamp_ += ptime_ * clock_rate() / 1000;
    std::uniform_real_distribution<double> between(0, 1);
    losing_ = losing_ ? between(random_) < 1 - 1 / faults_.burst
                      : between(random_) < faults_.loss / (faults_.burst * (1 - faults_.loss));
    const double late = faults_.jitter_ms * between(random_);
    const bool spike = between(random_) < faults_.spikes;
    const bool twice = between(random_) < faults_.duplicates;
    if (losing_) {
      ++lost;
      return;
    }
    double arrival = now + late + (spike ? 120 : 0);
    if (!faults_.reorder) {
      arrival = std::max(arrival, latest_ + 0.01);
      latest_ = arrival;
    }
    if (twice) {
      network_.emplace(arrival + 1, packet);
    }
    network_.emplace(arrival, std::move(packet));
  }
  void arrive(const Packet& packet, double now) {
    playout_.put(packet.header, packet.payload, {PlayoutKind::What::sound, codec_, clock_rate()}, at(now));
  }
  [[nodiscard]] std::uint32_t clock_rate() const { return codec_ == sdp::CodecId::opus ? 48000 : 8000; }

  sdp::CodecId codec_;
  Faults faults_;
  unsigned ptime_;
  unsigned rate_;
  std::unique_ptr<Encoder> encoder_;
  Playout playout_;
  std::mt19937 random_{42};
  bool losing_ = false;
  double latest_ = 0;
  std::uint16_t sequence_ = 65000;
  std::uint32_t timestamp_ = 0xFFFF0000;
  std::multimap<double, Packet> network_;
};

/// The normalised correlation of each second of `heard` with the piece of `sent` that it is most like,
/// looked for up to `reach` seconds back.
inline std::vector<double> scores(const std::vector<std::int16_t>& heard,
                                  const std::vector<std::int16_t>& sent, unsigned rate, double reach = 0.5) {
  std::vector<double> found;
  for (std::size_t at = rate; at + rate <= heard.size() && at + rate <= sent.size(); at += rate) {
    double best = 0;
    for (std::size_t lag = 0; lag < static_cast<std::size_t>(reach * rate); ++lag) {
      double product = 0;
      double a = 1;
      double b = 1;
      // Every third sample is enough to find the place.
      for (std::size_t i = 0; i < rate; i += 3) {
        const double x = heard[at + i];
        const double y = sent[at - lag + i];
        product += x * y;
        a += x * x;
        b += y * y;
      }
      best = std::max(best, product / std::sqrt(a * b));
    }
    found.push_back(best);
  }
  return found;
}

inline double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values.empty() ? 0 : values[values.size() / 2];
}

inline int largest_step(const std::vector<std::int16_t>& pcm, std::size_t from = 1) {
  int largest = 0;
  for (std::size_t i = std::max<std::size_t>(from, 1); i < pcm.size(); ++i) {
    largest = std::max(largest, std::abs(pcm[i] - pcm[i - 1]));
  }
  return largest;
}

}  // namespace switchroom::media::test
