// The ring behind a tap: a media thread writes, one other thread reads, neither waits.
#pragma once

#include "media/dsp/resampler.hpp"
#include "media/tap.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace switchroom::media {

/// Frames of 20 ms, both directions side by side. One thread writes and one reads; no lock, no allocation
/// after construction. When it is full the newest frame is dropped and counted.
class TapRing final : public TapReader {
 public:
  explicit TapRing(const TapSettings& settings);

  [[nodiscard]] const TapSettings& settings() const { return settings_; }
  [[nodiscard]] std::size_t frame_size() const { return frame_; }  // samples of one direction

  // The writing thread. A frame's place for both directions, null when the ring is full, which is counted;
  // it is read from publish() on.
  struct Slot {
    std::span<std::int16_t> received;
    std::span<std::int16_t> sent;
  };
  std::optional<Slot> reserve();
  void publish();
  /// No frame comes any more.
  void finish();

  // The reading thread. Each span is empty (not wanted) or has room for 20 ms.
  std::size_t read(std::span<std::int16_t> received, std::span<std::int16_t> sent) override;
  // Any thread.
  [[nodiscard]] std::uint64_t position_ms() const override { return position_ * frame_ms; }
  [[nodiscard]] std::uint64_t now_ms() const override;
  [[nodiscard]] std::uint64_t lost_ms() const override;
  [[nodiscard]] bool over() const override;

 private:
  static constexpr std::uint64_t frame_ms = 20;
  [[nodiscard]] Slot slot(std::uint64_t number);

  TapSettings settings_;
  std::size_t frame_;
  std::size_t frames_;                 // that the ring holds
  std::vector<std::int16_t> samples_;  // frames_ times: received, then sent
  std::vector<std::uint64_t> beats_;   // of each frame: how many were written or lost before it
  // Each on a cache line of its own: one thread's counting does not slow the other down.
  alignas(64) std::atomic<std::uint64_t> written_ = 0;  // frames, since the beginning
  std::atomic<std::uint64_t> lost_ = 0;
  std::atomic<bool> finished_ = false;
  alignas(64) std::atomic<std::uint64_t> read_ = 0;
  std::uint64_t position_ = 0;  // beats; the reader's
};

/// A stream's end of a tap: brings what the stream hears and says to the tap's rate. Media thread of its
/// stream, with which it moves; destroying it tells the reader that nothing more comes.
class TapWriter {
 public:
  explicit TapWriter(std::shared_ptr<TapRing> ring);
  TapWriter(TapWriter&&) noexcept = default;
  TapWriter& operator=(TapWriter&&) = delete;
  TapWriter(const TapWriter&) = delete;
  TapWriter& operator=(const TapWriter&) = delete;
  ~TapWriter();

  /// Once at each beat. Frames of 20 ms at any rate (which their size tells), or empty: silence. What the
  /// tap did not ask for is ignored. Allocates only when the rate of a direction changes.
  void write(std::span<const std::int16_t> received, std::span<const std::int16_t> sent);

 private:
  /// One direction, with the resampler that it needs now.
  struct Direction {
    bool wanted = false;
    std::optional<Resampler> resampler;
  };
  static void convert(Direction& direction, std::span<const std::int16_t> in, std::span<std::int16_t> out);

  std::shared_ptr<TapRing> ring_;  // shared with the reader on another thread
  Direction received_;
  Direction sent_;
};

}  // namespace switchroom::media
