// One subscription as the notifier sees it: RFC 6665 section 4.2. No I/O, no clock of its own.
#pragma once

#include "base/clock.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace switchroom::sip {

/// What to do next; all of it, in this order: answer, send a NOTIFY, set the timer.
struct SubscriptionStep {
  int status = 0;                 // to answer the SUBSCRIBE with; 0: there is none to answer
  std::uint32_t expires = 0;      // with 200
  std::uint32_t min_expires = 0;  // with 423
  bool notify = false;            // with state_header() and the present body
  bool over = false;              // forget the subscription once that NOTIFY is on its way
};

class Subscription {
 public:
  struct Limits {
    std::uint32_t shortest = 60;  // seconds; shorter is refused with 423, but 0
    std::uint32_t longest = 3600;
  };
  explicit Subscription(Limits limits) : limits_(limits) {}

  /// A SUBSCRIBE, the first or a refresh; `wanted`: its Expires, or what the package has by default. 0 ends
  /// it, or fetches the state once.
  SubscriptionStep on_subscribe(std::uint32_t wanted, base::Time now);
  /// What it tells has changed.
  SubscriptionStep on_change();
  /// deadline() is over.
  SubscriptionStep on_timer(base::Time now);
  /// The final answer to our NOTIFY; 408 when none came.
  SubscriptionStep on_notify_answer(int status);
  /// We end it: "deactivated" (come again at once), "noresource", "rejected" …
  SubscriptionStep end(std::string_view reason);

  [[nodiscard]] base::Time deadline() const { return deadline_; }
  /// "active;expires=3580", "terminated;reason=timeout".
  [[nodiscard]] std::string state_header(base::Time now) const;
  [[nodiscard]] bool is_over() const { return over_; }

 private:
  SubscriptionStep notify(SubscriptionStep step);

  Limits limits_;
  base::Time deadline_;
  std::string reason_;      // of the end
  bool in_flight_ = false;  // one NOTIFY at a time: what changes meanwhile is told by the next
  bool owed_ = false;       // there is such a next one
  bool over_ = false;
};

}  // namespace switchroom::sip
