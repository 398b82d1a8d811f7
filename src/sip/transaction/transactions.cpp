#include "sip/transaction/transactions.hpp"

#include "sip/transaction/client_side.hpp"
#include "sip/transaction/server_side.hpp"

#include <utility>

namespace switchroom::sip {

class Transactions::Impl {
 public:
  Impl(base::Timers& timers, Wire& wire, const Settings& settings)
      : common{timers, wire, settings, {settings.t1, settings.t2, settings.t4}, KeyMaker(), {}} {}

  TransactionCommon common;
  ClientSide client{common};
  ServerSide server{common};
};

Transactions::Transactions(base::Timers& timers, Wire& wire, Settings settings)
    : impl_(std::make_unique<Impl>(timers, wire, settings)) {}

Transactions::~Transactions() = default;

void Transactions::set_user(ServerUser* user) { impl_->server.set_user(user); }

void Transactions::receive(Message message, const Flow& from) {
  if (message.via.empty()) {
    ++impl_->common.counters.stray_responses;  // parse() lets none of these through
  } else if (message.is_request) {
    impl_->server.receive(std::move(message), from);
  } else {
    impl_->client.receive(message);
  }
}

TransactionId Transactions::request(Message request, const Flow& to, ClientUser* user) {
  return impl_->client.request(std::move(request), to, user);
}

void Transactions::cancel(TransactionId invite, std::string reason) {
  impl_->client.cancel(invite, std::move(reason));
}
void Transactions::hurry(TransactionId invite, base::Duration limit) { impl_->client.hurry(invite, limit); }

void Transactions::reroute(TransactionId id, const Flow& to) { impl_->client.reroute(id, to); }
void Transactions::abandon(TransactionId id) { impl_->client.abandon(id); }
const Message* Transactions::sent_request(TransactionId id) const { return impl_->client.sent_request(id); }

bool Transactions::respond(TransactionId id, const Message& response) {
  return impl_->server.respond(id, response);
}
bool Transactions::repeat(TransactionId id, const Message& response) {
  return impl_->server.repeat(id, response);
}
bool Transactions::send_ack(Message ack, const Flow& to) {
  return impl_->client.send_ack(std::move(ack), to);
}
base::Endpoint Transactions::advertised_for(const Flow& flow) const {
  return impl_->common.wire.advertised_for(flow);
}

std::size_t Transactions::size() const { return impl_->client.size() + impl_->server.size(); }
const Transactions::Counters& Transactions::counters() const { return impl_->common.counters; }

}  // namespace switchroom::sip
