// Waits for the disk, so that the worker need not.
#pragma once

#include "recording/file/output_file.hpp"

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

namespace switchroom::recording {

/// A thread that syncs files in the order in which they were handed over. Any thread hands over.
class DiskSync {
 public:
  DiskSync();
  ~DiskSync();  // syncs what waits, then joins
  DiskSync(const DiskSync&) = delete;
  DiskSync& operator=(const DiskSync&) = delete;

  /// Nothing when the file waits already: a slow disk is asked less often.
  void sync(const std::shared_ptr<OutputFile>& file);
  /// A complete file, with its name in its folder; `done` is called on the thread when the disk has both.
  void complete(const std::shared_ptr<OutputFile>& file, std::function<void(base::result<void>)> done);

 private:
  struct Job {
    std::shared_ptr<OutputFile> file;
    std::function<void(base::result<void>)> done;
  };
  void run();
  void push(Job job);

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> jobs_;
  bool closing_ = false;
  std::thread thread_;
};

}  // namespace switchroom::recording
