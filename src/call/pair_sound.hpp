// The sound of two legs that talk: linked, or mixed while somebody listens in.
#pragma once

#include "media/engine.hpp"

#include <cstdint>
#include <functional>
#include <list>
#include <memory>

namespace switchroom::call {

class Leg;

/// What a supervisor says, and to whom.
enum class Supervision : std::uint8_t {
  listens,
  whispers_to_target,  // to the one that was asked for
  whispers_to_other,
  joins
};

/// Call thread. Both legs outlive it, and so do those of the listeners.
class PairSound {
 public:
  /// `link`: of a callee that was heard while it rang, or null.
  PairSound(media::Engine& engine, Leg& caller, Leg& callee, std::unique_ptr<media::Link> link);
  ~PairSound();
  PairSound(const PairSound&) = delete;
  PairSound& operator=(const PairSound&) = delete;

  /// Links the two, as soon as both have a port.
  void connect();
  [[nodiscard]] Leg& caller() { return caller_; }
  [[nodiscard]] Leg& callee() { return callee_; }

  /// A third one who hears both, until it goes; when the conversation ends first `on_end` is called.
  class Listener {
   public:
    ~Listener();
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;
    void change(Supervision what);
    [[nodiscard]] bool is_over() const { return pair_ == nullptr; }

   private:
    friend class PairSound;
    Listener() = default;
    PairSound* pair_ = nullptr;  // not owned; null when the conversation is over
    bool target_is_caller_ = true;
    std::function<void()> on_end_;
    std::unique_ptr<media::MixSeat> seat_;
  };
  /// Null: there is no sound yet that could be listened to.
  std::unique_ptr<Listener> listen(Leg& leg, const Leg& target, std::function<void()> on_end);

 private:
  void mix();
  void leave(Listener& listener);

  media::Engine& engine_;
  Leg& caller_;
  Leg& callee_;
  std::unique_ptr<media::Link> link_;
  std::unique_ptr<media::Mix> mix_;
  std::unique_ptr<media::MixSeat> caller_seat_;
  std::unique_ptr<media::MixSeat> callee_seat_;
  std::list<Listener*> listeners_;  // not owned
};

}  // namespace switchroom::call
