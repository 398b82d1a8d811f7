#include "call/bridge.hpp"

#include "base/log.hpp"
#include "call/call.hpp"

#include <algorithm>

namespace switchroom::call {
namespace {

using log::Level;
using log::Subsystem;

/// The negotiations between two linked legs. Lives in the frame of talk().
///
/// A re-offer that the running codec can answer (hold, resume, a new address) is answered here and the
/// other leg never hears of it; one that needs another codec is carried to the other leg first, and its
/// answer decides.
class Conversation {
 public:
  Conversation(Call& call, Leg& callee, std::unique_ptr<media::Link> link)
      : call_(call), caller_(call.caller()), callee_(callee), link_(std::move(link)) {}

  /// Before the caller is answered, so that his first packet finds its way.
  void link() {
    if (link_ == nullptr && caller_.media().open(callee_.media().port())) {
      link_ = call_.services().media.link(*caller_.media().port(), *callee_.media().port());
    }
  }

  // The caller was promised a codec by a 183, or chose one in its ACK, that the callee did not take.
  void harmonise() {
    if (!caller_.media().plan() || !shared().empty()) {
      return;
    }
    if (!caller_.send_offer(callee_.media().usable_codecs())) {
      call_.end_with({cause_by_name("INCOMPATIBLE_DESTINATION"), 488, {}, "switchroom"});
    }
  }

  void look() {
    take_from(caller_, callee_);
    take_from(callee_, caller_);
  }

 private:
  void take_from(Leg& leg, Leg& other) {
    while (const auto event = leg.next_event()) {
      switch (event->kind) {
        case LegEvent::Kind::confirmed: harmonise(); break;
        case LegEvent::Kind::offer: on_offer(leg, other); break;
        case LegEvent::Kind::offer_answered: on_offer_answered(other, event->status); break;
        default: call_.mind_alone(leg, *event);
      }
    }
  }

  [[nodiscard]] std::vector<sdp::CodecId> shared() const {
    auto codecs = caller_.media().usable_codecs();
    const auto theirs = callee_.media().usable_codecs();
    std::erase_if(codecs, [&](sdp::CodecId codec) {
      return std::find(theirs.begin(), theirs.end(), codec) == theirs.end();
    });
    return codecs;
  }

  void on_offer(Leg& leg, Leg& other) {
    const auto running = other.media().usable_codecs();
    if (leg.asked_for_offer() || !leg.media().offered(running).empty()) {
      leg.answer_offer(running);
      return;
    }
    // Another codec: ask the other side for it before promising anything.
    auto wanted = leg.media().offered(leg.media().allowed());
    const auto& allowed = other.media().allowed();
    std::erase_if(wanted, [&](sdp::CodecId codec) {
      return std::find(allowed.begin(), allowed.end(), codec) == allowed.end();
    });
    if (wanted.empty() || waiting_ != nullptr || !other.send_offer(wanted)) {
      leg.refuse_offer(488);
      return;
    }
    waiting_ = &leg;
  }

  // `other` is the leg whose partner has just answered our re-offer.
  void on_offer_answered(Leg& other, int status) {
    if (waiting_ != &other) {
      return;
    }
    waiting_ = nullptr;
    if (status >= 200 && status < 300) {
      Leg& partner = &other == &caller_ ? callee_ : caller_;
      other.answer_offer(partner.media().usable_codecs());
    } else {
      other.refuse_offer(488);
    }
  }

  Call& call_;
  Leg& caller_;
  Leg& callee_;
  Leg* waiting_ = nullptr;  // not owned: whose offer waits for the other side's answer
  std::unique_ptr<media::Link> link_;
};

}  // namespace

awaitable<void> talk(Call& call, Leg& callee, std::unique_ptr<media::Link> sound) {
  if (callee.ended()) {
    call.note_failure(failure_of(*callee.end()));  // it answered and hung up before we looked
    co_return;
  }
  if (call.ending()) {
    co_return;  // the caller gave up in the moment of the answer
  }
  call.join(&callee);
  Conversation conversation(call, callee, std::move(sound));
  conversation.link();
  if (!call.answer_with(callee.media().usable_codecs())) {
    co_return;
  }
  log::line(Level::info, Subsystem::call, call.uuid(), "{} talks with {}", call.caller().label(),
            callee.label());
  conversation.harmonise();
  conversation.look();
  while (!call.ending() && !callee.ended()) {
    (void)co_await call.next_news();
    conversation.look();
  }
}

}  // namespace switchroom::call
