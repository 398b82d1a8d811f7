// How other threads reach a media thread: a list under a lock, and one descriptor that wakes it.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace switchroom::media {

class MediaThread;
class Stream;

/// What a media thread is told, in order: a stream arrives, something is done with a stream, something is
/// done there, or (none of these) the thread ends as soon as it has nothing left.
struct Order {
  /// Run on the thread where the stream is, with both.
  using Command = std::function<void(MediaThread& thread, Stream& stream)>;

  std::unique_ptr<Stream> arrival;
  std::uint64_t stream = 0;
  Command command;
  std::function<void(MediaThread& thread)> task = {};
};

/// A lock and not a lock-free queue: it is held for a push or a swap, never while anything runs. Putting
/// wakes nobody: a thread that waits for a processor before all others would run at once, for each order of
/// a call's turn anew. Who puts sees to it that wake() follows (the call thread by its Doorbell); a thread
/// that is awake for packets looks by itself.
class Mailbox {
 public:
  Mailbox();  // throws std::system_error without a descriptor
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;
  ~Mailbox();

  // Any thread.
  void put(Order order);
  /// The media thread wakes up, unless it has taken all orders already.
  void wake();

  // The media thread.
  [[nodiscard]] int descriptor() const { return descriptor_; }  // readable from wake() to take()
  [[nodiscard]] bool has_orders() const { return has_orders_.load(std::memory_order_acquire); }
  std::vector<Order> take();

 private:
  int descriptor_;
  std::mutex mutex_;
  std::vector<Order> orders_;
  std::atomic<bool> has_orders_{false};  // written under the lock
};

}  // namespace switchroom::media
