#include "call/bridge.hpp"

#include "base/log.hpp"
#include "call/call.hpp"
#include "call/hold_music.hpp"
#include "call/pair_sound.hpp"
#include "dialplan/spellings.hpp"

#include <array>
#include <utility>

namespace switchroom::call {
namespace {

using log::Level;
using log::Subsystem;
using namespace std::chrono_literals;

constexpr auto listening_time = 5s;  // after which a leg that was never heard is worth a line in the log

/// Two linked legs. Lives in the frame of talk().
///
/// Each leg negotiates for itself: what the other runs is preferred, so that sound passes through as it is,
/// and whatever else fits is decoded and encoded by the engine. Neither hears of the other's re-offers.
class Conversation {
 public:
  Conversation(Call& call, Leg& callee, std::unique_ptr<media::Link> link)
      : call_(call),
        caller_(call.caller()),
        callee_(callee),
        sound_(call.services().media, caller_, callee, std::move(link)),
        music_{HoldMusic(call, caller_, callee), HoldMusic(call, callee, caller_)} {}

  /// Before the caller is answered, so that his first packet finds its way.
  void link() { sound_.connect(); }
  [[nodiscard]] PairSound& sound() { return sound_; }

  /// The caller has been answered. What was pressed before was meant for nobody here.
  void begin() {
    caller_.keys().clear();
    callee_.keys().clear();
    listen_for_keys();
  }

  awaitable<void> look() {
    take_from(caller_, callee_);
    take_from(callee_, caller_);
    for (HoldMusic& music : music_) {
      co_await music.look();
    }
  }

  /// After a while: says what somebody must be told who asks why the other one hears nothing.
  void look_for_silence() const {
    for (const Leg* leg : {&caller_, &callee_}) {
      const auto& plan = leg->media().plan();
      if (plan && sdp::receives(plan->direction) && !leg->media().statistics().heard) {
        log::line(
            Level::warning, Subsystem::call, call_.uuid(),
            "no sound has come from {} since the call was answered; it announced {}. A firewall or NAT on "
            "its side, or a wrong public_address here",
            leg->label(), base::text(plan->remote_rtp));
      }
    }
  }

 private:
  void take_from(Leg& leg, Leg& other) {
    while (const auto event = leg.next_event()) {
      switch (event->kind) {
        case LegEvent::Kind::offer:
          leg.answer_offer(other.media().usable_codecs());
          listen_for_keys();
          break;
        case LegEvent::Kind::confirmed:
        case LegEvent::Kind::renegotiated: listen_for_keys(); break;
        default: call_.mind_alone(leg, *event);
      }
    }
    pass_on_keys(leg, other);
  }

  void listen_for_keys() {
    caller_.listen_for_keys(&callee_);
    callee_.listen_for_keys(&caller_);
  }

  Call& call_;
  Leg& caller_;
  Leg& callee_;
  PairSound sound_;
  std::array<HoldMusic, 2> music_;  // for the callee, for the caller
};

/// Undoes the conversation in the call, also when its coroutine is cancelled; a caller who goes on without
/// the callee says goodbye to it.
class Parting {
 public:
  Parting(Call& call, Leg& callee) : call_(call), callee_(callee) {}
  ~Parting() {
    if (call_.partner() != &callee_) {
      return;  // it has gone on by itself
    }
    if (!call_.is_transferred() || call_.ending()) {
      call_.forget_sound();
      return;  // its figures belong into the record, and it is told with the call's goodbye
    }
    call_.part();
    call_.drop(callee_, cause_by_name("NORMAL_CLEARING"));
  }
  Parting(const Parting&) = delete;
  Parting& operator=(const Parting&) = delete;

 private:
  Call& call_;
  Leg& callee_;
};

/// The callee has hung up and the caller stays.
void part(Call& call, Leg& callee) {
  const auto cause = cause_of(*callee.end()).name;
  call.part();
  callee.release();
  call.variables().set("bridge_hangup_cause", cause);
  call.variables().set("last_bridge_hangup_cause", cause);
  call.caller().keys().clear();
  call.caller().listen_for_keys(nullptr);
}

bool caller_stays(Call& call) {
  const std::string wanted = call.variables().value("hangup_after_bridge");
  return !wanted.empty() && !dialplan::is_true(wanted);
}

awaitable<void> converse(Call& call, Leg& callee, std::unique_ptr<media::Link> sound) {
  const bool stays = caller_stays(call);
  Conversation conversation(call, callee, std::move(sound));
  call.join(&callee, &conversation.sound(), stays);
  conversation.link();
  if (!call.answer_with(call.caller().media().codecs_with(callee.media().usable_codecs()))) {
    co_return;
  }
  log::line(Level::info, Subsystem::call, call.uuid(), "{} talks with {}", call.caller().label(),
            callee.label());
  conversation.begin();
  base::Time next_check = base::Clock::now() + listening_time;
  co_await conversation.look();
  // A callee that an action has sent elsewhere is the partner no more, and may be gone.
  const auto are_together = [&] { return !call.leaving() && call.partner() == &callee && !callee.ended(); };
  while (are_together()) {
    if (!co_await call.next_news(next_check)) {
      conversation.look_for_silence();
      next_check = base::Time::max();
    }
    if (are_together()) {
      co_await conversation.look();
    }
  }
  if (stays && !call.leaving() && call.partner() == &callee) {
    part(call, callee);
  }
}

}  // namespace

awaitable<void> talk(Call& call, Leg& callee, std::unique_ptr<media::Link> sound) {
  if (callee.ended()) {
    call.note_failure(failure_of(*callee.end()));  // it answered and hung up before we looked
    co_return;
  }
  if (call.leaving()) {
    co_return;  // the caller gave up in the moment of the answer
  }
  const Parting parting(call, callee);
  co_await converse(call, callee, std::move(sound));
}

}  // namespace switchroom::call
