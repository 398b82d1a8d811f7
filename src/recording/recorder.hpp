// Recording: taps are drained into files by a worker; the call thread starts, pauses and stops.
#pragma once

#include "base/asio.hpp"
#include "base/clock.hpp"
#include "media/tap.hpp"
#include "recording/file/sound_writer.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace switchroom::recording {

/// What of a tap goes into the file.
enum class Channels : std::uint8_t {
  received,  // what the peer says
  sent,      // what the peer hears
  mixed,     // both, as one
  stereo     // received left, sent right
};

/// What a pause leaves in the file.
enum class Pausing : std::uint8_t {
  silence,  // of the pause's length: times in the file stay those of the call
  cut       // nothing
};

/// Whose sound it is, for the index; what is not known stays empty.
struct About {
  std::string call;  // its id
  std::string caller;
  std::string destination;
  std::string with;  // who answered
};

struct RecordingSettings {
  std::filesystem::path root;  // the folder that the file never leaves; made when missing
  std::string file;            // below it; its ending says the format
  Channels channels = Channels::mixed;
  unsigned rate = 8000;  // Hz; that of the tap
  Quality quality{};
  Pausing pausing = Pausing::silence;
  base::Duration longest{};  // of the file; zero: as long as the tap
  /// Ends when it was quieter than this for so long: the mean size of a sample, 0 to 32767 (200 is a quiet
  /// line). Zero: goes on.
  unsigned silence_level = 0;
  base::Duration silence{};
  About about{};
};

enum class End : std::uint8_t { stopped, silence, longest, failed };
std::string_view describe(End end);

/// What became of a recording. The file is complete and on the disk (unless it failed).
struct Outcome {
  std::filesystem::path file;    // empty: it could not be made
  base::Duration length{};       // of the sound in the file
  base::Duration silent_tail{};  // of it, below silence_level at the end
  base::Duration loud{};         // of it, not below silence_level
  base::Duration dropped{};      // silence in the place of sound that the disk was too slow for
  std::uint64_t bytes = 0;
  End end = End::stopped;
  std::string trouble;  // a sentence, when End::failed
};

/// Who keeps the books. Outlives the Recorder.
class Observer {
 public:
  virtual ~Observer() = default;
  /// The file is there. The worker's thread.
  virtual void on_made(const RecordingSettings& settings, const std::filesystem::path& file) = 0;
  /// The file is complete. The syncing thread. Not for one that could not be made.
  virtual void on_complete(const RecordingSettings& settings, const Outcome& outcome) = 0;
};

class RecordingState;  // recorder.cpp: what the threads share

/// A recording that runs; destroying it stops it, and the file is completed by the worker. Call thread.
class Recording {
 public:
  ~Recording();
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;

  /// What was said until now is the end of the file; the outcome comes a moment later.
  void stop();
  /// Exact to 20 ms, however far the worker is behind. What was said in a pause is written nowhere.
  void pause(bool on);
  [[nodiscard]] bool paused() const;

  [[nodiscard]] base::Duration length() const;      // written so far, within some 100 ms
  [[nodiscard]] base::Duration silent_for() const;  // lately below silence_level
  [[nodiscard]] unsigned loudness() const;          // mean size of a sample, of the latest 20 ms
  /// Where it is being written; empty until the worker has made the file.
  [[nodiscard]] std::filesystem::path file() const;
  [[nodiscard]] bool ended() const { return outcome().has_value(); }
  [[nodiscard]] const std::optional<Outcome>& outcome() const;

 private:
  friend class Recorder;
  Recording(std::shared_ptr<RecordingState> state, std::unique_ptr<media::Tap> tap);

  std::shared_ptr<RecordingState> state_;  // shared with the worker
  std::unique_ptr<media::Tap> tap_;        // may be null
};

/// The worker thread for all recordings, and a second that waits for the disk. A disk that stands still for
/// longer than a tap holds (TapSettings::seconds) costs sound, which is counted and told in the outcome and
/// the log. Call thread.
class Recorder {
 public:
  /// Called on the call thread, once for each recording, also when its Recording is gone. After close() it
  /// is not called any more.
  using OnEnd = std::function<void(const Outcome& outcome)>;
  /// The same, when the file was made, with its name: another than wanted where that one was taken.
  using OnMade = std::function<void(const std::filesystem::path& file)>;

  explicit Recorder(asio::io_context& call_context);
  ~Recorder();
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  /// Never blocks: the file is made by the worker. `on_end` may be empty (Recording::outcome tells too, and
  /// is set before on_end is called).
  std::unique_ptr<Recording> start(std::unique_ptr<media::Tap> tap, RecordingSettings settings, OnEnd on_end,
                                   OnMade on_made = {});
  /// For who owns the tap itself; when that goes the recording ends as stopped.
  std::unique_ptr<Recording> start(std::shared_ptr<media::TapReader> reader, RecordingSettings settings,
                                   OnEnd on_end, OnMade on_made = {});
  /// Before the first start().
  void observe(Observer* observer);
  /// Completes all files and joins the threads; blocks on the disk.
  void close();

  [[nodiscard]] std::size_t running() const;  // recordings that are not complete

 private:
  class Worker;
  std::unique_ptr<Worker> worker_;
};

}  // namespace switchroom::recording
