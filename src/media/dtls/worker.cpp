#include "media/dtls/worker.hpp"

#include "base/thread.hpp"

#include <sys/socket.h>

namespace switchroom::media {
namespace {

constexpr unsigned most_queued = 32;       // datagrams of a session; an honest handshake has a dozen in all
constexpr std::size_t most_orders = 8192;  // of all

}  // namespace

DtlsWorker::DtlsWorker(std::unique_ptr<const DtlsIdentity> identity)
    : identity_(std::move(identity)), thread_(base::start_thread("dtls", [this] { run(); })) {}

DtlsWorker::~DtlsWorker() {
  {
    const std::lock_guard lock(mutex_);
    stops_ = true;
  }
  news_.notify_one();
  thread_.join();
}

void DtlsWorker::put(Order order) {
  {
    const std::lock_guard lock(mutex_);
    if (order.kind == Order::Kind::receive && orders_.size() >= most_orders) {
      order.session->queued.fetch_sub(1, std::memory_order_relaxed);
      return;
    }
    orders_.push_back(std::move(order));
  }
  news_.notify_one();
}

std::shared_ptr<DtlsSession> DtlsWorker::begin(DtlsTerms terms, const SocketAddress& announced,
                                               const Socket& socket) {
  auto session = std::make_shared<DtlsSession>();
  session->terms = std::move(terms);
  session->announced = announced;
  session->socket = socket.duplicate();
  put({Order::Kind::begin, session, {}, {}});
  return session;
}

void DtlsWorker::receive(const std::shared_ptr<DtlsSession>& session, std::span<const std::uint8_t> datagram,
                         const SocketAddress& source) {
  if (session->queued.fetch_add(1, std::memory_order_relaxed) >= most_queued) {
    session->queued.fetch_sub(1, std::memory_order_relaxed);
    return;
  }
  put({Order::Kind::receive, session, {datagram.begin(), datagram.end()}, source});
}

void DtlsWorker::extend(const std::shared_ptr<DtlsSession>& session) {
  put({Order::Kind::extend, session, {}, {}});
}

void DtlsWorker::end(const std::shared_ptr<DtlsSession>& session) {
  put({Order::Kind::end, session, {}, {}});
}

// -- the worker itself -------------------------------------------------------------------------------

void DtlsWorker::run() {
  std::vector<Order> orders;
  while (wait(orders)) {
    for (Order& order : orders) {
      perform(order);
    }
    serve_due();
  }
}

/// Returns with orders, or when something is due. False: the end.
bool DtlsWorker::wait(std::vector<Order>& orders) {
  orders.clear();
  std::unique_lock lock(mutex_);
  const auto has_news = [this] { return !orders_.empty() || stops_; };
  if (due_.empty()) {
    news_.wait(lock, has_news);
  } else {
    news_.wait_until(lock, due_.begin()->first, has_news);
  }
  orders.swap(orders_);
  return !stops_;
}

void DtlsWorker::perform(Order& order) {
  DtlsSession* const key = order.session.get();
  const base::Time now = base::Clock::now();
  if (order.kind == Order::Kind::end) {
    forget(key);
    return;
  }
  if (order.kind == Order::Kind::begin) {
    Task& task = tasks_[key];
    task.session = order.session;
    task.handshake = std::make_unique<Handshake>(*identity_, key->terms, key->announced, now);
    follow_up(task);
    return;
  }
  if (order.kind == Order::Kind::receive) {
    key->queued.fetch_sub(1, std::memory_order_relaxed);
  }
  const auto found = tasks_.find(key);
  if (found == tasks_.end()) {
    return;  // it is over
  }
  if (order.kind == Order::Kind::receive) {
    found->second.handshake->receive(order.datagram, order.source, now);
  } else {
    found->second.handshake->extend(now);
  }
  follow_up(found->second);
}

void DtlsWorker::serve_due() {
  const base::Time now = base::Clock::now();
  while (!due_.empty() && due_.begin()->first <= now) {
    DtlsSession* const key = due_.begin()->second;
    Task& task = tasks_.at(key);
    due_.erase(due_.begin());
    task.due = base::Time::max();
    task.handshake->on_time(now);
    follow_up(task);
  }
}

/// After anything happened: sends, tells the stream, sets the time of the next look.
void DtlsWorker::follow_up(Task& task) {
  DtlsSession& session = *task.session;
  for (const auto& datagram : task.handshake->take_output()) {
    // What does not go out is lost, as it would be on the wire: it is sent again.
    (void)::sendto(session.socket.fd(), datagram.bytes.data(), datagram.bytes.size(),
                   MSG_DONTWAIT | MSG_NOSIGNAL, datagram.to.data(), datagram.to.size());
  }
  if (task.handshake->end() && !session.settled.load(std::memory_order_relaxed)) {
    session.end = *task.handshake->end();
    if (session.end.outcome == HandshakeEnd::Outcome::secured) {
      session.keys = task.handshake->keys();
      session.peer = task.handshake->peer();
    }
    session.settled.store(true, std::memory_order_release);
  }
  if (task.handshake->is_over()) {
    forget(&session);
    return;
  }
  const base::Time due = task.handshake->due();
  if (due != task.due) {
    due_.erase({task.due, &session});
    task.due = due;
    due_.insert({due, &session});
  }
}

void DtlsWorker::forget(DtlsSession* session) {
  const auto found = tasks_.find(session);
  if (found != tasks_.end()) {
    due_.erase({found->second.due, session});
    session->socket = Socket();  // the stream may keep the session for as long as the call
    tasks_.erase(found);
  }
}

}  // namespace switchroom::media
