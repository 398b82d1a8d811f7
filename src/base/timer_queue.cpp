#include "base/timer_queue.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace switchroom::base {

TimerId TimerHeap::add(Time when, std::function<void()> action) {
  if (free_.empty()) {
    if (slots_.size() >> slot_bits != 0) throw std::length_error("more than 16 million timers");
    free_.push_back(static_cast<std::uint32_t>(slots_.size()));
    slots_.emplace_back();
  }
  const std::uint32_t slot = free_.back();
  const TimerId id = ++count_ << slot_bits | slot;
  heap_.emplace_back();
  free_.pop_back();
  slots_[slot].action = std::move(action);
  slots_[slot].id = id;
  ++live_;
  sift_up(heap_.size() - 1, {when, id});
  return id;
}

void TimerHeap::cancel(TimerId id) {
  const std::size_t slot = slot_of(id);
  if (id == 0 || slot >= slots_.size() || slots_[slot].id != id) return;
  if (slots_[slot].position != nowhere) remove_at(slots_[slot].position);
  (void)release(id);  // the action dies here, last: its captures may cancel other timers
}

std::function<void()> TimerHeap::release(TimerId id) {
  Slot& slot = slots_[slot_of(id)];
  slot.id = 0;
  slot.position = nowhere;
  --live_;
  free_.push_back(static_cast<std::uint32_t>(slot_of(id)));
  return std::exchange(slot.action, nullptr);
}

void TimerHeap::place(std::size_t position, const Entry& entry) {
  heap_[position] = entry;
  slots_[slot_of(entry.id)].position = static_cast<std::uint32_t>(position);
}

void TimerHeap::sift_up(std::size_t position, const Entry& entry) {
  while (position != 0) {
    const std::size_t parent = (position - 1) / 4;
    if (!entry.before(heap_[parent])) break;
    place(position, heap_[parent]);
    position = parent;
  }
  place(position, entry);
}

void TimerHeap::sift_down(std::size_t position, const Entry& entry) {
  for (;;) {
    const std::size_t first = position * 4 + 1;
    if (first >= heap_.size()) break;
    const std::size_t end = std::min(first + 4, heap_.size());
    std::size_t least = first;
    for (std::size_t child = first + 1; child < end; ++child) {
      if (heap_[child].before(heap_[least])) least = child;
    }
    if (!heap_[least].before(entry)) break;
    place(position, heap_[least]);
    position = least;
  }
  place(position, entry);
}

void TimerHeap::remove_at(std::size_t position) {
  slots_[slot_of(heap_[position].id)].position = nowhere;
  const Entry last = heap_.back();
  heap_.pop_back();
  if (position == heap_.size()) return;
  if (position != 0 && last.before(heap_[(position - 1) / 4])) {
    sift_up(position, last);
  } else {
    sift_down(position, last);
  }
}

void TimerHeap::run_due(Time now) {
  // Taken out first and run then: what an action adds cannot run in the same call, and what it
  // cancels is found gone.
  std::vector<TimerId> due;
  while (next() <= now) {
    due.push_back(heap_.front().id);
    remove_at(0);
  }
  for (const TimerId id : due) {
    if (slots_[slot_of(id)].id != id) continue;
    const std::function<void()> action = release(id);
    action();
  }
}

TimerId TimerQueue::at(Time when, std::function<void()> action) {
  const TimerId id = heap_.add(when, std::move(action));
  if (running_ || when >= armed_) return id;
  if (when <= Clock::now()) {
    arm_now();
  } else {
    arm();
  }
  return id;
}

// "By the next turn" is asked for often, and needs no kernel timer.
void TimerQueue::arm_now() {
  if (posted_) return;
  posted_ = true;
  asio::post(timer_.get_executor(), [this, alive = std::weak_ptr<bool>(alive_)] {
    if (alive.expired()) return;
    posted_ = false;
    run_due();
    if (heap_.next() < armed_) arm();
  });
}

// Never further ahead than the horizon: most timers are set for later than that and cancelled before, so
// they come and go without a system call to move the one kernel timer.
void TimerQueue::arm() {
  constexpr auto horizon = std::chrono::milliseconds(250);
  armed_ = heap_.next();
  if (armed_ == Time::max()) return;
  armed_ = std::min(armed_, Clock::now() + horizon);
  timer_.expires_at(armed_);
  timer_.async_wait([this, alive = std::weak_ptr<bool>(alive_)](error_code ec) {
    // An error: re-armed for an earlier deadline.
    if (!ec && !alive.expired()) on_expiry();
  });
}

void TimerQueue::on_expiry() {
  armed_ = Time::max();
  run_due();
  arm();
}

void TimerQueue::run_due() {
  running_ = true;
  heap_.run_due(Clock::now());
  running_ = false;
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
