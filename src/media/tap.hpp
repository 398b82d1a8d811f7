// Copies of a port's sound for someone on another thread: recording, detection, streaming.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace switchroom::media {

struct TapSettings {
  unsigned rate = 8000;  // Hz of the samples: 8000, 16000 or 48000
  bool received = true;  // what the peer says
  bool sent = true;      // what the peer hears
  unsigned seconds = 4;  // that it holds for a reader who falls behind
};

/// The reading end's view of a ring that one media thread writes and one other thread reads, without locks.
/// A reader who falls behind loses the newest sound, which is counted, and never holds the call up.
class TapReader {
 public:
  virtual ~TapReader() = default;
  /// The next sound, 20 ms at a time: `received` and `sent` are filled alike, sample by sample of the same
  /// moment (a direction that is not tapped, silent or on hold is zeros). Returns samples for each, 0:
  /// nothing yet. One reading thread.
  virtual std::size_t read(std::span<std::int16_t> received, std::span<std::int16_t> sent) = 0;
  /// Where on the tap's own time, from its beginning on and with what was lost in it, the frame ends that
  /// read() gave last: who expected less fills the gap with silence. Reading thread.
  [[nodiscard]] virtual std::uint64_t position_ms() const = 0;
  /// Where the frame will begin that is tapped next: "from here on", said by who pauses or stops. Any thread.
  [[nodiscard]] virtual std::uint64_t now_ms() const = 0;
  [[nodiscard]] virtual std::uint64_t lost_ms() const = 0;  // any thread
  [[nodiscard]] virtual bool over() const = 0;              // the tap is gone, and all was read
};

/// Destroying it ends the tapping; the reader may read what is left. Call thread.
class Tap {
 public:
  virtual ~Tap() = default;
  /// Shared: the reader lives on another thread, for which the tap's owner need not wait.
  [[nodiscard]] virtual std::shared_ptr<TapReader> reader() const = 0;
};

}  // namespace switchroom::media
