#include "recording/recorder.hpp"

#include "base/thread.hpp"
#include "recording/disk_sync.hpp"
#include "recording/track.hpp"

#include <boost/asio/post.hpp>

#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace switchroom::recording {
namespace {

using namespace std::chrono_literals;

constexpr auto pace = 100ms;        // at which taps are read
constexpr auto settling_pace = 1s;  // and files made whole

}  // namespace

// -- a recording -----------------------------------------------------------------------------------

Recording::Recording(std::shared_ptr<RecordingState> state, std::unique_ptr<media::Tap> tap)
    : state_(std::move(state)), tap_(std::move(tap)) {}

Recording::~Recording() { stop(); }

void Recording::stop() {
  state_->stop();
  tap_.reset();
}

void Recording::pause(bool on) { state_->pause(on); }
bool Recording::paused() const { return state_->paused(); }
base::Duration Recording::length() const { return std::chrono::milliseconds(state_->length_ms.load()); }
base::Duration Recording::silent_for() const { return std::chrono::milliseconds(state_->silent_ms.load()); }
unsigned Recording::loudness() const { return state_->loudness.load(); }
std::filesystem::path Recording::file() const { return state_->path(); }
const std::optional<Outcome>& Recording::outcome() const { return state_->outcome; }

// -- the worker ------------------------------------------------------------------------------------

class Recorder::Worker {
 public:
  explicit Worker(asio::io_context& call_context)
      : call_context_(call_context), sync_(std::make_unique<DiskSync>()) {
    thread_ = base::start_thread("recording", [this] { run(); });
  }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  ~Worker() { close(); }

  void add(std::shared_ptr<RecordingState> state) {
    {
      const std::lock_guard lock(mutex_);
      ++running_;
      fresh_.push_back(std::move(state));
    }
    wake_.notify_one();
  }

  void observe(Observer* observer) { observer_ = observer; }

  void close() {
    if (!thread_.joinable()) {
      return;
    }
    {
      const std::lock_guard lock(mutex_);
      closing_ = true;
    }
    wake_.notify_one();
    thread_.join();
    sync_.reset();
    *alive_ = false;
  }

  [[nodiscard]] std::size_t running() const {
    const std::lock_guard lock(mutex_);
    return running_;
  }

 private:
  void run() {
    base::Time settled = base::Clock::now();
    for (bool closing = false; !closing;) {
      closing = take_fresh();
      if (closing) {
        for (const auto& track : tracks_) {
          track->state()->stop();
        }
      }
      const bool settles = base::Clock::now() - settled >= settling_pace;
      std::erase_if(tracks_, [&](const std::unique_ptr<Track>& track) { return !serve(*track, settles); });
      if (settles) {
        settled = base::Clock::now();
      }
    }
    // What is left has more to read than fits in one turn.
    while (!tracks_.empty()) {
      std::this_thread::sleep_for(1ms);
      std::erase_if(tracks_, [&](const std::unique_ptr<Track>& track) { return !serve(*track, false); });
    }
  }

  /// Waits for the next turn. True: it is the last one.
  bool take_fresh() {
    std::unique_lock lock(mutex_);
    const auto has_news = [this] { return closing_ || !fresh_.empty(); };
    if (tracks_.empty()) {
      wake_.wait(lock, has_news);
    } else {
      wake_.wait_for(lock, pace, has_news);
    }
    for (auto& state : std::exchange(fresh_, {})) {
      tracks_.push_back(std::make_unique<Track>(std::move(state)));
    }
    return closing_;
  }

  /// False: it is over.
  bool serve(Track& track, bool settles) {
    const bool is_new = track.file() == nullptr;
    const bool goes_on = track.drain();
    if (is_new && track.file() != nullptr) {
      tell_made(track.state(), track.file()->path());
    }
    if (goes_on) {
      if (settles) {
        track.settle();
        sync_->sync(track.file());
      }
      return true;
    }
    auto file = track.file();
    const Outcome outcome = track.finish();
    sync_->complete(file, [this, state = track.state(), outcome](const base::result<void>& synced) {
      tell(state, outcome, synced);
    });
    return false;
  }

  void tell_made(const std::shared_ptr<RecordingState>& state, const std::filesystem::path& file) {
    if (observer_ != nullptr) {
      observer_->on_made(state->settings, file);
    }
    if (state->on_made) {
      asio::post(call_context_, [state, file, alive = alive_] {
        if (*alive) {
          state->on_made(file);
        }
      });
    }
  }

  /// On the syncing thread.
  void tell(const std::shared_ptr<RecordingState>& state, Outcome outcome, const base::result<void>& synced) {
    if (!synced && outcome.end != End::failed) {
      outcome.end = End::failed;
      outcome.trouble = synced.error().what;
    }
    if (observer_ != nullptr && !outcome.file.empty()) {
      observer_->on_complete(state->settings, outcome);
    }
    {
      const std::lock_guard lock(mutex_);
      --running_;
    }
    asio::post(call_context_, [state, outcome = std::move(outcome), alive = alive_] {
      state->outcome = outcome;
      if (*alive && state->on_end) {
        state->on_end(outcome);
      }
    });
  }

  asio::io_context& call_context_;
  std::unique_ptr<DiskSync> sync_;
  Observer* observer_ = nullptr;                // not owned
  std::vector<std::unique_ptr<Track>> tracks_;  // the thread's own
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<std::shared_ptr<RecordingState>> fresh_;
  std::size_t running_ = 0;
  bool closing_ = false;
  // Shared with what was posted to the call thread, which may run after this has gone.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::thread thread_;
};

// -- the call thread's side ------------------------------------------------------------------------

Recorder::Recorder(asio::io_context& call_context) : worker_(std::make_unique<Worker>(call_context)) {}
Recorder::~Recorder() = default;

std::unique_ptr<Recording> Recorder::start(std::unique_ptr<media::Tap> tap, RecordingSettings settings,
                                           OnEnd on_end, OnMade on_made) {
  auto state = std::make_shared<RecordingState>(tap->reader(), std::move(settings), std::move(on_end),
                                                std::move(on_made));
  worker_->add(state);
  return std::unique_ptr<Recording>(new Recording(std::move(state), std::move(tap)));
}

std::unique_ptr<Recording> Recorder::start(std::shared_ptr<media::TapReader> reader,
                                           RecordingSettings settings, OnEnd on_end, OnMade on_made) {
  auto state = std::make_shared<RecordingState>(std::move(reader), std::move(settings), std::move(on_end),
                                                std::move(on_made));
  worker_->add(state);
  return std::unique_ptr<Recording>(new Recording(std::move(state), nullptr));
}

void Recorder::observe(Observer* observer) { worker_->observe(observer); }
void Recorder::close() { worker_->close(); }
std::size_t Recorder::running() const { return worker_->running(); }

}  // namespace switchroom::recording
