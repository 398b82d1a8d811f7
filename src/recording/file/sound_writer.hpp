// Sound into a file of any of the formats, so that the file can be played at every instant.
#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "recording/file/output_file.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

namespace switchroom::recording {

enum class Format : std::uint8_t { wav, flac, opus, mp3 };
std::string_view name(Format format);  // "wav", which is also the ending
/// By its ending: .wav, .flac, .opus or .ogg, .mp3, in any case.
std::optional<Format> format_of(const std::filesystem::path& file);

/// How it is compressed; a format takes what is its own.
struct Quality {
  int mp3_vbr = 2;         // LAME's -V: 0 is the best, 9 the smallest
  unsigned mp3_kbit = 0;   // a constant rate in its place; 0: -V
  unsigned opus_kbit = 0;  // of each channel; 0: 24 for 8 kHz, else 32
};

struct SoundFormat {
  Format format = Format::wav;
  unsigned rate = 8000;   // Hz: 8000, 16000 or 48000
  unsigned channels = 1;  // or 2: kept apart, also where a codec could save by mixing them
  Quality quality{};
};

/// Writes 16-bit sound as it comes. One thread at a time; blocks on the disk. After an error the file still
/// plays up to what was written before; only finish() may follow.
class SoundWriter {
 public:
  virtual ~SoundWriter() = default;
  SoundWriter(const SoundWriter&) = delete;
  SoundWriter& operator=(const SoundWriter&) = delete;

  /// The file is new and empty, and belongs to this writer alone.
  static base::result<std::unique_ptr<SoundWriter>> begin(std::shared_ptr<OutputFile> file,
                                                          const SoundFormat& format);

  /// Samples of the channels side by side (left, right, left …).
  base::result<void> write(std::span<const std::int16_t> pcm);
  /// Makes all that was written so far part of what a player finds (about once a second). What was written
  /// since is what a killed process loses.
  virtual base::result<void> settle() = 0;
  /// Ends the file as its format has it. Nothing may be written from here on.
  virtual base::result<void> finish() = 0;

  [[nodiscard]] std::uint64_t frames() const { return frames_; }  // samples of one channel
  [[nodiscard]] base::Duration length() const;
  [[nodiscard]] const SoundFormat& format() const { return format_; }
  [[nodiscard]] const std::shared_ptr<OutputFile>& file() const { return file_; }

 protected:
  // Shared with the thread that syncs.
  SoundWriter(std::shared_ptr<OutputFile> file, const SoundFormat& format)
      : file_(std::move(file)), format_(format) {}
  virtual base::result<void> encode(std::span<const std::int16_t> pcm) = 0;

 private:
  std::shared_ptr<OutputFile> file_;
  SoundFormat format_;
  std::uint64_t frames_ = 0;
};

}  // namespace switchroom::recording
