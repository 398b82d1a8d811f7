#include "base/timer_queue.hpp"

#include <algorithm>
#include <utility>

namespace switchroom::base {

TimerId TimerHeap::add(Time when, std::function<void()> action) {
  const TimerId id = ++last_;
  actions_.emplace(id, std::move(action));
  heap_.push_back({when, id});
  std::push_heap(heap_.begin(), heap_.end(), std::greater<>{});
  return id;
}

void TimerHeap::cancel(TimerId id) {
  if (actions_.erase(id) != 0 && heap_.size() > 64 && heap_.size() > 4 * actions_.size()) {
    compact();
  }
}

// Cancelled entries stay in the heap until they surface; most SIP timers are cancelled, so without
// this a busy hour would carry 32 seconds' worth of dead entries.
void TimerHeap::compact() {
  std::erase_if(heap_, [this](const Entry& e) { return !actions_.contains(e.id); });
  std::make_heap(heap_.begin(), heap_.end(), std::greater<>{});
}

void TimerHeap::drop_cancelled() {
  while (!heap_.empty() && !actions_.contains(heap_.front().id)) {
    std::pop_heap(heap_.begin(), heap_.end(), std::greater<>{});
    heap_.pop_back();
  }
}

Time TimerHeap::next() {
  drop_cancelled();
  return heap_.empty() ? Time::max() : heap_.front().when;
}

void TimerHeap::run_due(Time now) {
  const TimerId newest = last_;
  while (next() <= now && heap_.front().id <= newest) {
    const TimerId id = heap_.front().id;
    std::pop_heap(heap_.begin(), heap_.end(), std::greater<>{});
    heap_.pop_back();
    auto node = actions_.extract(id);
    node.mapped()();
  }
}

TimerId TimerQueue::at(Time when, std::function<void()> action) {
  const TimerId id = heap_.add(when, std::move(action));
  if (when < armed_) {
    arm();
  }
  return id;
}

void TimerQueue::arm() {
  armed_ = heap_.next();
  if (armed_ == Time::max()) {
    return;
  }
  timer_.expires_at(armed_);
  timer_.async_wait([this](error_code ec) {
    if (ec) {
      return;  // re-armed for an earlier deadline, or closing
    }
    armed_ = Time::max();
    heap_.run_due(Clock::now());
    arm();
  });
}

void ManualTimers::advance(Duration by) {
  const Time end = now_ + by;
  while (heap_.next() <= end) {
    now_ = std::max(now_, heap_.next());
    heap_.run_due(now_);
  }
  now_ = end;
}

}  // namespace switchroom::base
