#include "media/engine/beat_clock.hpp"

#include <sys/timerfd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <unistd.h>

namespace switchroom::media {
namespace {

constexpr long tick_ns = 5'000'000;
constexpr std::uint64_t most_ticks = 20;  // that are caught up with
// The jitter buffer wants a packet three and the usual jitter before it is played; on a machine with other
// work that jitter is the scheduler's.
constexpr auto least_wait = std::chrono::milliseconds(7);

}  // namespace

BeatClock::BeatClock() : descriptor_(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)) {
  if (descriptor_ < 0) {
    throw std::system_error(errno, std::generic_category(), "timerfd_create");
  }
}

BeatClock::~BeatClock() { ::close(descriptor_); }

void BeatClock::arm(bool on) {
  itimerspec when{};
  when.it_value.tv_nsec = when.it_interval.tv_nsec = on ? tick_ns : 0;
  (void)::timerfd_settime(descriptor_, 0, &when, nullptr);
}

void BeatClock::join(Beating& one, const Beating* with) {
  if (one.beats_) {
    return;
  }
  if (with != nullptr && with->beats_) {
    one.phase_ = with->phase_;
  } else {
    const auto least = std::ranges::min_element(members_, {}, &std::vector<Beating*>::size);
    one.phase_ = static_cast<unsigned>(least - members_.begin());
  }
  one.beats_ = true;
  members_[one.phase_].push_back(&one);
  for (auto& members : members_) {  // whoever moves to another phase between packets finds room there
    if (members.capacity() < 2 * (count_ + 1)) {
      members.reserve(4 * (count_ + 1));
    }
  }
  if (count_++ == 0) {
    last_tick_ = base::Clock::now();
    arm(true);
  }
}

void BeatClock::leave(Beating& one) {
  if (!one.beats_) {
    return;
  }
  one.beats_ = false;
  std::ranges::replace(members_[one.phase_], &one, nullptr);
  if (--count_ == 0) {
    arm(false);
  }
}

void BeatClock::unite(Beating& one, Beating& other) {
  if (one.beats_ && other.beats_ && one.phase_ != other.phase_) {
    leave(other);
    join(other, &one);
  }
}

/// From `least_wait` after a packet came, and 20 ms after that and so on, to the phase's next beat.
base::Duration BeatClock::wait(base::Time came, unsigned phase) const {
  const auto ticks = 1 + (phase + phases - ticks_ % phases) % phases;
  const auto next = last_tick_ + std::chrono::nanoseconds(tick_ns) * static_cast<long>(ticks);
  const auto waits = (next - came - least_wait) % beat;
  return waits < base::Duration::zero() ? waits + beat : waits;
}

void BeatClock::suit(Beating& one, base::Time came, Beating& other, base::Time other_came) {
  if (!one.beats_ || !other.beats_) {
    return;
  }
  const auto longest = [&](unsigned phase) { return std::max(wait(came, phase), wait(other_came, phase)); };
  unsigned best = 0;
  for (unsigned phase = 1; phase < phases; ++phase) {
    best = longest(phase) < longest(best) ? phase : best;
  }
  for (Beating* const moved : {&one, &other}) {
    if (moved->phase_ != best) {
      std::ranges::replace(members_[moved->phase_], moved, nullptr);
      moved->phase_ = best;
      members_[best].push_back(moved);
    }
  }
}

void BeatClock::tick() {
  std::uint64_t due = 0;
  if (::read(descriptor_, &due, sizeof due) != sizeof due) {
    return;
  }
  last_tick_ += std::chrono::nanoseconds(tick_ns) *
                static_cast<long>(due);  // as the timer has it: not when we came to it
  if (due > most_ticks) {
    skipped_ += (due - most_ticks) / phases;
    ticks_ += due - most_ticks;
    due = most_ticks;
  }
  const base::Time now = base::Clock::now();
  for (; due > 0; --due) {
    serve(ticks_++ % phases, now);
  }
}

void BeatClock::serve(std::size_t phase, base::Time now) {
  auto& members = members_[phase];
  std::erase(members, nullptr);
  // By number: serving one may let others join or leave.
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (members[i] != nullptr) {
      members[i]->hear(now);
    }
  }
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (members[i] != nullptr) {
      members[i]->blend(now);
    }
  }
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (members[i] != nullptr) {
      members[i]->speak(now);
    }
  }
}

}  // namespace switchroom::media
