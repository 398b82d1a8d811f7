#include "recording/file/place.hpp"
#include "recording/file/sound_writer.hpp"
#include "recording/reading.hpp"

#include <lame/lame.h>
#include <sys/stat.h>

namespace switchroom::recording {
namespace {

using namespace test;
using Catch::WithinAbs;

std::unique_ptr<SoundWriter> begin(const Scratch& scratch, const SoundFormat& format) {
  auto file = OutputFile::create(scratch.path(), "a/b." + std::string(name(format.format)));
  REQUIRE(file.has_value());
  auto writer = SoundWriter::begin(*file, format);
  REQUIRE(writer.has_value());
  return std::move(*writer);
}

/// As a player reads it; MP3 by LAME's decoder, which libsndfile was built without.
Heard heard(const std::filesystem::path& path) {
  if (path.extension() != ".mp3") {
    return read_file(path);
  }
  std::ifstream in(path, std::ios::binary);
  std::vector<unsigned char> bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  hip_t hip = hip_decode_init();
  std::vector<short> left(1 << 22);
  std::vector<short> right(1 << 22);
  mp3data_struct data{};
  int delay = -1;
  int padding = -1;
  Heard result;
  result.channels.resize(2);
  int samples = hip_decode1_headersB(hip, bytes.data(), bytes.size(), left.data(), right.data(), &data,
                                     &delay, &padding);
  while (samples > 0 || (samples == 0 && result.channels[0].empty() && data.header_parsed == 0)) {
    result.channels[0].insert(result.channels[0].end(), left.begin(), left.begin() + samples);
    result.channels[1].insert(result.channels[1].end(), right.begin(), right.begin() + samples);
    samples = hip_decode1_headers(hip, bytes.data(), 0, left.data(), right.data(), &data);
  }
  while ((samples = hip_decode1_headers(hip, bytes.data(), 0, left.data(), right.data(), &data)) > 0) {
    result.channels[0].insert(result.channels[0].end(), left.begin(), left.begin() + samples);
    result.channels[1].insert(result.channels[1].end(), right.begin(), right.begin() + samples);
  }
  hip_decode_exit(hip);
  result.rate = static_cast<unsigned>(data.samplerate);
  result.channels.resize(static_cast<std::size_t>(data.stereo));
  if (delay >= 0) {
    for (auto& channel : result.channels) {
      const auto skip = std::min(channel.size(), static_cast<std::size_t>(delay + 529));
      channel.erase(channel.begin(), channel.begin() + static_cast<std::ptrdiff_t>(skip));
    }
  }
  return result;
}

std::vector<std::int16_t> interleaved(const std::vector<std::int16_t>& left,
                                      const std::vector<std::int16_t>& right) {
  std::vector<std::int16_t> both;
  for (std::size_t i = 0; i < left.size(); ++i) {
    both.push_back(left[i]);
    both.push_back(right[i]);
  }
  return both;
}

}  // namespace

TEST_CASE("each format says again what was written, each party in its channel", "[writer]") {
  const Format format = GENERATE(Format::wav, Format::flac, Format::opus, Format::mp3);
  const unsigned rate = GENERATE(8000U, 16000U, 48000U);
  const unsigned channels = GENERATE(1U, 2U);
  CAPTURE(name(format), rate, channels);
  const Scratch scratch;
  auto writer = begin(scratch, {format, rate, channels, {}});
  const auto left = tone(440, 3.1, rate);
  const auto right = tone(1000, 3.1, rate);
  const auto all = channels == 1 ? left : interleaved(left, right);
  const std::size_t part = rate / 10 * channels;
  for (std::size_t at = 0; at < all.size(); at += part) {
    REQUIRE(writer->write(std::span(all).subspan(at, std::min(part, all.size() - at))));
  }
  REQUIRE(writer->finish());
  CHECK(writer->length() == std::chrono::milliseconds(3100));
  const auto path = writer->file()->path();
  const Heard file = heard(path);
  const bool resampled = format == Format::opus;  // by libsndfile, which always decodes 48 kHz
  CHECK((file.rate == rate || resampled));
  REQUIRE(file.channels.size() == channels);
  // What LAME's decoder gives has its padding at the end; its length is checked in the conversion's tests.
  CHECK_THAT(file.seconds(), WithinAbs(3.1, format == Format::mp3 ? 0.3 : 0.0001));
  CHECK_THAT(amplitude(file.channels[0], file.rate, 440, 0.5, 2), WithinAbs(8000, 800));
  CHECK(amplitude(file.channels[0], file.rate, 1000, 0.5, 2) < 100);
  if (channels == 2) {
    CHECK_THAT(amplitude(file.channels[1], file.rate, 1000, 0.5, 2), WithinAbs(8000, 800));
    CHECK(amplitude(file.channels[1], file.rate, 440, 0.5, 2) < 100);
  }
  struct stat facts{};
  REQUIRE(::stat(path.c_str(), &facts) == 0);
  CHECK((facts.st_mode & 0777U & ~0640U) == 0);
}

TEST_CASE("a file that was never finished plays up to its last second", "[writer]") {
  const Format format = GENERATE(Format::wav, Format::flac, Format::opus, Format::mp3);
  const unsigned rate = GENERATE(8000U, 16000U);
  CAPTURE(name(format), rate);
  const Scratch scratch;
  auto writer = begin(scratch, {format, rate, 2, {}});
  const auto all = interleaved(tone(440, 5.9, rate), tone(1000, 5.9, rate));
  const std::size_t part = rate / 10 * 2;
  for (std::size_t at = 0; at < all.size(); at += part) {
    REQUIRE(writer->write(std::span(all).subspan(at, part)));
    if (at / part % 10 == 9) {
      REQUIRE(writer->settle());
    }
  }
  // What a killed process leaves: the file as it is now.
  const auto copy = scratch.path() / ("copy." + std::string(name(format)));
  std::filesystem::copy_file(writer->file()->path(), copy);
  const Heard file = heard(copy);
  CHECK(file.seconds() >= 4.9);
  CHECK(file.seconds() <= 6.1);
  REQUIRE(file.channels.size() == 2);
  CHECK_THAT(amplitude(file.channels[0], file.rate, 440, 0.5, 4), WithinAbs(8000, 800));
  CHECK_THAT(amplitude(file.channels[1], file.rate, 1000, 0.5, 4), WithinAbs(8000, 800));
}

TEST_CASE("a WAV file grows beyond 4 GiB", "[writer]") {
  const Scratch scratch;
  auto file = OutputFile::create(scratch.path(), "large.wav");
  REQUIRE(file.has_value());
  auto writer = SoundWriter::begin(*file, {Format::wav, 48000, 2, {}});
  REQUIRE(writer.has_value());
  const auto all = interleaved(tone(440, 1, 48000), tone(1000, 1, 48000));
  REQUIRE((*writer)->write(all));
  // A hole in the place of six hours.
  const std::uint64_t hours = 192000ULL * 3600 * 6 + 192000ULL * 1800;
  std::filesystem::resize_file((*file)->path(), (*file)->size() + hours);
  (*file)->note_growth(hours);
  REQUIRE((*writer)->write(all));
  REQUIRE((*writer)->finish());
  SF_INFO info{};
  SNDFILE* sound = sf_open((*file)->path().c_str(), SFM_READ, &info);
  REQUIRE(sound != nullptr);
  CHECK(info.frames == 2 * 48000 + static_cast<sf_count_t>(hours / 4));
  sf_seek(sound, -48000, SEEK_END);
  std::vector<std::int16_t> last(96000);
  CHECK(sf_readf_short(sound, last.data(), 48000) == 48000);
  CHECK(last == all);
  sf_close(sound);
}

TEST_CASE("a path below a folder never leads out of it", "[place]") {
  CHECK(parts_below("2026/03/14/abc_1001.wav").has_value());
  for (const char* path : {"/etc/passwd", "../x.wav", "a/../../x.wav", "a/..", "", "a//b.wav", "./a.wav",
                           "a/.", "a/\nb.wav", "a/"}) {
    CAPTURE(path);
    CHECK_FALSE(parts_below(path).has_value());
  }
  CHECK_FALSE(parts_below(std::string(201, 'a')).has_value());

  const Scratch scratch;
  const Scratch outside;
  std::filesystem::create_directory_symlink(outside.path(), scratch.path() / "link");
  CHECK_FALSE(OutputFile::create(scratch.path(), "link/a.wav").has_value());
  CHECK_FALSE(OutputFile::create(scratch.path(), "link/deeper/a.wav").has_value());
  std::filesystem::create_symlink(outside.path() / "target", scratch.path() / "b.wav");
  const auto beside = OutputFile::create(scratch.path(), "b.wav");  // the link is something that exists
  REQUIRE(beside.has_value());
  CHECK((*beside)->path() == scratch.path() / "b-2.wav");
  CHECK(std::filesystem::is_empty(outside.path()));
}

TEST_CASE("what exists is never written over", "[place]") {
  const Scratch scratch;
  for (const char* wanted : {"a.wav", "a-2.wav", "a-3.wav"}) {
    const auto file = OutputFile::create(scratch.path(), "a.wav");
    REQUIRE(file.has_value());
    CHECK((*file)->path() == scratch.path() / wanted);
  }
}

}  // namespace switchroom::recording
