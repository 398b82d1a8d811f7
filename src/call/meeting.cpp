#include "call/meeting.hpp"

#include "base/log.hpp"
#include "call/call.hpp"
#include "call/hold_music.hpp"

#include <utility>

namespace switchroom::call {
namespace {

/// Leaves also when the coroutine is cancelled.
class Attendance {
 public:
  explicit Attendance(Meeting& meeting) : meeting_(meeting) {}
  ~Attendance() { meeting_.leave(); }
  Attendance(const Attendance&) = delete;
  Attendance& operator=(const Attendance&) = delete;

 private:
  Meeting& meeting_;
};

void take_from(Call& call, Leg& own, Leg& other) {
  while (const auto event = own.next_event()) {
    switch (event->kind) {
      case LegEvent::Kind::offer:
        own.answer_offer(other.media().usable_codecs());
        own.listen_for_keys(&other);
        other.listen_for_keys(&own);
        break;
      case LegEvent::Kind::confirmed:
      case LegEvent::Kind::renegotiated:
        own.listen_for_keys(&other);
        other.listen_for_keys(&own);
        break;
      default: call.mind_alone(own, *event);
    }
  }
  pass_on_keys(own, other);
}

}  // namespace

Meeting::Meeting(Call& first, Call& second)
    : first_(first),
      second_(second),
      sound_(std::make_unique<PairSound>(first.services().media, first.caller(), second.caller(), nullptr)) {
  for (auto& [own, other] : {std::pair(&first, &second), std::pair(&second, &first)}) {
    own->caller().keys().clear();
    own->join(&other->caller(), sound_.get());
    own->caller().listen_for_keys(&other->caller());
  }
  sound_->connect();
  log::line(log::Level::info, log::Subsystem::call, second.uuid(), "{} talks with {} (call {})",
            second.caller().label(), first.caller().label(), first.uuid());
}

Meeting::~Meeting() = default;

void Meeting::leave() {
  if (sound_ == nullptr) {
    return;
  }
  first_.part();
  second_.part();
  sound_.reset();
  first_.wake();
  second_.wake();
}

awaitable<void> Meeting::attend(Call& own) {
  const Attendance attendance(*this);
  co_await talk(own, &own == &first_ ? second_ : first_);
  if (!own.leaving()) {
    own.end_with({cause_by_name("NORMAL_CLEARING"), 0, {}, "callee"});
  }
}

awaitable<void> Meeting::talk(Call& own, Call& other) {
  HoldMusic music(own, own.caller(), other.caller());
  while (!is_over() && !own.leaving()) {
    take_from(own, own.caller(), other.caller());
    co_await music.look();
    if (is_over() || own.leaving()) {
      break;
    }
    (void)co_await own.next_news();
  }
}

}  // namespace switchroom::call
