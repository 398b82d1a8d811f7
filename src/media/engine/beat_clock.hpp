// The 20 ms beat of a media thread, in four phases.
#pragma once

#include "base/clock.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <time.h>
#include <vector>

namespace switchroom::media {

/// What is served at each beat of its phase: first all hear, then all blend, then all speak, so that who
/// speaks finds what the others have heard in the same beat.
class Beating {
 public:
  virtual ~Beating() = default;
  virtual void hear(base::Time now) = 0;
  virtual void blend(base::Time now) = 0;
  virtual void speak(base::Time now) = 0;

 private:
  friend class BeatClock;
  unsigned phase_ = 0;
  bool beats_ = false;
};

/// Ticks of 5 ms; each phase is served at every fourth, which spreads the work over the 20 ms. The timer is
/// set for the next tick at which somebody is served, so that one room, or one call, wakes its thread every
/// 20 ms. Those who exchange sound share a phase. Media thread.
class BeatClock {
 public:
  static constexpr base::Duration beat = std::chrono::milliseconds(20);

  BeatClock();  // throws std::system_error without a descriptor
  ~BeatClock();
  BeatClock(const BeatClock&) = delete;
  BeatClock& operator=(const BeatClock&) = delete;

  /// Serves `one` from the next beat on, in the phase of `with` if that is served, else where least is to do.
  void join(Beating& one, const Beating* with);
  void leave(Beating& one);
  /// Brings both into one phase, if both are served.
  void unite(Beating& one, Beating& other);
  /// Brings two who exchange sound into the phase in which what comes for them waits least for its beat,
  /// given when a packet of each came. Their beat is shifted once by it.
  void suit(Beating& one, base::Time came, Beating& other, base::Time other_came);

  /// A time stamp of the kernel (the wall's clock) on our clock, for what came before this tick: at most a
  /// second before it, and never behind it.
  [[nodiscard]] base::Time arrival(const timespec& stamp) const;

  /// Readable when a tick is due.
  [[nodiscard]] int descriptor() const { return descriptor_; }
  /// Serves what is due. A thread that was held up catches up to 100 ms; what is beyond is skipped.
  void tick();
  [[nodiscard]] std::uint64_t skipped() const { return skipped_; }  // beats

 private:
  static constexpr std::size_t phases = 4;
  void arm();
  void pass_idle_ticks();
  void serve(std::size_t phase, base::Time now);
  [[nodiscard]] base::Duration wait(base::Time came, unsigned phase) const;

  int descriptor_;
  std::array<std::vector<Beating*>, phases> members_;  // not owned; null: left, taken out at the next beat
  std::size_t count_ = 0;
  std::uint64_t ticks_ = 0;  // that were; the next one serves phase ticks_ % phases
  base::Time last_tick_{};
  base::Time now_{};                         // when this tick was served
  std::chrono::nanoseconds wall_at_now_{0};  // since 1970
  base::Time armed_{};                       // for a tick at this time; zero: for none
  std::uint64_t skipped_ = 0;
};

}  // namespace switchroom::media
