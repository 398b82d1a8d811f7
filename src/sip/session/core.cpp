// The end of a session, and the responses to what it sent.
#include "sip/session/core.hpp"

#include "base/net.hpp"
#include "sip/session/reason.hpp"

#include <utility>

namespace switchroom::sip {
namespace {

constexpr base::Duration goodbye_limit = std::chrono::seconds(2);
constexpr const char* option_tags[] = {"100rel", "timer"};
constexpr const char* methods[] = {"INVITE", "ACK",    "BYE",  "CANCEL", "OPTIONS",
                                   "PRACK",  "UPDATE", "INFO", "MESSAGE"};

}  // namespace

std::string sdp_of(const Message& message) {
  return message.content_type == "application/sdp" ? message.body : std::string();
}

void put_sdp(Message& message, const std::string& sdp) {
  if (sdp.empty()) return;
  message.content_type = "application/sdp";
  message.body = sdp;
}

bool is_acked_reliably(const Message& response) {
  return response.status > 100 && response.status < 200 && response.rseq && *response.rseq != 0 &&
         response.requires_option("100rel");
}

SessionCore::SessionCore(SessionServices services, SessionSettings settings, SessionUser* user,
                         Authorizer authorizer)
    : services_(services),
      settings_(std::move(settings)),
      user_(user),
      authorizer_(std::move(authorizer)),
      requests_(services.transactions, this, &authorizer_,
                [this](const std::string& tag) { return find_dialog(tag); }),
      timer_(
          services, settings_, [this] { negotiation_.refresh(); },
          [this] {
            SessionEnd end;
            end.how = SessionEnd::How::expired;
            end.reason_phrase = "nobody refreshed the session in time";
            say_bye(std::move(end), 102);
          }),
      negotiation_(*this, services, settings_),
      goodbye_(services.timers) {}

// -- messages that we make ---------------------------------------------------------------------------

Address SessionCore::contact() const {
  const base::Endpoint here = services_.transactions->advertised_for(flow_);
  Address address;
  address.uri.user = settings_.contact_user;
  address.uri.host = here.address.to_string();
  address.uri.port = here.port;
  if (flow_.kind != TransportKind::udp) {
    std::string transport(name(flow_.kind));
    for (char& c : transport) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    address.uri.parameters.set("transport", transport);
  }
  return address;
}

void SessionCore::dress_request(Message& request) {
  request.contact = {contact()};
  request.allow.assign(std::begin(methods), std::end(methods));
  request.supported.assign(std::begin(option_tags), std::end(option_tags));
  request.add_header("User-Agent", settings_.user_agent);
}

Message SessionCore::response_to(const Message& request, int status, std::string_view reason) {
  Message response = make_response(request, status, reason, dialog_.id().local_tag);
  const bool target = request.method == Method::invite || request.method == Method::update;
  if (target && status > 100 && status < 300) response.contact = {contact()};
  if (status >= 200) {
    response.allow.assign(std::begin(methods), std::end(methods));
    response.supported.assign(std::begin(option_tags), std::end(option_tags));
  }
  if (status == 415) response.add_header("Accept", "application/sdp");
  response.add_header("Server", settings_.user_agent);
  return response;
}

void SessionCore::refuse_request(TransactionId id, const Message& request, int status,
                                 std::string_view reason) {
  respond(id, response_to(request, status, reason));
}

Message SessionCore::make_bye(int q850, std::string_view sip_reason) {
  Message bye = dialog_.make_request(Method::bye);
  bye.add_header("User-Agent", settings_.user_agent);
  const std::string reason = reason_value(q850, sip_reason);
  if (!reason.empty()) bye.add_header("Reason", reason);
  return bye;
}

void SessionCore::learn_peer(const Message& message) {
  if (!message.allow.empty()) peer_allows_update_ = message.allows(Method::update);
}

// 13.2.2.4: the ACK of a 2xx is the dialog's own, outside any transaction.
void SessionCore::acknowledge(Dialog& dialog, std::uint32_t cseq) {
  last_ack_ = std::make_unique<SentAck>(dialog.make_ack(cseq), dialog.next_hop());
  last_ack_->message.add_header("User-Agent", settings_.user_agent);
  services_.transactions->send_ack(last_ack_->message, last_ack_->to);
}

// -- the end -----------------------------------------------------------------------------------------

void SessionCore::stop_everything() {
  stop_set_up();
  negotiation_.stop();
  timer_.stop();
  goodbye_.stop();
  requests_.abandon_all();
}

void SessionCore::finish(SessionEnd end) {
  if (phase_ == Phase::ended) return;
  stop_everything();
  phase_ = Phase::ended;
  let_go();
  end_ = std::move(end);
  goodbye_.start({}, [this] {
    TransactionLayer& transactions = *services_.transactions;
    const std::vector<LastWord> words = std::exchange(last_words_, {});
    user_->on_end(end_);  // may destroy us
    say(transactions, words);
  });
}

void SessionCore::say(TransactionLayer& transactions, const std::vector<LastWord>& words) {
  for (const LastWord& word : words) transactions.respond(word.transaction, word.response);
}

void SessionCore::wait_for_goodbye(SessionEnd end) {
  phase_ = Phase::leaving;
  end_ = std::move(end);
  goodbye_.start(goodbye_limit, [this] { finish(end_); });
}

void SessionCore::say_bye(SessionEnd end, int q850, std::string_view sip_reason) {
  if (phase_ == Phase::ended || phase_ == Phase::leaving) return;
  stop_everything();
  wait_for_goodbye(std::move(end));
  requests_.send(make_bye(q850, sip_reason), dialog_, [this](const Reply& reply) {
    if (reply.status >= 200) finish(end_);
  });
}

void SessionCore::leave_bye_behind() {
  Message bye = make_bye(16, {});
  const TransactionId id = services_.transactions->request(std::move(bye), dialog_.next_hop(), this);
  services_.transactions->abandon(id);
}

// -- the leg's wishes --------------------------------------------------------------------------------

void SessionCore::send_offer(const std::string& sdp) {
  if (alive()) negotiation_.send_offer(sdp);
}

void SessionCore::answer_offer(const std::string& sdp) {
  if (alive()) negotiation_.answer(sdp);
}

void SessionCore::refuse_offer(int status) {
  if (alive()) negotiation_.refuse(status);
}

void SessionCore::send_info(std::string_view content_type, const std::string& body) {
  constexpr std::size_t max_pending = 32;  // key presses of a leg whose peer answers none
  if (phase_ != Phase::talking || requests_.size() >= max_pending) return;
  Message info = dialog_.make_request(Method::info);
  dress_request(info);
  info.content_type = content_type;
  info.body = body;
  requests_.send(std::move(info), dialog_, [this](const Reply& reply) {
    if (reply.status != 481 || !alive()) return;
    SessionEnd end;
    end.how = SessionEnd::How::received_refusal;
    end.status = reply.status;
    say_bye(std::move(end), 102);
  });
}

void SessionCore::move_to(const Flow& flow) {
  flow_ = flow;
  dialog_.move_to(flow);
}

// -- what comes back ---------------------------------------------------------------------------------

void SessionCore::on_response(TransactionId id, const Message& response) {
  if (requests_.on_response(id, response)) return;
  const bool again = response.method == Method::invite && response.status >= 200 && response.status < 300 &&
                     last_ack_ != nullptr && response.cseq.number == last_ack_->message.cseq.number;
  if (again) services_.transactions->send_ack(last_ack_->message, last_ack_->to);
}

void SessionCore::on_failure(TransactionId id, Failure failure) { requests_.on_failure(id, failure); }

void SessionCore::on_server_failure(TransactionId id) { negotiation_.on_server_failure(id); }

}  // namespace switchroom::sip
