// The clocks that end a transaction's state. All of them run for one of three or four lengths (64*T1,
// T4 …), so each length is a queue that sorts itself, and 150,000 deadlines need no heap and no timer
// object of their own: 16 bytes each, and the next one of each length in base::Timers.
#pragma once

#include "base/timers.hpp"
#include "sip/transaction/layer.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <vector>

namespace switchroom::sip {

class Deadlines {
 public:
  /// `on_due` hears of each deadline, also of those that nobody wants any more: the owner compares the
  /// time with the one that it noted.
  using OnDue = std::function<void(TransactionId id, base::Time when)>;
  Deadlines(base::Timers& timers, OnDue on_due) : timers_(timers), on_due_(std::move(on_due)) {}
  ~Deadlines();
  Deadlines(const Deadlines&) = delete;
  Deadlines& operator=(const Deadlines&) = delete;

  base::Time start(TransactionId id, base::Duration after);

 private:
  struct Entry {
    base::Time when;
    TransactionId id;
  };
  struct Queue {
    base::Duration after{};
    std::deque<Entry> entries;
    base::TimerId timer = 0;
  };
  Queue& queue_of(base::Duration after);
  void arm(Queue& queue, base::Time when);
  void run(Queue& queue);

  base::Timers& timers_;
  OnDue on_due_;
  std::vector<std::unique_ptr<Queue>> queues_;  // pointers: timers refer to them
};

}  // namespace switchroom::sip
