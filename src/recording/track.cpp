#include "recording/track.hpp"

#include "base/log.hpp"

#include <algorithm>
#include <cstdlib>

namespace switchroom::recording {
namespace {

using log::Level;
using log::Subsystem;
using std::chrono::milliseconds;

constexpr std::size_t most_frames_at_once = 250;  // 5 s: the others have their turn too

}  // namespace

std::string_view describe(End end) {
  switch (end) {
    case End::stopped: return "stopped";
    case End::silence: return "silence";
    case End::longest: return "longest";
    case End::failed: return "failed";
  }
  return "";
}

Track::Track(std::shared_ptr<RecordingState> state)
    : state_(std::move(state)), frame_(state_->settings.rate / 50), received_(frame_), sent_(frame_) {}

bool Track::open() {
  const RecordingSettings& settings = state_->settings;
  const auto format = format_of(settings.file);
  if (!format) {
    fail({"the ending of " + settings.file + " is none of .wav, .flac, .opus and .mp3"});
    return false;
  }
  auto file = OutputFile::create(settings.root, settings.file);
  if (!file) {
    fail(file.error());
    return false;
  }
  outcome_.file = (*file)->path();
  const unsigned channels = settings.channels == Channels::stereo ? 2 : 1;
  auto writer = SoundWriter::begin(std::move(*file), {*format, settings.rate, channels, settings.quality});
  if (!writer) {
    fail(writer.error());
    return false;
  }
  writer_ = std::move(*writer);
  state_->made(outcome_.file);
  return true;
}

bool Track::drain() {
  if (ended_ || (!writer_ && !open())) {
    return false;
  }
  bool more = true;
  for (std::size_t frames = 0; more && frames < most_frames_at_once; ++frames) {
    more = take_frame();
  }
  if (!pending_.empty() && outcome_.end != End::failed) {
    if (auto written = writer_->write(pending_); !written) {
      fail(written.error());
    }
    pending_.clear();
  }
  state_->length_ms.store(std::chrono::duration_cast<milliseconds>(outcome_.length).count(),
                          std::memory_order_relaxed);
  return !ended_;
}

/// False: there is none now, or it was the last.
bool Track::take_frame() {
  if (position_ms_ >= state_->stop_at_ms.load()) {
    return end(End::stopped);
  }
  if (state_->reader->read(received_, sent_) == 0) {
    // In this order: over() is true only when all was read.
    return state_->reader->over() ? end(End::stopped) : false;
  }
  const std::uint64_t begins = state_->reader->position_ms() - frame_ms;
  if (begins > position_ms_) {
    const std::uint64_t gap = begins - position_ms_;
    outcome_.dropped += milliseconds(gap);
    if (!state_->is_paused_at(position_ms_) && !write_silence(gap)) {
      return false;
    }
  }
  position_ms_ = begins + frame_ms;
  if (begins >= state_->stop_at_ms.load()) {
    return end(End::stopped);
  }
  if (state_->is_paused_at(begins)) {
    return state_->settings.pausing == Pausing::cut || write_silence(frame_ms);
  }
  return write_frame();
}

bool Track::write_silence(std::uint64_t ms) {
  const unsigned channels = state_->settings.channels == Channels::stereo ? 2 : 1;
  const std::vector<std::int16_t> nothing(ms / frame_ms * frame_ * channels);
  outcome_.length += milliseconds(ms);
  pending_.insert(pending_.end(), nothing.begin(), nothing.end());
  const base::Duration longest = state_->settings.longest;
  return longest > base::Duration::zero() && outcome_.length >= longest ? end(End::longest) : true;
}

bool Track::write_frame() {
  const auto at = static_cast<std::ptrdiff_t>(pending_.size());
  switch (state_->settings.channels) {
    case Channels::received: pending_.insert(pending_.end(), received_.begin(), received_.end()); break;
    case Channels::sent: pending_.insert(pending_.end(), sent_.begin(), sent_.end()); break;
    case Channels::mixed:
      for (std::size_t i = 0; i < frame_; ++i) {
        pending_.push_back(static_cast<std::int16_t>(std::clamp(received_[i] + sent_[i], -32768, 32767)));
      }
      break;
    case Channels::stereo:
      for (std::size_t i = 0; i < frame_; ++i) {
        pending_.push_back(received_[i]);
        pending_.push_back(sent_[i]);
      }
      break;
  }
  outcome_.length += milliseconds(frame_ms);
  return measure(std::span(pending_).subspan(static_cast<std::size_t>(at)), frame_ms);
}

bool Track::measure(std::span<const std::int16_t> frame, std::uint64_t ms) {
  std::uint64_t sum = 0;
  for (const std::int16_t sample : frame) {
    sum += static_cast<std::uint64_t>(std::abs(int{sample}));
  }
  const auto loudness = static_cast<unsigned>(sum / std::max<std::size_t>(frame.size(), 1));
  const RecordingSettings& settings = state_->settings;
  if (loudness < settings.silence_level) {
    outcome_.silent_tail += milliseconds(ms);
  } else {
    outcome_.silent_tail = {};
    outcome_.loud += milliseconds(ms);
  }
  state_->loudness.store(loudness, std::memory_order_relaxed);
  state_->silent_ms.store(std::chrono::duration_cast<milliseconds>(outcome_.silent_tail).count(),
                          std::memory_order_relaxed);
  if (settings.silence > base::Duration::zero() && outcome_.silent_tail >= settings.silence) {
    return end(End::silence);
  }
  return settings.longest > base::Duration::zero() && outcome_.length >= settings.longest ? end(End::longest)
                                                                                          : true;
}

void Track::settle() {
  if (writer_ && !ended_) {
    if (auto settled = writer_->settle(); !settled) {
      fail(settled.error());
    }
  }
}

Outcome Track::finish() {
  if (writer_) {
    if (auto finished = writer_->finish(); !finished && outcome_.end != End::failed) {
      fail(finished.error());
    }
    outcome_.length = writer_->length();
    outcome_.bytes = writer_->file()->size();
    writer_.reset();
  }
  if (outcome_.dropped > base::Duration::zero()) {
    log::line(Level::error, Subsystem::media, {},
              "the disk was too slow for {}: {} ms of sound were dropped, with silence in their place",
              outcome_.file.string(), std::chrono::duration_cast<milliseconds>(outcome_.dropped).count());
  }
  return outcome_;
}

void Track::fail(const base::Error& why) {
  log::line(Level::error, Subsystem::media, {}, "recording ends: {}", why.what);
  outcome_.trouble = why.what;
  (void)end(End::failed);
}

/// Always false, for who returns it.
bool Track::end(End how) {
  outcome_.end = how;
  ended_ = true;
  return false;
}

}  // namespace switchroom::recording
