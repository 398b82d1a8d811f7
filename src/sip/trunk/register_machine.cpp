#include "sip/trunk/register_machine.hpp"

#include <algorithm>

namespace switchroom::sip {
namespace {

using std::chrono::duration_cast;
using std::chrono::seconds;

constexpr unsigned most_raises = 2;
constexpr seconds longest_expiry = std::chrono::hours(24 * 7);
constexpr seconds longest_wish = std::chrono::hours(1);  // of a Retry-After

base::Duration part_of(base::Duration whole, double part) {
  return duration_cast<base::Duration>(whole * part);
}

/// Nothing wrong with us: another place of the carrier, or another time, may do better.
bool is_passing_trouble(int status) { return status == 0 || status == 408 || status == 480 || status >= 500; }

}  // namespace

void RegisterMachine::begin_round() {
  if (state_ != State::registered) {
    state_ = State::trying;
  }
  raised_ = 0;
  asked_to_wait_ = {};
}

RegisterMachine::Next RegisterMachine::on_answer(const Answer& answer, base::Time now) {
  if (answer.status >= 200 && answer.status < 300) {
    const seconds granted =
        std::clamp(seconds(answer.granted.value_or(expires().count())), seconds(1), longest_expiry);
    state_ = State::registered;
    failures_ = 0;
    last_failure_.clear();
    bound_until_ = now + granted;
    // Early enough for several tries, and not all trunks of a machine at once.
    next_ = now + part_of(granted, 0.75 + 0.1 * random());
    return Next::done;
  }
  if ((answer.status == 401 || answer.status == 407) && answer.authorized) {
    return Next::again;
  }
  if (answer.status == 423 && answer.min_expires && seconds(*answer.min_expires) > expires() &&
      seconds(*answer.min_expires) <= longest_expiry && raised_ < most_raises) {
    ++raised_;
    expires_ = seconds(*answer.min_expires);
    return Next::again;
  }
  if (answer.retry_after) {
    asked_to_wait_ =
        std::max<base::Duration>(asked_to_wait_, std::min(seconds(*answer.retry_after), longest_wish));
  }
  last_failure_ = answer.words;
  if (is_passing_trouble(answer.status) || (answer.status >= 300 && answer.status < 400)) {
    return Next::elsewhere;
  }
  return refuse(answer, now);
}

/// A refusal will be the same in half a minute, and carriers lock accounts that ask too often.
RegisterMachine::Next RegisterMachine::refuse(const Answer& answer, base::Time now) {
  fail(answer.words);
  bound_until_ = now;
  next_ = now + std::max<base::Duration>(settings_.retry_max, asked_to_wait_);
  return Next::done;
}

void RegisterMachine::end_round(base::Time now, const std::string& words) {
  fail(words.empty() ? last_failure_ : words);
  base::Duration wait = std::max(pause(), asked_to_wait_);
  if (is_bound(now)) {
    wait = std::min(wait, std::max<base::Duration>(bound_until_ - now, settings_.retry_min));
  }
  next_ = now + wait;
}

void RegisterMachine::fail(const std::string& words) {
  state_ = State::failed;
  last_failure_ = words;
  ++failures_;
}

/// retry_min, then twice as long each time up to retry_max; 20 % more or less.
base::Duration RegisterMachine::pause() const {
  base::Duration pause = settings_.retry_min;
  for (std::uint32_t i = 1; i < failures_ && pause < settings_.retry_max; ++i) {
    pause *= 2;
  }
  return part_of(std::min<base::Duration>(pause, settings_.retry_max), 0.8 + 0.4 * random());
}

}  // namespace switchroom::sip
