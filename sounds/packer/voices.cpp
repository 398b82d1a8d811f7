#include "voices.hpp"

#include <flite/flite.h>
#include <speex/speex_resampler.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <numeric>
#include <span>
#include <spandsp.h>
#include <stdexcept>
#include <unistd.h>

extern "C" cst_voice* register_cmu_us_slt(const char* folder);

namespace packer {
namespace {

constexpr unsigned rate = 16000;
constexpr double loudness =
    3000;  // root mean square of speech, here and in the recordings as they are packed
constexpr int loudest = 30000;
constexpr std::size_t margin = rate / 20;  // of silence that is kept on each side
constexpr int quiet = 200;

Samples resampled(std::span<const std::int16_t> in, unsigned from) {
  if (from == rate) {
    return {in.begin(), in.end()};
  }
  const std::unique_ptr<SpeexResamplerState, decltype(&speex_resampler_destroy)> state(
      speex_resampler_init(1, from, rate, 10, nullptr), speex_resampler_destroy);
  speex_resampler_skip_zeros(state.get());
  Samples out(in.size() * rate / from);
  auto given = static_cast<spx_uint32_t>(in.size());
  auto made = static_cast<spx_uint32_t>(out.size());
  speex_resampler_process_int(state.get(), 0, in.data(), &given, out.data(), &made);
  out.resize(made);
  return out;
}

bool sounds(std::int16_t sample) { return std::abs(sample) > quiet; }

Samples trimmed(const Samples& raw) {
  const auto first = std::find_if(raw.begin(), raw.end(), sounds);
  const auto last = std::find_if(raw.rbegin(), raw.rend(), sounds).base();
  if (first == raw.end()) {
    throw std::runtime_error("nothing of it can be heard");
  }
  const auto before = std::min<std::ptrdiff_t>(first - raw.begin(), margin);
  const auto after = std::min<std::ptrdiff_t>(raw.end() - last, margin);
  return {first - before, last + after};
}

/// Without the silence around, as loud as the recordings.
Samples finished(const Samples& raw) {
  Samples out = trimmed(raw);
  double power = 0;
  std::size_t spoken = 0;
  int peak = 1;
  for (const std::int16_t sample : out) {
    power += sounds(sample) ? double{1} * sample * sample : 0.0;
    spoken += sounds(sample) ? 1 : 0;
    peak = std::max(peak, std::abs(int{sample}));
  }
  const double gain =
      std::min(loudness / std::sqrt(power / static_cast<double>(spoken)), double{loudest} / peak);
  for (std::int16_t& sample : out) {
    sample = static_cast<std::int16_t>(std::lround(sample * gain));
  }
  return out;
}

Samples speak_english(const std::string& text) {
  static cst_voice* const voice = [] {
    flite_init();
    return register_cmu_us_slt(nullptr);
  }();
  const std::unique_ptr<cst_wave, decltype(&delete_wave)> wave(flite_text_to_wave(text.c_str(), voice),
                                                               delete_wave);
  if (wave == nullptr) {
    throw std::runtime_error("flite cannot say it");
  }
  return resampled({wave->samples, static_cast<std::size_t>(wave->num_samples)},
                   static_cast<unsigned>(wave->sample_rate));
}

/// espeak-ng's output: a WAV of 16 bit whose header says nothing of its length.
Samples speak_otherwise(const std::string& text, const std::string& language) {
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) {
    throw std::runtime_error("no pipe");
  }
  const ::pid_t child = ::fork();
  if (child == 0) {
    ::dup2(ends[1], 1);
    ::close(ends[0]);
    ::close(ends[1]);
    ::execlp("espeak-ng", "espeak-ng", "-v", language.c_str(), "-s", "150", "--stdout", "--", text.c_str(),
             nullptr);
    ::_exit(127);
  }
  ::close(ends[1]);
  std::vector<char> bytes;
  std::array<char, 65536> piece{};
  for (::ssize_t got = 0; (got = ::read(ends[0], piece.data(), piece.size())) > 0;) {
    bytes.insert(bytes.end(), piece.begin(), piece.begin() + got);
  }
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  constexpr std::size_t header = 44;
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 || bytes.size() <= header) {
    throw std::runtime_error("espeak-ng (Debian's package espeak-ng) did not say it");
  }
  std::uint32_t from = 0;
  std::copy_n(bytes.begin() + 24, 4, reinterpret_cast<char*>(&from));
  Samples samples((bytes.size() - header) / 2);
  std::copy_n(bytes.begin() + header, samples.size() * 2, reinterpret_cast<char*>(samples.data()));
  return resampled(samples, from);
}

}  // namespace

Samples without_silence(const Samples& music) { return trimmed(music); }

Samples read_recording(const std::filesystem::path& file, double gain) {
  std::ifstream in(file, std::ios::binary);
  const std::vector<std::uint8_t> bytes{std::istreambuf_iterator<char>(in), {}};
  if (bytes.empty()) {
    throw std::runtime_error("there is no recording " + file.string() +
                             ": scripts/bootstrap installs Debian's packages of recordings");
  }
  const std::unique_ptr<g722_decode_state_t, decltype(&g722_decode_free)> state(
      g722_decode_init(nullptr, 64000, 0), g722_decode_free);
  Samples samples(bytes.size() * 2);
  samples.resize(static_cast<std::size_t>(
      g722_decode(state.get(), samples.data(), bytes.data(), static_cast<int>(bytes.size()))));
  for (std::int16_t& sample : samples) {
    sample = static_cast<std::int16_t>(std::lround(sample * gain));
  }
  return samples;
}

Samples speak(const std::string& text, const std::string& language) {
  return finished(language == "en" ? speak_english(text) : speak_otherwise(text, language));
}

}  // namespace packer
