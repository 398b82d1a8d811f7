// Waits for the disk, so that the worker need not.
#pragma once

#include "base/worker.hpp"
#include "recording/file/output_file.hpp"

#include <functional>
#include <memory>
#include <mutex>
#include <set>

namespace switchroom::recording {

/// A thread that syncs files in the order in which they were handed over. Any thread hands over. Destroying
/// it syncs what waits.
class DiskSync {
 public:
  /// Nothing when there is no file yet (null), or it waits already: a slow disk is asked less often.
  void sync(const std::shared_ptr<OutputFile>& file);
  /// A complete file (null: there is none), with its name in its folder; `done` is called on the thread when
  /// the disk has both.
  void complete(const std::shared_ptr<OutputFile>& file, std::function<void(base::result<void>)> done);

 private:
  std::mutex mutex_;                     // guards what follows
  std::set<const OutputFile*> waiting_;  // for a sync; kept alive by their jobs
  base::Worker worker_{"recording sync", base::Worker::AtEnd::finish};  // last: its jobs use the rest
};

}  // namespace switchroom::recording
