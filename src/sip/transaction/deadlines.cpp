#include "sip/transaction/deadlines.hpp"

#include <algorithm>

namespace switchroom::sip {
namespace {

// One turn ends this many at most, so that a burst of 32 seconds ago does not delay a packet of now.
constexpr int max_per_turn = 256;
// Under load one wake-up ends all that came due since; nobody sees a transaction end 10 ms late.
constexpr base::Duration gather = std::chrono::milliseconds(10);

}  // namespace

Deadlines::~Deadlines() {
  for (const auto& queue : queues_) {
    timers_.cancel(queue->timer);
  }
}

base::Time Deadlines::start(TransactionId id, base::Duration after) {
  Queue& queue = queue_of(after);
  const base::Time when = timers_.now() + after;
  queue.entries.push_back({when, id});
  if (queue.timer == 0) {
    arm(queue, when);
  }
  return when;
}

Deadlines::Queue& Deadlines::queue_of(base::Duration after) {
  for (const auto& queue : queues_) {
    if (queue->after == after) {
      return *queue;
    }
  }
  queues_.push_back(std::make_unique<Queue>());
  queues_.back()->after = after;
  return *queues_.back();
}

void Deadlines::arm(Queue& queue, base::Time when) {
  queue.timer = timers_.at(when, [this, &queue] { run(queue); });
}

void Deadlines::run(Queue& queue) {
  const base::Time now = timers_.now();
  for (int i = 0; i < max_per_turn && !queue.entries.empty() && queue.entries.front().when <= now; ++i) {
    const Entry entry = queue.entries.front();
    queue.entries.pop_front();
    on_due_(entry.id, entry.when);  // may start others; queue.timer is not 0 yet, so they do not arm
  }
  queue.timer = 0;
  if (!queue.entries.empty()) {
    const base::Time next = queue.entries.front().when;
    arm(queue, next <= now ? now : std::max(next, now + gather));
  }
}

}  // namespace switchroom::sip
