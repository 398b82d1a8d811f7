#include "call/pair_sound.hpp"

#include "call/leg.hpp"

#include <algorithm>
#include <utility>

namespace switchroom::call {
namespace {

// Who speaks in which group.
constexpr std::uint32_t caller_voice = 1;
constexpr std::uint32_t callee_voice = 2;
constexpr std::uint32_t for_caller = 4;  // a supervisor's words
constexpr std::uint32_t for_callee = 8;

std::uint32_t groups(Supervision what, bool target_is_caller) {
  const std::uint32_t target = target_is_caller ? for_caller : for_callee;
  const std::uint32_t other = target_is_caller ? for_callee : for_caller;
  switch (what) {
    case Supervision::listens: return 0;
    case Supervision::whispers_to_target: return target;
    case Supervision::whispers_to_other: return other;
    case Supervision::joins: return target | other;
  }
  return 0;
}

media::MixRole supervisor(Supervision what, bool target_is_caller) {
  return {.speaks = groups(what, target_is_caller), .hears = caller_voice | callee_voice, .gain_db = 0};
}

/// What both can hear: no more is worth mixing.
unsigned mixing_rate(const Leg& caller, const Leg& callee) {
  const unsigned wanted = std::max(caller.media().sound_rate(), callee.media().sound_rate());
  return wanted >= 48000 ? 48000 : wanted >= 16000 ? 16000 : 8000;
}

}  // namespace

PairSound::PairSound(media::Engine& engine, Leg& caller, Leg& callee, std::unique_ptr<media::Link> link)
    : engine_(engine), caller_(caller), callee_(callee), link_(std::move(link)) {}

PairSound::~PairSound() {
  for (Listener* listener : std::exchange(listeners_, {})) {
    listener->pair_ = nullptr;
    listener->seat_.reset();
    listener->on_end_();
  }
}

void PairSound::connect() {
  if (link_ == nullptr && mix_ == nullptr && caller_.media().open(callee_.media().port()) &&
      callee_.media().port() != nullptr) {
    link_ = engine_.link(*caller_.media().port(), *callee_.media().port());
  }
}

/// From a link to a mix: who sits down leaves the link in the same command, so that nothing is missing.
void PairSound::mix() {
  if (mix_ != nullptr) {
    return;
  }
  mix_ = engine_.mix(mixing_rate(caller_, callee_));
  caller_seat_ = mix_->join(*caller_.media().port(),
                            {.speaks = caller_voice, .hears = callee_voice | for_caller, .gain_db = 0});
  callee_seat_ = mix_->join(*callee_.media().port(),
                            {.speaks = callee_voice, .hears = caller_voice | for_callee, .gain_db = 0});
  link_.reset();
}

std::unique_ptr<PairSound::Listener> PairSound::listen(Leg& leg, const Leg& target,
                                                       std::function<void()> on_end) {
  if (caller_.media().port() == nullptr || callee_.media().port() == nullptr ||
      leg.media().port() == nullptr) {
    return nullptr;
  }
  mix();
  std::unique_ptr<Listener> listener(new Listener);
  listener->pair_ = this;
  listener->target_is_caller_ = &target == &caller_;
  listener->on_end_ = std::move(on_end);
  listener->seat_ =
      mix_->join(*leg.media().port(), supervisor(Supervision::listens, listener->target_is_caller_));
  listeners_.push_back(listener.get());
  return listener;
}

void PairSound::leave(Listener& listener) {
  listeners_.remove(&listener);
  listener.seat_.reset();
  if (!listeners_.empty()) {
    return;
  }
  // The new link takes both over from their seats.
  link_ = engine_.link(*caller_.media().port(), *callee_.media().port());
  caller_seat_.reset();
  callee_seat_.reset();
  mix_.reset();
}

void PairSound::Listener::change(Supervision what) {
  if (seat_ != nullptr) {
    seat_->change(supervisor(what, target_is_caller_));
  }
}

PairSound::Listener::~Listener() {
  if (pair_ != nullptr) {
    pair_->leave(*this);
  }
}

}  // namespace switchroom::call
