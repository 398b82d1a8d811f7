// A call's legs: answering, waiting for what happens on them, and their ends.
#include "base/log.hpp"
#include "call/call.hpp"
#include "call/events.hpp"
#include "cdr/recorder.hpp"

#include <algorithm>
#include <utility>

namespace switchroom::call {
namespace {

using log::Level;
using log::Subsystem;

}  // namespace

// -- the caller's leg ------------------------------------------------------------------------------

bool Call::answer_with(const std::vector<sdp::CodecId>& codecs) {
  if (const auto answered = caller_->answer(codecs); !answered) {
    const int status = sip_status(answered.error());
    log::line(Level::warning, Subsystem::call, record_.uuid, "cannot answer {}: {}", caller_->label(),
              describe(answered.error()));
    end_with({sip::cause_of_status(status), status, {}, "switchroom"});
    return false;
  }
  mark_answered();
  return true;
}

bool Call::hear_early() {
  if (!caller_->established()) {
    (void)caller_->send_early_media(caller_->media().codecs_with({}));
    mark_progress(true);
  }
  return caller_->media().plan().has_value();
}

awaitable<bool> Call::answer() {
  if (!answered_ && !answer_with(caller_->media().codecs_with({}))) {
    co_return false;
  }
  co_return true;
}

void Call::mark_answered() {
  if (!answered_) {
    answered_ = services_.timers.now();
    record_.answer = base::wall_now();
    services_.recorder.answered(record_.uuid, record_.answer);
    services_.events.publish("call.answer", {{"call", record_.uuid}});
  }
}

void Call::mark_progress(bool with_media) {
  base::WallMicros& stamp = with_media ? record_.progress_media : record_.progress;
  if (stamp == 0) {
    stamp = base::wall_now();
  }
}

// -- waiting ---------------------------------------------------------------------------------------

awaitable<bool> Call::next_news(base::Time deadline) {
  others_.remove_if([](const auto& leg) { return leg->is_done(); });
  waits_for_news_ = true;
  const bool woken = co_await news_.wait_until(deadline);
  waits_for_news_ = false;
  news_.reset();
  if (!performs_ && digit_actions_.has_next() && !leaving()) {
    co_await perform_digit_actions();
    co_return true;
  }
  co_return woken;
}

void Call::mind_alone(Leg& leg, const LegEvent& event) {
  switch (event.kind) {
    case LegEvent::Kind::offer:
      leg.answer_offer({});
      leg.listen_for_keys(nullptr);
      break;
    case LegEvent::Kind::failed_media:
      end_with({cause_by_name("INCOMPATIBLE_DESTINATION"), event.status, {}, "switchroom"});
      break;
    case LegEvent::Kind::unsecured: end_with({cause_by_name("SRTP_READ_ERROR"), 0, {}, "switchroom"}); break;
    case LegEvent::Kind::silence:
      log::line(Level::warning, Subsystem::call, record_.uuid, "no sound from {} for the time in rtp_timeout",
                leg.label());
      end_with({cause_by_name("MEDIA_TIMEOUT"), 0, {}, "switchroom"});
      break;
    default: break;
  }
}

awaitable<void> Call::idle_until(base::Time deadline) {
  for (;;) {
    while (const auto event = caller_->next_event()) {
      mind_alone(*caller_, *event);
    }
    if (leaving() || !co_await next_news(deadline)) {
      co_return;
    }
  }
}

// -- the other legs --------------------------------------------------------------------------------

Leg& Call::adopt(std::unique_ptr<Leg> leg) {
  others_.push_back(std::move(leg));
  return *others_.back();
}

void Call::drop(Leg& leg, const sip::Cause& cause, std::string_view sip_reason) {
  leg.hang_up(cause, sip_reason);
  leg.release();  // next_news() forgets it, and its ports, when its end has come
}

void Call::join(Leg* leg, PairSound* sound, bool caller_stays) {
  partner_ = leg;
  pair_sound_ = sound;
  caller_stays_ = caller_stays;
  record_.bleg_uuid = leg->uuid();
  record_.bridge_channel = leg->label();
  services_.events.publish("call.bridge",
                           {{"call", record_.uuid}, {"leg", leg->uuid()}, {"who", leg->label()}});
  listen_for_bound_keys();
}

void Call::part() {
  if (!concluded_) {
    refresh_record();
  }
  if (subject_ == partner_) {
    subject_ = nullptr;
  }
  partner_ = nullptr;
  pair_sound_ = nullptr;
}

void Call::on_leg_event(Leg& /*leg*/) { news_.notify(); }

void Call::on_leg_over_cap(Leg& leg) {
  log::line(Level::warning, Subsystem::call, record_.uuid,
            "{} is ended: the talk that is allowed in an hour is used up (at_cap = \"end\" in [tolls])",
            leg.label());
  end_with({cause_by_name("ALLOTTED_TIMEOUT"), 0, {}, "switchroom"});
  if (cancel_ && !waits_for_news_) {
    cancel_();
  }
}

void Call::on_leg_end(Leg& leg, const sip::SessionEnd& end) {
  log::line(is_trouble(end) ? Level::info : Level::debug, Subsystem::call, record_.uuid, "{}",
            in_words(end, leg.label()));
  if (&leg == caller_.get()) {
    const bool cancelled = end.how == sip::SessionEnd::How::received_cancel;
    const bool by_peer = end.how == sip::SessionEnd::How::received_bye || cancelled;
    Ending ending{cause_of(end), cancelled ? 487 : end.status, {}, by_peer ? "caller" : "switchroom"};
    conclude(ending_ ? *ending_ : ending, sip::disposition(end.how));
    end_with(std::move(ending));
    news_.notify();
    if (cancel_ && !waits_for_news_) {
      cancel_();  // every wait of the coroutine unwinds; the epilogue is deaf to it
    }
    return;
  }
  if (&leg == partner_ && !caller_stays_) {
    const bool by_peer = end.how == sip::SessionEnd::How::received_bye;
    Ending ending{cause_of(end), 0, {}, by_peer ? "callee" : "switchroom"};
    conclude(ending_ ? *ending_ : ending, "send_bye");
    end_with(std::move(ending));
  }
  news_.notify();
}

}  // namespace switchroom::call
