// The peer's offers: re-INVITE, UPDATE, and the offer in a PRACK. RFC 3261 14.2, RFC 3311 5.2, RFC 6337.
#include "base/random.hpp"
#include "sip/session/core.hpp"
#include "sip/session/negotiation.hpp"

#include <utility>

namespace switchroom::sip {
namespace {

constexpr std::uint32_t retry_after_bound = 11;  // 14.2: 0 to 10 s

}  // namespace

void Negotiation::respond_with_retry_after(TransactionId id, const Message& request) {
  Message response = host_.make_response_to(request, 500);
  response.add_header("Retry-After", std::to_string(base::random_below(retry_after_bound)));
  host_.services().transactions->respond(id, response);
}

// True when the request was answered: another exchange is under way.
bool Negotiation::is_in_the_way(TransactionId id, const Message& request) {
  const auto first = host_.first_offer(std::string(request.from.tag()));
  const bool has_offer = request.method == Method::invite || !sdp_of(request).empty();
  if (!has_offer) return false;
  const bool ours = (out_ && out_->id != 0) || (answered_.waiting() && answered_with_offer_) ||
                    (in_ && in_->wants_our_offer) || first == NegotiationHost::FirstOffer::ours;
  const bool theirs = first == NegotiationHost::FirstOffer::theirs ||
                      (in_ && (!in_->wants_our_offer || request.method == Method::invite));
  if (theirs) {
    respond_with_retry_after(id, request);
  } else if (ours) {
    host_.services().transactions->respond(id, host_.make_response_to(request, 491));
  }
  return theirs || ours;
}

void Negotiation::on_request(TransactionId id, Message request) {
  if (is_in_the_way(id, request)) return;
  if (host_.session_timer().too_small(request)) {
    Message response = host_.make_response_to(request, 422);
    response.min_se = host_.session_timer().min_se();
    host_.services().transactions->respond(id, response);
    return;
  }
  if (request.method == Method::update && sdp_of(request).empty()) {
    accept_update_without_sdp(id, request);
    return;
  }
  begin(id, std::move(request));
}

void Negotiation::accept_update_without_sdp(TransactionId id, const Message& request) {
  Message response = host_.make_response_to(request, 200);
  if (host_.is_confirmed()) host_.session_timer().answer(request, response);
  host_.services().transactions->respond(id, response);
}

void Negotiation::on_prack_offer(TransactionId id, Message prack) {
  if (!is_in_the_way(id, prack)) begin(id, std::move(prack));
}

void Negotiation::begin(TransactionId id, Message request) {
  answered_.stop();  // a new request of the peer says that it has our 2xx, though its ACK was lost
  const std::string sdp = sdp_of(request);
  in_ = std::make_unique<Incoming>(id, std::move(request), sdp.empty());
  // In time for the peer to hear of it: its own patience (timer F) ends at 64*T1.
  answer_by_.start(60 * host_.settings().t1, [this] { refuse(500); });
  host_.user().on_offer(sdp);
}

void Negotiation::answer(const std::string& sdp) {
  if (!in_) return;
  answer_by_.stop();
  const std::unique_ptr<Incoming> in = std::move(in_);
  Message response = host_.make_response_to(in->request, 200);
  put_sdp(response, sdp);
  local_sdp_ = sdp;
  if (!in->wants_our_offer) remote_sdp_ = sdp_of(in->request);
  if (in->request.method != Method::prack && (host_.is_confirmed() || in->request.method == Method::invite)) {
    host_.session_timer().answer(in->request, response);
  }
  host_.services().transactions->respond(in->id, response);
  if (in->request.method == Method::invite) {
    answered_with_offer_ = in->wants_our_offer;
    answered_.start(in->id, std::move(response), [this] { on_no_ack(); });
  }
  pump_.start({}, [this] {
    host_.on_settled();
    pump();
  });
}

void Negotiation::refuse(int status) {
  if (!in_) return;
  answer_by_.stop();
  const std::unique_ptr<Incoming> in = std::move(in_);
  host_.services().transactions->respond(in->id, host_.make_response_to(in->request, status));
  pump_.start({}, [this] {
    host_.on_settled();
    pump();
  });
}

void Negotiation::on_no_ack() {
  SessionEnd end;
  end.how = SessionEnd::How::no_ack;
  end.reason_phrase = "no ACK came for our 200 to a re-INVITE";
  host_.end_call(end, 102);
}

bool Negotiation::on_ack(const Message& ack) {
  if (!answered_.on_ack(ack)) return false;
  pump_.start({}, [this] { pump(); });
  if (std::exchange(answered_with_offer_, false)) {
    const std::string sdp = sdp_of(ack);
    if (!sdp.empty()) remote_sdp_ = sdp;
    host_.user().on_offer_answered(sdp.empty() ? 488 : 200, sdp);
  }
  return true;
}

bool Negotiation::on_cancel(const Message& cancel) {
  if (!in_ || in_->request.method != Method::invite || in_->request.cseq.number != cancel.cseq.number)
    return false;
  refuse(487);
  return true;
}

bool Negotiation::on_server_failure(TransactionId id) {
  if (!in_ || in_->id != id) return false;
  in_.reset();
  answer_by_.stop();
  return true;
}

void Negotiation::stop() {
  if (in_) {
    const std::unique_ptr<Incoming> in = std::move(in_);
    const int status = in->request.method == Method::invite ? 487 : 481;
    host_.services().transactions->respond(in->id, host_.make_response_to(in->request, status));
  }
  out_.reset();
  queue_.clear();
  refresh_due_ = false;
  answered_.stop();
  retry_.stop();
  patience_.stop();
  answer_by_.stop();
  pump_.stop();
}

}  // namespace switchroom::sip
