#include "sip/session/incoming.hpp"

#include "base/random.hpp"
#include "sip/cause.hpp"
#include "sip/session/reason.hpp"

#include <algorithm>
#include <utility>

namespace switchroom::sip {
namespace {

constexpr base::Duration keep_ringing_interval = std::chrono::minutes(1);
constexpr base::Duration goodbye_limit = std::chrono::seconds(2);
constexpr std::size_t tag_length = 12;

}  // namespace

std::unique_ptr<Session> Session::incoming(SessionServices services, SessionSettings settings,
                                           IncomingCall call, SessionUser* user) {
  return std::make_unique<IncomingSession>(services, std::move(settings), std::move(call), user);
}

IncomingSession::IncomingSession(SessionServices services, SessionSettings settings, IncomingCall call,
                                 SessionUser* user)
    : SessionCore(services, std::move(settings), user, {}),
      transaction_(call.transaction),
      reliable_(services, settings_, [this] { end_refused(504, "No PRACK", 102); }),
      answered_(services, settings_),
      ring_limit_(services.timers),
      keep_ringing_(services.timers) {
  invite_ = std::move(call.invite);
  flow_ = call.from;
  dialog_ = Dialog::as_server(invite_, base::random_token(tag_length), flow_);
  learn_peer(invite_);
  if (refuse_at_once()) return;
  reliable_wanted_ = invite_.requires_option("100rel");
  const std::string offer = sdp_of(invite_);
  first_ = offer.empty() ? FirstOffer::ours : FirstOffer::theirs;
  negotiation_.set_remote_sdp(offer);
  if (settings_.ring_limit > base::Duration{}) {
    ring_limit_.start(settings_.ring_limit, [this] { end_refused(480, {}, 19); });
  }
}

IncomingSession::~IncomingSession() {
  const bool bye_is_due = phase_ == Phase::talking || (phase_ == Phase::leaving && answered_.waiting());
  if (phase_ == Phase::early) respond(transaction_, invite_response(480));
  if (phase_ != Phase::ended) stop_everything();
  if (bye_is_due) leave_bye_behind();
}

// -- the INVITE ----------------------------------------------------------------------------------------

bool IncomingSession::refuse_at_once() {
  std::string unsupported;
  for (const auto& tag : invite_.require) {
    if (tag != "100rel" && tag != "timer") unsupported += (unsupported.empty() ? "" : ", ") + tag;
  }
  int status = 0;
  if (!unsupported.empty()) {
    status = 420;
  } else if (!has_readable_body(invite_)) {
    status = 415;
  } else if (timer_.too_small(invite_)) {
    status = 422;
  } else {
    return false;
  }
  Message response = invite_response(status);
  if (status == 420) response.add_header("Unsupported", unsupported);
  if (status == 422) response.min_se = timer_.min_se();
  respond(transaction_, response);
  SessionEnd end;
  end.how = SessionEnd::How::sent_refusal;
  end.status = status;
  end.reason_phrase = response.reason;
  finish(std::move(end));
  return true;
}

Message IncomingSession::invite_response(int status, std::string_view reason) {
  Message response = response_to(invite_, status, reason);
  // 12.1.1: what makes a dialog carries the route back.
  if (status < 300) response.record_route = invite_.record_route;
  for (const Header& header : settings_.extra_headers) response.add_header(header.name, header.value);
  return response;
}

// -- 1xx -----------------------------------------------------------------------------------------------

void IncomingSession::progress(int status, const std::string& sdp) {
  if (phase_ != Phase::early || pending_accept_) return;
  last_progress_ = std::clamp(status, 101, 199);
  send_progress(last_progress_, sdp);
  repeat_progress();
}

void IncomingSession::send_progress(int status, const std::string& sdp) {
  Message response = invite_response(status);
  // An offer of ours may not go by an unreliable response, and a second answer by none.
  const bool carries_sdp = !sdp.empty() && !settled_early_ &&
                           (reliable_wanted_ || first_ == FirstOffer::theirs) &&
                           !(first_ == FirstOffer::ours && reliable_.waiting_with_sdp());
  if (carries_sdp) {
    put_sdp(response, sdp);
    negotiation_.set_local_sdp(sdp);
  }
  if (!reliable_wanted_) {
    respond(transaction_, response);
    return;
  }
  if (carries_sdp && first_ == FirstOffer::theirs) {
    first_ = FirstOffer::settled;
    settled_early_ = true;
  }
  reliable_.send(transaction_, std::move(response));
}

void IncomingSession::repeat_progress() {
  keep_ringing_.start(keep_ringing_interval, [this] {
    send_progress(last_progress_, {});
    repeat_progress();
  });
}

void IncomingSession::on_prack(TransactionId id, Message prack) {
  if (!reliable_.on_prack(prack)) {
    refuse_request(id, prack, 481);
    return;
  }
  const bool has_sdp = !sdp_of(prack).empty();
  if (phase_ == Phase::early && first_ == FirstOffer::ours && !reliable_.waiting_with_sdp() &&
      (has_sdp || negotiation_.has_local_sdp())) {
    on_prack_answer(id, prack);
  } else if (has_sdp) {
    negotiation_.on_prack_offer(id, std::move(prack));
  } else {
    refuse_request(id, prack, 200);
  }
  if (!alive()) return;
  reliable_.send_next();
  accept_if_due();
}

// Our offer went by a reliable 1xx: the PRACK has the peer's answer (RFC 3262 section 5).
void IncomingSession::on_prack_answer(TransactionId id, const Message& prack) {
  refuse_request(id, prack, 200);
  const std::string answer = sdp_of(prack);
  first_ = FirstOffer::settled;
  settled_early_ = true;
  negotiation_.set_remote_sdp(answer);
  user_->on_offer_answered(answer.empty() ? 488 : 200, answer);
}

// -- 2xx -----------------------------------------------------------------------------------------------

void IncomingSession::accept(const std::string& sdp) {
  if (phase_ != Phase::early || pending_accept_) return;
  pending_accept_ = sdp;
  accept_if_due();
}

void IncomingSession::accept_if_due() {
  if (!pending_accept_ || phase_ != Phase::early) return;
  if (reliable_.waiting_with_sdp() || negotiation_.incoming()) return;
  send_accept(*std::exchange(pending_accept_, std::nullopt));
}

void IncomingSession::send_accept(const std::string& sdp) {
  reliable_.stop();
  ring_limit_.stop();
  keep_ringing_.stop();
  Message response = invite_response(200);
  if (!settled_early_) {
    put_sdp(response, sdp);
    negotiation_.set_local_sdp(sdp);
    if (first_ == FirstOffer::theirs) first_ = FirstOffer::settled;
  }
  timer_.answer(invite_, response);
  phase_ = Phase::talking;
  established_ = true;
  if (!services_.transactions->respond(transaction_, response)) {
    SessionEnd end;
    end.how = SessionEnd::How::transport;
    end.status = 503;
    finish(std::move(end));
    return;
  }
  answered_.start(transaction_, std::move(response), [this] { end_without_ack(); });
}

void IncomingSession::end_without_ack() {
  SessionEnd end;
  end.how = SessionEnd::How::no_ack;
  end.reason_phrase = "our 200 was never acknowledged: is " + contact().uri.text() + " an address that " +
                      text(flow_) + " can reach?";
  say_bye(std::move(end), 102);
}

void IncomingSession::on_ack(const Message& ack) {
  if (!answered_.on_ack(ack)) {
    negotiation_.on_ack(ack);
    return;
  }
  confirmed_ = true;
  if (phase_ == Phase::leaving) {
    // hang_up came before the ACK (section 15: no BYE until it is here).
    phase_ = Phase::talking;
    say_bye(end_, bye_q850_, bye_reason_);
    return;
  }
  if (phase_ != Phase::talking) return;
  std::string answer;
  if (first_ == FirstOffer::ours) {
    answer = sdp_of(ack);
    negotiation_.set_remote_sdp(answer);
    first_ = FirstOffer::settled;
  }
  user_->on_confirmed(answer);
  if (alive()) negotiation_.pump();
}

// -- the end -------------------------------------------------------------------------------------------

void IncomingSession::refuse(int status, std::string_view reason, int q850) {
  if (phase_ == Phase::early) end_refused(std::clamp(status, 300, 699), reason, q850);
}

void IncomingSession::end_refused(int status, std::string_view reason, int q850) {
  if (phase_ != Phase::early) return;
  Message response = invite_response(status, reason);
  const std::string why = reason_value(q850, {});
  if (!why.empty()) response.add_header("Reason", why);
  respond(transaction_, response);
  SessionEnd end;
  end.how = SessionEnd::How::sent_refusal;
  end.status = status;
  end.reason_phrase = response.reason;
  finish(std::move(end));
}

void IncomingSession::hang_up(int q850, std::string_view sip_reason) {
  if (phase_ == Phase::early) {
    end_refused(cause_of_q850(q850).sip_status, {}, q850);
    return;
  }
  if (phase_ != Phase::talking) return;
  if (!answered_.waiting()) {
    say_bye({}, q850, sip_reason);
    return;
  }
  // Section 15: the BYE waits for the ACK, but no longer than a goodbye may take.
  negotiation_.stop();
  timer_.stop();
  bye_q850_ = q850;
  bye_reason_ = sip_reason;
  phase_ = Phase::leaving;
  end_ = {};
  goodbye_.start(goodbye_limit, [this] {
    leave_bye_behind();
    finish(end_);
  });
}

void IncomingSession::on_cancel(const Message& cancel) {
  if (cancel.cseq.number != invite_.cseq.number || is_set_up()) {
    if (alive()) negotiation_.on_cancel(cancel);
    return;  // it crossed our 2xx: no effect (9.2)
  }
  const Reason reason = parse_reason(cancel);
  respond_at_the_end(transaction_, invite_response(487));
  SessionEnd end;
  end.how = SessionEnd::How::received_cancel;
  end.q850 = reason.q850;
  end.status = reason.sip;
  end.reason_phrase = reason.text;
  finish(std::move(end));
}

void IncomingSession::on_early_bye(TransactionId /*id*/, const Message& bye, const std::string& /*tag*/) {
  respond_at_the_end(transaction_, invite_response(487));  // 15.1.2
  SessionEnd end;
  end.how = SessionEnd::How::received_bye;
  end.q850 = parse_reason(bye).q850;
  finish(std::move(end));
}

void IncomingSession::on_server_failure(TransactionId id) {
  if (id != transaction_) {
    SessionCore::on_server_failure(id);
    return;
  }
  if (confirmed_ || !alive()) return;
  SessionEnd end;
  end.how = SessionEnd::How::transport;
  end.status = 503;
  finish(std::move(end));
}

Dialog* IncomingSession::find_dialog(const std::string& remote_tag) {
  return remote_tag == dialog_.id().remote_tag ? &dialog_ : nullptr;
}

Dialog* IncomingSession::offer_dialog() {
  if (phase_ == Phase::talking) return confirmed_ ? &dialog_ : nullptr;
  const bool early = phase_ == Phase::early && settled_early_ && !reliable_.waiting() && peer_allows_update_;
  return early ? &dialog_ : nullptr;
}

void IncomingSession::stop_set_up() {
  reliable_.stop();
  answered_.stop();
  ring_limit_.stop();
  keep_ringing_.stop();
  pending_accept_.reset();
}

}  // namespace switchroom::sip
