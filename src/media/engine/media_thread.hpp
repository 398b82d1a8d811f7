// A thread of sound: its sockets' epoll set, its streams, its timers.
#pragma once

#include "base/asio.hpp"
#include "media/engine/beat_clock.hpp"
#include "media/engine/mailbox.hpp"
#include "media/engine/mix_desk.hpp"
#include "media/engine/stream.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <cstdint>
#include <deque>
#include <memory>
#include <thread>
#include <unordered_map>
#include <vector>

namespace switchroom::media {

/// Owns the streams that live on it. The sockets are in an epoll set of its own, which asio awaits as one
/// descriptor: that costs 25 to 35 % less for each packet than sockets in asio's reactor. The mailbox and the
/// beat are in the same set; other timers still come by asio.
///
/// Commands reach a stream in the order in which the call thread gave them, wherever the stream is just
/// then. The call thread alone decides where a stream lives, and from the moment it decides so sends its
/// commands there; a command that is here before its stream waits for it. So a move needs no answer, no
/// lock and no wait: the old thread hands the stream over when it gets to that command.
class MediaThread {
 public:
  using Command = Order::Command;
  using Task = std::function<void(MediaThread& thread)>;

  /// `call_context`: where mixes tell what happens. Starts; throws std::system_error without descriptors or
  /// threads.
  MediaThread(unsigned number, asio::io_context& call_context);
  MediaThread(const MediaThread&) = delete;
  MediaThread& operator=(const MediaThread&) = delete;
  ~MediaThread();  // after join()

  // Any thread. What is put here is done when packets or the beat come, or after wake().
  void adopt(std::unique_ptr<Stream> stream);
  /// Call thread (its order is the commands' order).
  void command(StreamId stream, Command command);
  void task(Task task);
  void wake() { mailbox_.wake(); }
  /// The thread ends as soon as it has no stream and no command left. Wakes it.
  void finish();
  void join();
  [[nodiscard]] const ThreadTotals& totals() const { return totals_; }

  // This thread, from commands.
  void hand_over(StreamId stream, MediaThread& to);
  void close(StreamId stream);
  /// Connects the stream with its partner if that is here and names the same link.
  void join_partners(Stream& stream);
  /// The mix, made when it is first needed.
  MixDesk& desk(MixId mix, const MixSettings& settings);
  /// The mix if it is there.
  [[nodiscard]] MixDesk* find_desk(MixId mix) const;
  /// Lets go of mixes at which nobody sits and nothing is played.
  void clear_desks();

 private:
  void run();
  void await_packets();
  void receive_ready();
  void obey();
  void arm_sweep();
  void arrive(std::unique_ptr<Stream> stream);
  std::unique_ptr<Stream> release(StreamId stream);
  void run_waiting(StreamId stream);
  void perform(StreamId stream, Command command);
  [[nodiscard]] Stream* find(StreamId stream) const;
  void end_if_done();

  asio::io_context& call_context_;
  Mailbox mailbox_;
  BeatClock clock_;  // in front of who lives by it
  std::unordered_map<MixId, std::unique_ptr<MixDesk>> desks_;
  asio::io_context context_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  // With this executor and not any_io_executor, which would be looked through for each wait.
  asio::posix::basic_stream_descriptor<asio::io_context::executor_type> epoll_;
  asio::steady_timer sweep_;
  bool sweeping_ = false;
  bool finishing_ = false;
  std::unordered_map<StreamId, std::unique_ptr<Stream>> streams_;
  std::unordered_map<StreamId, std::deque<Command>> waiting_;  // for streams on their way here
  std::vector<std::uint8_t> buffer_;
  ThreadTotals totals_;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace switchroom::media
