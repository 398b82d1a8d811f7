// One recording as the worker sees it: from its tap into its file.
#pragma once

#include "recording/recording_state.hpp"

#include <array>
#include <vector>

namespace switchroom::recording {

/// The worker's thread. Never throws.
class Track {
 public:
  explicit Track(std::shared_ptr<RecordingState> state);

  /// Writes what has come. False: the file has ended, and finish() is next.
  bool drain();
  /// About once a second: what was written belongs to the file from here on, whatever happens.
  void settle();
  /// Ends the file as its format has it; the disk may not have all of it yet.
  Outcome finish();
  [[nodiscard]] std::shared_ptr<OutputFile> file() const { return writer_ ? writer_->file() : nullptr; }
  [[nodiscard]] const std::shared_ptr<RecordingState>& state() const { return state_; }

 private:
  static constexpr std::uint64_t frame_ms = 20;

  bool open();
  bool take_frame();
  bool write_silence(std::uint64_t ms);
  bool write_frame();
  bool put(std::span<const std::int16_t> pcm);
  bool measure(std::span<const std::int16_t> frame, std::uint64_t ms);
  void fail(const base::Error& why);
  bool end(End how);

  std::shared_ptr<RecordingState> state_;
  std::unique_ptr<SoundWriter> writer_;
  std::size_t frame_;  // samples in 20 ms
  std::vector<std::int16_t> received_;
  std::vector<std::int16_t> sent_;
  std::vector<std::int16_t> pending_;  // for the writer: several frames at once
  std::uint64_t position_ms_ = 0;      // on the tap's time
  Outcome outcome_;
  bool ended_ = false;
};

}  // namespace switchroom::recording
