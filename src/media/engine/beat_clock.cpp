#include "media/engine/beat_clock.hpp"

#include <sys/timerfd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <unistd.h>

namespace switchroom::media {
namespace {

constexpr base::Duration tick_length = std::chrono::milliseconds(5);
constexpr std::uint64_t most_ticks = 20;  // that are caught up with
// The jitter buffer wants a packet three and the usual jitter before it is played; on a machine with other
// work that jitter is the scheduler's.
constexpr auto least_wait = std::chrono::milliseconds(7);

constexpr auto longest_wait = std::chrono::seconds(1);

std::chrono::nanoseconds in_nanoseconds(const timespec& time) {
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

/// Of a thousand members none is in the cache when its turn comes: the next one's first lines are fetched
/// while this one makes its system calls.
void fetch_next(const std::vector<Beating*>& members, std::size_t at) {
  constexpr std::size_t line = 64;
  constexpr std::size_t lines = 8;
  if (at + 1 < members.size()) {
    const auto* const next = reinterpret_cast<const char*>(members[at + 1]);
    for (std::size_t i = 0; i < lines; ++i) {
      __builtin_prefetch(next + i * line);
    }
  }
}

}  // namespace

BeatClock::BeatClock() : descriptor_(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)) {
  if (descriptor_ < 0) {
    throw std::system_error(errno, std::generic_category(), "timerfd_create");
  }
}

BeatClock::~BeatClock() { ::close(descriptor_); }

/// For the next tick at which somebody is served.
void BeatClock::arm() {
  base::Time next{};
  for (std::size_t ahead = 0; count_ > 0 && ahead < phases; ++ahead) {
    if (!members_[(ticks_ + ahead) % phases].empty()) {
      next = last_tick_ + tick_length * static_cast<long>(ahead + 1);
      break;
    }
  }
  if (next == armed_) {
    return;
  }
  armed_ = next;
  const auto since_boot = next.time_since_epoch();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since_boot);
  itimerspec when{};
  when.it_value = {seconds.count(), std::chrono::nanoseconds(since_boot - seconds).count()};
  (void)::timerfd_settime(descriptor_, TFD_TIMER_ABSTIME, &when, nullptr);  // zero: not at all
}

/// Ticks that were due and had nobody to serve: who joins now is not served by one of them.
void BeatClock::pass_idle_ticks() {
  const base::Time now = base::Clock::now();
  while (last_tick_ + tick_length <= now && members_[ticks_ % phases].empty()) {
    last_tick_ += tick_length;
    ++ticks_;
  }
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
  if (count_ == 0) {
    last_tick_ = base::Clock::now();
  }
  pass_idle_ticks();
  members_[one.phase_].push_back(&one);
  for (auto& members : members_) {  // whoever moves to another phase between packets finds room there
    if (members.capacity() < 2 * (count_ + 1)) {
      members.reserve(4 * (count_ + 1));
    }
  }
  ++count_;
  arm();
}

void BeatClock::leave(Beating& one) {
  if (!one.beats_) {
    return;
  }
  one.beats_ = false;
  std::ranges::replace(members_[one.phase_], &one, nullptr);
  if (--count_ == 0) {
    arm();
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
  const auto next = last_tick_ + tick_length * static_cast<long>(ticks);
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
  pass_idle_ticks();
  for (Beating* const moved : {&one, &other}) {
    if (moved->phase_ != best) {
      std::ranges::replace(members_[moved->phase_], moved, nullptr);
      moved->phase_ = best;
      members_[best].push_back(moved);
    }
  }
  arm();
}

base::Time BeatClock::arrival(const timespec& stamp) const {
  const base::Duration age = wall_at_now_ - in_nanoseconds(stamp);
  return now_ - std::clamp<base::Duration>(age, base::Duration::zero(), longest_wait);
}

void BeatClock::tick() {
  std::uint64_t expired = 0;
  if (::read(descriptor_, &expired, sizeof expired) != sizeof expired) {
    return;
  }
  armed_ = {};
  const base::Time now = now_ = base::Clock::now();
  timespec wall{};
  ::clock_gettime(CLOCK_REALTIME, &wall);
  wall_at_now_ = in_nanoseconds(wall);
  const auto due =
      static_cast<std::uint64_t>(std::max<base::Duration::rep>(0, (now - last_tick_) / tick_length));
  if (due > most_ticks) {
    skipped_ += (due - most_ticks) / phases;
    ticks_ += due - most_ticks;
    last_tick_ += tick_length * static_cast<long>(due - most_ticks);
  }
  while (last_tick_ + tick_length <= now) {
    last_tick_ += tick_length;  // as it was due: not when we came to it
    serve(ticks_++ % phases, now);
  }
  arm();
}

void BeatClock::serve(std::size_t phase, base::Time now) {
  auto& members = members_[phase];
  std::erase(members, nullptr);
  // By number: serving one may let others join or leave.
  for (std::size_t i = 0; i < members.size(); ++i) {
    fetch_next(members, i);
    if (members[i] != nullptr) {
      members[i]->hear(now);
    }
  }
  // NOLINTNEXTLINE(modernize-loop-convert): members may come and go meanwhile
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (members[i] != nullptr) {
      members[i]->blend(now);
    }
  }
  for (std::size_t i = 0; i < members.size(); ++i) {
    fetch_next(members, i);
    if (members[i] != nullptr) {
      members[i]->speak(now);
    }
  }
}

}  // namespace switchroom::media
