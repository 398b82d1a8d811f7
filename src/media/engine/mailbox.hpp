// How other threads reach a media thread: a list under a lock, and one descriptor that wakes it.
#pragma once

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

/// A lock and not a lock-free queue: it is held for a push or a swap, never while anything runs. The
/// thread is woken by the first order alone, so what a call's turn says in one breath costs one wake-up;
/// posting each to the thread's io_context would cost a system call, and often a lock that is held, for each.
class Mailbox {
 public:
  Mailbox();  // throws std::system_error without a descriptor
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;
  ~Mailbox();

  /// Any thread.
  void put(Order order);

  /// The media thread: readable while there is something to take.
  [[nodiscard]] int descriptor() const { return descriptor_; }
  std::vector<Order> take();

 private:
  int descriptor_;
  std::mutex mutex_;
  std::vector<Order> orders_;
};

}  // namespace switchroom::media
