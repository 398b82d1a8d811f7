// The peer's requests inside the dialog. RFC 3261 12.2.2, 15.1.2; RFC 6086 (INFO).
#include "sip/session/core.hpp"
#include "sip/session/reason.hpp"

#include <algorithm>
#include <utility>

namespace switchroom::sip {

void SessionCore::on_request(TransactionId id, Message request, const Flow& from) {
  Dialog* dialog = phase_ == Phase::ended ? nullptr : find_dialog(std::string(request.from.tag()));
  if (dialog == nullptr) {
    refuse_request(id, request, 481);
    return;
  }
  if (!dialog->accept_sequence(request)) {
    refuse_request(id, request, 500, "CSeq out of order");
    return;
  }
  if (!is_acceptable(id, request)) return;
  if (request.method == Method::invite || request.method == Method::update) dialog->refresh_target(request);
  dialog->heard_by(from);
  if (phase_ == Phase::leaving && request.method != Method::bye) {
    refuse_request(id, request, 481);
    return;
  }
  dispatch(id, std::move(request));
}

// 8.2.2.3: an extension that the peer insists on and that we do not have.
bool SessionCore::is_acceptable(TransactionId id, const Message& request) {
  std::string unsupported;
  for (const auto& tag : request.require) {
    if (tag == "timer" || tag == "100rel") continue;
    unsupported += (unsupported.empty() ? "" : ", ") + tag;
  }
  if (unsupported.empty()) return true;
  Message response = response_to(request, 420);
  response.add_header("Unsupported", unsupported);
  respond(id, response);
  return false;
}

void SessionCore::dispatch(TransactionId id, Message request) {
  switch (request.method) {
    case Method::bye: on_bye(id, request, std::string(request.from.tag())); return;
    case Method::invite:
    case Method::update: on_offer_request(id, std::move(request)); return;
    case Method::prack:
      if (has_readable_body(request)) {
        on_prack(id, std::move(request));
      } else {
        refuse_request(id, request, 415);
      }
      return;
    case Method::info:
    case Method::message: on_info_or_message(id, request); return;
    case Method::options: {
      Message response = response_to(request, 200);
      response.add_header("Accept", "application/sdp");
      respond(id, response);
      return;
    }
    case Method::notify: refuse_request(id, request, 489); return;  // there is no subscription (RFC 6665)
    default: refuse_method(id, request);
  }
}

void SessionCore::refuse_method(TransactionId id, const Message& request) {
  refuse_request(id, request, request.method == Method::other ? 501 : 405);  // with Allow, as every final one
}

bool SessionCore::has_readable_body(const Message& message) const {
  return message.body.empty() ||
         (message.content_type == "application/sdp" && message.header("Content-Encoding") == nullptr);
}

void SessionCore::on_offer_request(TransactionId id, Message request) {
  learn_peer(request);
  if (!has_readable_body(request)) {
    refuse_request(id, request, 415);
  } else if (request.method == Method::invite && !is_set_up()) {
    // 14.2: a second INVITE before the first has had its final response.
    if (is_caller_) {
      refuse_request(id, request, 491);
      return;
    }
    Message response = response_to(request, 500);
    response.add_header("Retry-After", "5");
    respond(id, response);
  } else {
    negotiation_.on_request(id, std::move(request));
  }
}

void SessionCore::on_bye(TransactionId id, const Message& bye, const std::string& tag) {
  if (phase_ == Phase::leaving) {
    refuse_request(id, bye, 200);
    finish(end_);  // both said goodbye at once
    return;
  }
  if (phase_ == Phase::early) {
    refuse_request(id, bye, 200);
    on_early_bye(id, bye, tag);
    return;
  }
  respond_at_the_end(id, response_to(bye, 200));
  SessionEnd end;
  end.how = SessionEnd::How::received_bye;
  end.q850 = parse_reason(bye).q850;
  end.reason_phrase = parse_reason(bye).text;
  finish(std::move(end));
}

void SessionCore::on_info_or_message(TransactionId id, const Message& request) {
  const auto& types = settings_.info_types;
  if (!request.body.empty() && std::find(types.begin(), types.end(), request.content_type) == types.end()) {
    Message response = make_response(request, 415, {}, dialog_.id().local_tag);
    std::string accepted;
    for (const auto& type : types) accepted += (accepted.empty() ? "" : ", ") + type;
    response.add_header("Accept", accepted);
    response.add_header("Server", settings_.user_agent);
    respond(id, response);
    return;
  }
  respond(id, response_to(request, 200));
  if (!request.body.empty()) user_->on_info(request.content_type, request.body);
}

}  // namespace switchroom::sip
