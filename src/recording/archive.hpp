// The recordings that are on the disk: the index kept up to date, files converted and deleted, questions
// answered.
#pragma once

#include "base/asio.hpp"
#include "base/worker.hpp"
#include "config/recording_settings.hpp"
#include "recording/library.hpp"
#include "recording/recorder.hpp"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

namespace switchroom::recording {

/// Two threads: one for the index, and one for what has time, which runs only when nobody else wants the
/// processor (SCHED_IDLE). Made and destroyed on the call thread; after the Recorder that it observes.
class Archive final : public Observer {
 public:
  static base::result<std::unique_ptr<Archive>> open(asio::io_context& call_context,
                                                     const std::filesystem::path& database,
                                                     const config::Recording& settings);
  ~Archive() override;
  Archive(const Archive&) = delete;
  Archive& operator=(const Archive&) = delete;

  // Observer; any thread.
  void on_made(const RecordingSettings& settings, const std::filesystem::path& file) override;
  void on_complete(const RecordingSettings& settings, const Outcome& outcome) override;

  // Call thread.
  void configure(const config::Recording& settings) { library_->configure(settings); }
  [[nodiscard]] const std::filesystem::path& folder() const { return library_->folder(); }
  [[nodiscard]] std::filesystem::path path_of(const Entry& entry) const { return library_->path_of(entry); }
  void note_with(const std::string& call, const std::string& with);
  awaitable<base::result<std::vector<Entry>>> search(Search wanted);
  awaitable<base::result<std::optional<Entry>>> find(std::int64_t id);
  awaitable<base::result<void>> remove(std::int64_t id);
  awaitable<base::result<std::vector<Doomed>>> prune(bool dry_run);
  awaitable<base::result<Usage>> usage();

 private:
  Archive(asio::io_context& call_context, std::unique_ptr<Library> library);
  void keep_house();
  void pause_for(std::chrono::milliseconds time);

  asio::io_context& call_context_;
  std::unique_ptr<Library> library_;
  std::atomic<bool> stop_ = false;  // what takes long; set under the mutex
  std::mutex mutex_;
  std::condition_variable stopped_;
  base::Worker index_worker_{"recordings", base::Worker::AtEnd::finish};
  std::thread idle_thread_;
};

}  // namespace switchroom::recording
