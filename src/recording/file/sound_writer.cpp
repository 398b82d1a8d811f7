#include "recording/file/sound_writer.hpp"

#include "recording/file/writers.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace switchroom::recording {
namespace {

struct Row {
  std::string_view ending;
  Format format;
};
constexpr std::array rows{Row{".wav", Format::wav},   Row{".wave", Format::wav}, Row{".flac", Format::flac},
                          Row{".opus", Format::opus}, Row{".ogg", Format::opus}, Row{".mp3", Format::mp3}};

}  // namespace

std::string_view name(Format format) {
  switch (format) {
    case Format::wav: return "wav";
    case Format::flac: return "flac";
    case Format::opus: return "opus";
    case Format::mp3: return "mp3";
  }
  return "";
}

std::optional<Format> format_of(const std::filesystem::path& file) {
  std::string ending = file.extension().string();
  std::ranges::transform(ending, ending.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  const auto row = std::ranges::find(rows, ending, &Row::ending);
  return row == rows.end() ? std::nullopt : std::optional(row->format);
}

base::result<std::unique_ptr<SoundWriter>> SoundWriter::begin(std::shared_ptr<OutputFile> file,
                                                              const SoundFormat& format) {
  switch (format.format) {
    case Format::flac: return begin_flac(std::move(file), format);
    case Format::opus: return begin_opus(std::move(file), format);
    case Format::mp3: return begin_mp3(std::move(file), format);
    case Format::wav: break;
  }
  return begin_wav(std::move(file), format);
}

base::result<void> SoundWriter::write(std::span<const std::int16_t> pcm) {
  if (auto encoded = encode(pcm); !encoded) {
    return encoded;
  }
  frames_ += pcm.size() / format_.channels;
  return {};
}

base::Duration SoundWriter::length() const {
  return std::chrono::microseconds(frames_ * 1'000'000 / format_.rate);
}

}  // namespace switchroom::recording
