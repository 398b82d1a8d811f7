#include "sip/session/outgoing.hpp"

#include "base/log.hpp"
#include "base/random.hpp"
#include "sip/session/reason.hpp"

#include <algorithm>
#include <utility>

namespace switchroom::sip {
namespace {

constexpr std::size_t max_early_dialogs = 32;
constexpr std::size_t tag_length = 12;

Authorizer authorizer_of(const OutgoingCall& call) {
  if (!call.credentials) return {};
  std::vector<base::IpAddress> hosts{base::unmapped(call.to.remote.address)};
  for (const Flow& other : call.others) hosts.push_back(base::unmapped(other.remote.address));
  return {*call.credentials, call.credentials_realm, std::move(hosts)};
}

}  // namespace

std::unique_ptr<Session> Session::outgoing(SessionServices services, SessionSettings settings,
                                           // NOLINTNEXTLINE(performance-unnecessary-value-param): once a call
                                           OutgoingCall call, SessionUser* user) {
  return std::make_unique<OutgoingSession>(services, std::move(settings), call, user);
}

OutgoingSession::OutgoingSession(SessionServices services, SessionSettings settings, const OutgoingCall& call,
                                 SessionUser* user)
    : SessionCore(services, std::move(settings), user, authorizer_of(call)),
      client_(std::make_shared<OutgoingInvite>(services, static_cast<OutgoingInvite::Owner*>(this))),
      others_(call.others),
      ring_limit_(services.timers) {
  flow_ = call.to;
  is_caller_ = true;
  build_invite(call);
  negotiation_.set_local_sdp(call.sdp);
  send_invite();
  if (settings_.ring_limit > base::Duration{}) {
    ring_limit_.start(settings_.ring_limit, [this] {
      SessionEnd end;
      end.how = SessionEnd::How::sent_cancel;
      end.status = 408;
      end.reason_phrase = "nobody answered within the ring limit";
      cancel_call(std::move(end), reason_value(102, {}));
    });
  }
}

OutgoingSession::~OutgoingSession() {
  if (phase_ == Phase::ended) return;
  const bool bye_is_due = phase_ == Phase::talking;
  stop_everything();
  if (bye_is_due) leave_bye_behind();
  let_go();
}

// -- the INVITE ----------------------------------------------------------------------------------------

void OutgoingSession::build_invite(const OutgoingCall& call) {
  invite_.is_request = true;
  invite_.method = Method::invite;
  invite_.method_token = "INVITE";
  invite_.request_uri = call.request_uri;
  invite_.from = call.from;
  invite_.from.parameters.set("tag", base::random_token(tag_length));
  invite_.to = call.to_header;
  invite_.to.parameters.erase("tag");
  invite_.call_id = base::random_uuid();
  invite_.cseq = {1, Method::invite, "INVITE"};
  invite_.max_forwards = call.max_forwards;
  invite_.route = call.route;
  dress_request(invite_);
  timer_.ask(invite_);
  for (const Header& header : settings_.extra_headers) invite_.add_header(header.name, header.value);
  put_sdp(invite_, call.sdp);
}

void OutgoingSession::send_invite() {
  early_.clear();
  dialog_ = Dialog::before_response(invite_, flow_);
  client_->send(invite_, flow_, settings_.first_answer);
}

// Credentials, or a longer session: the same call once more, CSeq + 1 (8.1.3.5, 22.2; RFC 4028 7.3).
bool OutgoingSession::try_again(const Message& response) {
  if (response.status == 401 || response.status == 407) {
    if (!authorizer_.trusts(flow_) || !authorizer_.authorize(invite_, response, attempts_)) return false;
  } else if (response.status == 422 && !raised_expiry_ && timer_.raise(response.min_se.value_or(0))) {
    raised_expiry_ = true;
    timer_.ask(invite_);
  } else {
    return false;
  }
  invite_.cseq.number = dialog_.next_cseq();
  send_invite();
  return true;
}

// RFC 3263 4.3: the same call to the peer's next place. Not once somebody has been rung.
bool OutgoingSession::try_elsewhere(std::string_view why) {
  if (others_.empty() || !early_.empty()) return false;
  log::line(log::Level::info, log::Subsystem::sip, {}, "{} for a call to {}: {}, trying {}",
            base::text(flow_.remote), invite_.to.uri.text(), why, base::text(others_.front().remote));
  flow_ = others_.front();
  others_.erase(others_.begin());
  attempts_ = {};
  invite_.authorization.clear();  // for a nonce of the other place
  invite_.proxy_authorization.clear();
  invite_.contact = {contact()};
  invite_.cseq.number = dialog_.next_cseq();
  send_invite();
  return true;
}

// -- responses -----------------------------------------------------------------------------------------

void OutgoingSession::on_invite_response(const Message& response) {
  flow_ = client_->flow();
  if (response.status < 200) {
    if (phase_ == Phase::early) on_provisional(response);
  } else if (response.status < 300) {
    if (phase_ == Phase::early) {
      on_success(response);
      return;
    }
    client_->decline(response);
    if (cancelling_) finish(end_);
  } else if (cancelling_) {
    finish(end_);
  } else if (phase_ == Phase::early && response.status == 503 && try_elsewhere("503")) {
    return;
  } else if (phase_ == Phase::early && !try_again(response)) {
    on_refused(response);
  }
}

void OutgoingSession::on_invite_failure(Failure failure) {
  if (cancelling_) {
    finish(end_);
    return;
  }
  if (phase_ != Phase::early) return;
  const bool timeout = failure == Failure::timeout;
  if (try_elsewhere(timeout ? "no answer" : "nothing can be sent there")) return;
  SessionEnd end;
  end.how = timeout ? SessionEnd::How::no_response : SessionEnd::How::transport;
  end.status = timeout ? 408 : 503;
  finish(std::move(end));
}

void OutgoingSession::on_provisional(const Message& response) {
  learn_peer(response);
  const std::string tag(response.to.tag());
  std::string sdp = sdp_of(response);
  auto early = early_.find(tag);
  if (early == early_.end() && !tag.empty() && early_.size() < max_early_dialogs) {
    early = early_.emplace(tag, EarlyDialog{Dialog::as_client(invite_, response, flow_), 0, false, {}}).first;
  }
  if (early != early_.end() && is_acked_reliably(response)) {
    const bool in_order = early->second.last_rseq == 0 || *response.rseq == early->second.last_rseq + 1;
    if (!in_order) return;  // a repetition, or one before it was lost (RFC 3262 section 4)
    acknowledge_provisional(early->second, response);
  }
  user_->on_progress(response.status, response.reason, sdp, tag);
  if (alive()) negotiation_.pump();
}

void OutgoingSession::acknowledge_provisional(EarlyDialog& early, const Message& response) {
  early.last_rseq = *response.rseq;
  early.dialog.refresh_target(response);
  if (!early.answered && !sdp_of(response).empty()) {
    early.answered = true;
    early.answer = sdp_of(response);
  }
  Message prack = early.dialog.make_request(Method::prack);
  prack.rack = {*response.rseq, response.cseq};
  prack.add_header("User-Agent", settings_.user_agent);
  requests_.send(std::move(prack), early.dialog, [](const Reply&) {});
}

void OutgoingSession::on_success(const Message& response) {
  ring_limit_.stop();
  learn_peer(response);
  std::string answer = sdp_of(response);
  if (const auto early = early_.find(response.to.tag()); early != early_.end()) {
    dialog_ = early->second.dialog;  // its CSeq has counted PRACK and UPDATE
    dialog_.confirm(response);
    if (early->second.answered) answer = early->second.answer;
  } else {
    dialog_ = Dialog::as_client(invite_, response, flow_);
  }
  early_.clear();
  phase_ = Phase::talking;
  established_ = true;
  client_->acknowledge(dialog_);
  timer_.on_answered(response);
  negotiation_.set_remote_sdp(answer);
  user_->on_answered(answer);
  if (alive()) negotiation_.pump();
}

void OutgoingSession::on_refused(const Message& response) { finish(end_by_response(response)); }

// -- the end -------------------------------------------------------------------------------------------

void OutgoingSession::hang_up(int q850, std::string_view sip_reason) {
  if (phase_ == Phase::talking) {
    say_bye({}, q850, sip_reason);
    return;
  }
  SessionEnd end;
  end.how = SessionEnd::How::sent_cancel;
  // With a SIP reason the Q.850 one would only repeat "normal clearing" (RFC 3326 section 2).
  cancel_call(std::move(end), sip_reason.empty() ? reason_value(q850, {}) : std::string(sip_reason));
}

void OutgoingSession::cancel_call(SessionEnd end, std::string reason) {
  if (phase_ != Phase::early) return;
  stop_everything();
  cancelling_ = true;
  client_->cancel(std::move(reason));
  wait_for_goodbye(std::move(end));
}

void OutgoingSession::let_go() {
  if (client_) {
    client_->leave();
    client_.reset();
  }
}

void OutgoingSession::on_early_bye(TransactionId /*id*/, const Message& bye, const std::string& tag) {
  early_.erase(tag);
  if (!early_.empty()) return;  // another fork may still answer
  client_->cancel({});
  SessionEnd end;
  end.how = SessionEnd::How::received_bye;
  end.q850 = parse_reason(bye).q850;
  finish(std::move(end));
}

void OutgoingSession::on_ack(const Message& ack) {
  if (alive()) negotiation_.on_ack(ack);
}

void OutgoingSession::on_cancel(const Message& cancel) {
  if (alive()) negotiation_.on_cancel(cancel);
}

void OutgoingSession::move_to(const Flow& flow) {
  SessionCore::move_to(flow);
  for (auto& [tag, early] : early_) early.dialog.move_to(flow);
  if (client_) client_->move_to(flow);
}

// -- dialogs -------------------------------------------------------------------------------------------

Dialog* OutgoingSession::find_dialog(const std::string& remote_tag) {
  if (established_) return remote_tag == dialog_.id().remote_tag ? &dialog_ : nullptr;
  const auto early = early_.find(remote_tag);
  return early == early_.end() ? nullptr : &early->second.dialog;
}

NegotiationHost::FirstOffer OutgoingSession::first_offer(const std::string& remote_tag) const {
  if (established_) return FirstOffer::settled;
  const auto early = early_.find(remote_tag);
  return early != early_.end() && early->second.answered ? FirstOffer::settled : FirstOffer::ours;
}

Dialog* OutgoingSession::offer_dialog() {
  if (phase_ == Phase::talking) return &dialog_;
  const bool early =
      phase_ == Phase::early && early_.size() == 1 && early_.begin()->second.answered && peer_allows_update_;
  return early ? &early_.begin()->second.dialog : nullptr;
}

}  // namespace switchroom::sip
