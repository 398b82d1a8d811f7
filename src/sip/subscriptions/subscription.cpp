#include "sip/subscriptions/subscription.hpp"

#include <algorithm>

namespace switchroom::sip {

SubscriptionStep Subscription::notify(SubscriptionStep step) {
  if (in_flight_ && !over_) {
    owed_ = true;
  } else {
    in_flight_ = true;
    step.notify = true;
  }
  step.over = over_;
  return step;
}

SubscriptionStep Subscription::on_subscribe(std::uint32_t wanted, base::Time now) {
  SubscriptionStep step;
  if (over_) {
    step.status = 481;
    step.over = true;
    return step;
  }
  if (wanted != 0 && wanted < limits_.shortest) {
    step.status = 423;
    step.min_expires = limits_.shortest;
    step.over = deadline_ == base::Time();  // a first one that was refused is none
    return step;
  }
  step.status = 200;
  step.expires = std::min(wanted, limits_.longest);
  deadline_ = now + std::chrono::seconds(step.expires);
  if (wanted == 0) {
    over_ = true;
    reason_ = "timeout";
  }
  return notify(step);  // 4.2.1.2: also after a refresh
}

SubscriptionStep Subscription::on_change() { return over_ ? SubscriptionStep{} : notify({}); }

SubscriptionStep Subscription::on_timer(base::Time now) {
  if (over_ || now < deadline_) {
    return {};
  }
  return end("timeout");
}

SubscriptionStep Subscription::on_notify_answer(int status) {
  in_flight_ = false;
  if (over_) {
    return {};
  }
  // 4.2.2: gone, or nobody there any more. Other failures of one NOTIFY say nothing of the next.
  if (status == 481 || status == 408 || status == 404 || status == 410 || status == 489 || status == 405 ||
      status == 501) {
    over_ = true;
    SubscriptionStep step;
    step.over = true;
    return step;
  }
  if (owed_) {
    owed_ = false;
    return notify({});
  }
  return {};
}

SubscriptionStep Subscription::end(std::string_view reason) {
  if (over_) {
    return {};
  }
  over_ = true;
  reason_ = reason;
  return notify({});
}

std::string Subscription::state_header(base::Time now) const {
  if (over_) {
    return "terminated;reason=" + reason_;
  }
  const auto left = std::chrono::duration_cast<std::chrono::seconds>(deadline_ - now).count();
  return "active;expires=" + std::to_string(std::max<std::int64_t>(left, 0));
}

}  // namespace switchroom::sip
