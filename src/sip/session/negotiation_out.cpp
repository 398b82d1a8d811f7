// Our offers: queue, glare, retries. RFC 3261 14.1, RFC 3311, RFC 4028 section 7.4.
#include "base/random.hpp"
#include "sip/session/core.hpp"
#include "sip/session/negotiation.hpp"
#include "sip/session/reason.hpp"

#include <algorithm>
#include <utility>

namespace switchroom::sip {
namespace {

constexpr unsigned max_tries = 8;
constexpr std::size_t max_queue = 8;
constexpr std::uint32_t max_retry_after = 30;                        // seconds
constexpr base::Duration invite_patience = std::chrono::minutes(1);  // a person may have to press a key

base::Duration glare_pause(bool owns_call_id) {
  // 14.1: 2.1 to 4 s in units of 10 ms for the owner of the Call-ID, 0 to 2 s for the other.
  return std::chrono::milliseconds(owns_call_id ? 2100 + 10 * base::random_below(191)
                                                : 10 * base::random_below(201));
}

}  // namespace

Negotiation::Negotiation(NegotiationHost& host, SessionServices services, const SessionSettings& settings)
    : host_(host),
      answered_(services, settings),
      retry_(services.timers),
      patience_(services.timers),
      answer_by_(services.timers),
      pump_(services.timers) {}

void Negotiation::send_offer(const std::string& sdp) {
  if (queue_.size() == max_queue) {
    queue_.back() = sdp;  // the newest wish is what counts
  } else {
    queue_.push_back(sdp);
  }
  pump();
}

void Negotiation::refresh() {
  refresh_due_ = true;
  pump();
}

void Negotiation::pump() {
  if (!host_.alive() || out_ || in_ || answered_.waiting() || (queue_.empty() && !refresh_due_)) return;
  Dialog* dialog = host_.offer_dialog();
  if (dialog == nullptr) return;
  Outgoing out;
  out.refresh = queue_.empty();
  if (out.refresh) {
    out.sdp = local_sdp_;
  } else {
    out.sdp = std::move(queue_.front());
    queue_.pop_front();
  }
  refresh_due_ = false;  // an offer refreshes the session as well
  const bool update =
      host_.peer_allows_update() && (out.refresh || !host_.is_confirmed() || host_.settings().may_update);
  out.method = update ? Method::update : Method::invite;
  out_ = std::move(out);
  transmit(*dialog);
}

void Negotiation::transmit(Dialog& dialog) {
  Message request = dialog.make_request(out_->method);
  host_.dress(request);
  host_.session_timer().ask(request);
  if (!(out_->refresh && out_->method == Method::update)) put_sdp(request, out_->sdp);
  out_cseq_ = request.cseq.number;
  out_->remote_tag = dialog.id().remote_tag;
  out_->early_answer.clear();
  out_->last_rseq = 0;
  ++out_->tries;
  out_->id =
      host_.requests().send(std::move(request), dialog, [this](const Reply& reply) { on_reply(reply); });
  if (out_->method == Method::invite) watch_invite();
}

// UPDATE has timer F. A re-INVITE that is never answered after its 1xx would hold every later offer.
void Negotiation::watch_invite() {
  patience_.start(invite_patience, [this] {
    if (!out_ || out_->id == 0) return;
    out_->cancelled = true;
    host_.services().transactions->cancel(host_.requests().current(out_->id));
    patience_.start(64 * host_.settings().t1, [this] {
      SessionEnd end;
      end.how = SessionEnd::How::no_response;
      end.status = 408;
      end.reason_phrase = "re-INVITE was neither answered nor cancelled";
      host_.end_call(end, 102);
    });
  });
}

void Negotiation::on_reply(const Reply& reply) {
  if (!out_ || !host_.alive()) return;
  if (reply.status < 200) {
    if (out_->method == Method::invite && reply.message != nullptr) on_provisional(*reply.message);
    return;
  }
  patience_.stop();
  const std::uint32_t cseq = reply.message == nullptr ? out_cseq_ : reply.message->cseq.number;
  out_->id = 0;
  if (reply.status < 300 && reply.message != nullptr) {
    on_accepted(*reply.message, cseq);
  } else {
    on_refused(reply);
  }
}

// A reliable 1xx of a re-INVITE wants its PRACK, or the peer never gets to its 200. RFC 3262.
void Negotiation::on_provisional(const Message& response) {
  Dialog* dialog = host_.dialog_with(out_->remote_tag);
  if (dialog == nullptr || !is_acked_reliably(response)) return;
  if (out_->last_rseq != 0 && *response.rseq != out_->last_rseq + 1) return;
  out_->last_rseq = *response.rseq;
  if (out_->early_answer.empty()) out_->early_answer = sdp_of(response);
  Message prack = dialog->make_request(Method::prack);
  prack.rack = {*response.rseq, response.cseq};
  host_.requests().send(std::move(prack), *dialog, [](const Reply&) {});
}

void Negotiation::on_accepted(const Message& response, std::uint32_t cseq) {
  Dialog* dialog = host_.dialog_with(out_->remote_tag);
  if (dialog == nullptr) {
    close_outgoing(481, {});  // an early dialog whose fork lost
    return;
  }
  host_.note_peer(response);
  dialog->refresh_target(response);
  if (out_->method == Method::invite) host_.acknowledge(*dialog, cseq);
  if (host_.is_confirmed()) host_.session_timer().on_answered(response);
  std::string sdp = sdp_of(response);
  if (sdp.empty()) sdp = out_->early_answer;
  local_sdp_ = out_->sdp;
  close_outgoing(response.status, sdp);
}

void Negotiation::on_refused(const Reply& reply) {
  const int status = reply.status;
  const bool may_retry = out_->tries < max_tries && !out_->cancelled;
  if (status == 491 && may_retry) {
    try_again(glare_pause(host_.owns_call_id()));
    return;
  }
  const auto wait = reply.message == nullptr ? std::nullopt : parse_retry_after(*reply.message);
  if (status == 500 && wait && *wait <= max_retry_after && may_retry) {
    try_again(std::chrono::seconds(*wait));
    return;
  }
  if (status == 422 && !out_->raised_expiry && reply.message != nullptr &&
      host_.session_timer().raise(reply.message->min_se.value_or(0))) {
    out_->raised_expiry = true;
    try_again({});
    return;
  }
  if (status == 408 || status == 481 || reply.message == nullptr) {
    // 12.2.1.2: the peer has no such dialog, or is not there any more.
    SessionEnd end;
    end.how = status == 481   ? SessionEnd::How::received_refusal
              : status == 408 ? SessionEnd::How::no_response
                              : SessionEnd::How::transport;
    end.status = status;
    end.reason_phrase = reply.message == nullptr ? "" : reply.message->reason;
    host_.end_call(end, 102);
    return;
  }
  close_outgoing(status, {});
}

void Negotiation::try_again(base::Duration delay) {
  retry_.start(delay, [this] {
    if (!out_ || out_->id != 0 || !host_.alive()) return;
    Dialog* dialog = host_.dialog_with(out_->remote_tag);
    if (dialog == nullptr) {
      close_outgoing(481, {});
    } else if (in_ || answered_.waiting()) {
      try_again(std::chrono::milliseconds(200));  // the peer's turn is not over yet
    } else {
      transmit(*dialog);
    }
  });
}

void Negotiation::close_outgoing(int status, const std::string& sdp) {
  const bool for_leg = !out_->refresh;
  const bool changed = !sdp.empty() && sdp != remote_sdp_;
  if (!sdp.empty()) remote_sdp_ = sdp;
  out_.reset();
  // What waits goes out by another turn: the leg's callback comes first, and may end the call.
  pump_.start({}, [this] {
    host_.on_settled();
    pump();
  });
  // A refresh by re-INVITE repeats what was agreed; the leg hears of it only when the peer changed its mind.
  if (for_leg || (status < 300 && changed)) host_.user().on_offer_answered(status, sdp);
}

}  // namespace switchroom::sip
