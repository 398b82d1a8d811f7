// The thread that writes bindings behind the call thread's back.
#pragma once

#include "registrar/store.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <thread>

namespace switchroom::registrar {

/// Gathers changes for half a second and writes them in one transaction. While the disk refuses, the
/// changes stay (one for each binding, so memory is bounded by their number) and are tried again with
/// growing pauses. put() and flush() belong to the call thread.
class Writer {
 public:
  Writer(Store store, std::filesystem::path path);
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  void put(Key key, std::optional<Binding> binding);
  /// True when all is written; blocks up to `limit`.
  bool flush(std::chrono::milliseconds limit);
  /// The file was damaged while running and a new one begun: everything is to be put again. Once.
  bool wants_everything() { return wants_everything_.exchange(false); }

 private:
  void run();
  bool write(const Changes& changes);
  void give_back(Changes changes);
  void recover(const base::Error& why);

  Store store_;  // the thread's, once it runs
  std::filesystem::path path_;
  std::chrono::milliseconds pause_{0};
  std::chrono::steady_clock::time_point next_complaint_;
  std::atomic<bool> wants_everything_{false};

  std::mutex mutex_;  // guards what follows
  std::condition_variable wake_;
  std::condition_variable written_;
  Changes changes_;
  bool writing_ = false;
  bool hurry_ = false;
  bool stopping_ = false;

  std::thread thread_;
};

}  // namespace switchroom::registrar
