#include "media/engine/media_thread.hpp"

#include "base/log.hpp"
#include "base/thread.hpp"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>
#include <string>
#include <system_error>
#include <utility>

namespace switchroom::media {
namespace {

constexpr std::size_t packet_size = 2048;  // bytes; an Ethernet frame's worth, and no honest sound is larger
constexpr int turn_size = 128;             // sockets looked at before timers and commands get their turn
constexpr auto sweep_interval = std::chrono::milliseconds(100);

int new_epoll() {
  const int fd = ::epoll_create1(EPOLL_CLOEXEC);
  if (fd < 0) {
    throw std::system_error(errno, std::generic_category(), "epoll_create1");
  }
  return fd;
}

// Level-triggered: what a turn leaves is there in the next.
bool watch(int epoll, int fd, void* what) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = what;
  return ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

void watch(int epoll, Stream::Readable& readable) {
  if (!watch(epoll, readable.fd(), &readable)) {
    log::line(log::Level::error, log::Subsystem::media, "", "a media port cannot be watched: errno {}",
              errno);
  }
}

bool is_mail(const epoll_event& event) { return event.data.ptr == nullptr; }

/// How many are ready; none when the set is closed.
std::size_t wait_for(int epoll, std::span<epoll_event> ready) {
  return static_cast<std::size_t>(std::max(0, ::epoll_wait(epoll, ready.data(), turn_size, 0)));
}

void forget(int epoll, const Stream::Readable& readable) {
  (void)::epoll_ctl(epoll, EPOLL_CTL_DEL, readable.fd(), nullptr);
}

}  // namespace

MediaThread::MediaThread(unsigned number, asio::io_context& call_context)
    : call_context_(call_context),
      work_(asio::make_work_guard(context_)),
      epoll_(context_, new_epoll()),
      sweep_(context_),
      buffer_(packet_size),
      thread_(base::start_thread("media-" + std::to_string(number), [this] { run(); })) {}

MediaThread::~MediaThread() {
  if (thread_.joinable()) {  // the engine could not start all of its threads
    finish();
    join();
  }
}

void MediaThread::run() {
  if (!base::go_before_others()) {
    log::line(
        log::Level::debug, log::Subsystem::media, "",
        "sound has no priority over other programs: the system does not allow it (LimitNICE, RLIMIT_NICE)");
  }
  (void)watch(epoll_.native_handle(), mailbox_.descriptor(), nullptr);  // nullptr: see is_mail
  (void)watch(epoll_.native_handle(), clock_.descriptor(), &clock_);
  await_packets();
  context_.run();
}

void MediaThread::await_packets() {
  epoll_.async_wait(asio::posix::stream_descriptor::wait_read, [this](error_code error) {
    if (error) {
      return;
    }
    receive_ready();
    await_packets();
  });
}

/// One packet of each socket that has some, so that a flood at one port takes no more than its share. What
/// the call thread said before a packet came is obeyed before the packet is looked at.
void MediaThread::receive_ready() {
  std::array<epoll_event, turn_size> ready;
  const auto poll = [&] { return std::span(ready).first(wait_for(epoll_.native_handle(), ready)); };
  std::span<const epoll_event> events = poll();
  if (mailbox_.has_orders() || std::ranges::any_of(events, is_mail)) {
    obey();
    events = poll();  // anew: an order may have destroyed a stream that was ready
  }
  Turn turn{buffer_, base::Clock::now(), totals_};
  bool beat = false;
  for (const epoll_event& event : events) {
    if (event.data.ptr == &clock_) {
      beat = true;
    } else if (!is_mail(event)) {
      static_cast<const Stream::Readable*>(event.data.ptr)->receive(turn);
    }
  }
  if (beat) {  // after the packets that are here in time for it
    clock_.tick();
  }
}

void MediaThread::obey() {
  for (Order& order : mailbox_.take()) {
    if (order.arrival != nullptr) {
      arrive(std::move(order.arrival));
    } else if (order.command) {
      perform(order.stream, std::move(order.command));
    } else if (order.task) {
      order.task(*this);
    } else {
      finishing_ = true;
    }
  }
  end_if_done();
}

void MediaThread::arm_sweep() {
  if (sweeping_ || streams_.empty()) {
    return;
  }  // an idle switchboard does not wake up
  sweeping_ = true;
  sweep_.expires_after(sweep_interval);
  sweep_.async_wait([this](error_code error) {
    sweeping_ = false;
    if (error) {
      return;
    }
    const base::Time now = base::Clock::now();
    for (const auto& [id, stream] : streams_) {
      stream->sweep(now);
    }
    arm_sweep();
  });
}

void MediaThread::adopt(std::unique_ptr<Stream> stream) { mailbox_.put({std::move(stream), 0, {}}); }

void MediaThread::arrive(std::unique_ptr<Stream> stream) {
  const StreamId id = stream->id();
  watch(epoll_.native_handle(), stream->rtp_readable());
  watch(epoll_.native_handle(), stream->rtcp_readable());
  Stream& here = *(streams_[id] = std::move(stream));
  here.live_by({&clock_, epoll_.native_handle(), &totals_});
  join_partners(here);
  arm_sweep();
  run_waiting(id);
}

void MediaThread::run_waiting(StreamId stream) {
  const auto waiting = waiting_.find(stream);
  if (waiting == waiting_.end()) {
    return;
  }
  // One of them may hand the stream over: those behind it are meant for its next stay here.
  while (!waiting->second.empty()) {
    Stream* const here = find(stream);
    if (here == nullptr) {
      return;
    }
    const Command command = std::move(waiting->second.front());
    waiting->second.pop_front();
    command(*this, *here);
  }
  waiting_.erase(waiting);
}

void MediaThread::command(StreamId stream, Command command) {
  mailbox_.put({nullptr, stream, std::move(command)});
}

void MediaThread::task(Task task) { mailbox_.put({nullptr, 0, {}, std::move(task)}); }

void MediaThread::perform(StreamId stream, Command command) {
  Stream* const here = find(stream);
  if (here == nullptr || waiting_.contains(stream)) {
    waiting_[stream].push_back(std::move(command));
    return;
  }
  command(*this, *here);
}

Stream* MediaThread::find(StreamId stream) const {
  const auto found = streams_.find(stream);
  return found == streams_.end() ? nullptr : found->second.get();
}

std::unique_ptr<Stream> MediaThread::release(StreamId stream) {
  const auto found = streams_.find(stream);
  std::unique_ptr<Stream> released = std::move(found->second);
  streams_.erase(found);
  (void)released->rise_from(released->mix());
  forget(epoll_.native_handle(), released->rtp_readable());
  forget(epoll_.native_handle(), released->rtcp_readable());
  released->disconnect();
  released->live_by({});
  clear_desks();
  return released;
}

void MediaThread::hand_over(StreamId stream, MediaThread& to) {
  to.adopt(release(stream));
  to.wake();
}

void MediaThread::close(StreamId stream) { release(stream)->say_goodbye(base::Clock::now()); }

void MediaThread::join_partners(Stream& stream) {
  if (stream.link() == 0) {
    return;
  }
  Stream* const partner = find(stream.partner());
  if (partner != nullptr && partner->link() == stream.link()) {
    stream.connect(*partner);
  }
}

MixDesk& MediaThread::desk(MixId mix, const MixSettings& settings) {
  auto& desk = desks_[mix];
  if (desk == nullptr) {
    desk = std::make_unique<MixDesk>(clock_, call_context_, settings);
  }
  return *desk;
}

MixDesk* MediaThread::find_desk(MixId mix) const {
  const auto found = desks_.find(mix);
  return found == desks_.end() ? nullptr : found->second.get();
}

void MediaThread::clear_desks() {
  std::erase_if(desks_, [](const auto& one) { return one.second->empty(); });
}

void MediaThread::finish() {
  mailbox_.put({});
  wake();
}

void MediaThread::end_if_done() {
  if (!finishing_ || !streams_.empty() || !waiting_.empty()) {
    return;
  }
  error_code ignored;
  sweep_.cancel();
  epoll_.close(ignored);
  work_.reset();
}

void MediaThread::join() { thread_.join(); }

}  // namespace switchroom::media
