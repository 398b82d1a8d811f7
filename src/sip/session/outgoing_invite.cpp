#include "sip/session/outgoing_invite.hpp"

#include "sip/dialog/farewell.hpp"

#include <utility>

namespace switchroom::sip {
namespace {

constexpr std::size_t max_forks = 32;

}  // namespace

void OutgoingInvite::send(const Message& invite, const Flow& to, base::Duration first_answer) {
  sent_ = {invite.cseq.number, invite.authorization, invite.proxy_authorization};
  to_ = to;
  open_ = true;
  if (id_ != 0) services_.transactions->abandon(id_);
  id_ = services_.transactions->request(invite, to, this);
  if (first_answer > base::Duration{}) services_.transactions->hurry(id_, first_answer);
}

void OutgoingInvite::cancel(std::string reason) {
  if (!open_ || cancelled_) return;
  cancelled_ = true;
  services_.transactions->cancel(id_, std::move(reason));
}

void OutgoingInvite::acknowledge(const Dialog& dialog) {
  acknowledge(dialog.id().remote_tag, dialog.make_ack(sent_.cseq), dialog.next_hop());
}

void OutgoingInvite::acknowledge(const std::string& tag, Message ack, const Flow& to) {
  ack.authorization = sent_.authorization;
  ack.proxy_authorization = sent_.proxy_authorization;
  const auto [entry, is_new] = acks_.try_emplace(tag, Ack{std::move(ack), to});
  services_.transactions->send_ack(entry->second.message, entry->second.to);
}

void OutgoingInvite::decline(const Message& response) {
  if (acks_.size() >= max_forks) return;  // no proxy forks so widely
  Farewell farewell = farewell_to(response, to_);
  acknowledge(std::string(response.to.tag()), std::move(farewell.ack), farewell.to);
  const TransactionId id = services_.transactions->request(std::move(farewell.bye), farewell.to, this);
  services_.transactions->abandon(id);
}

void OutgoingInvite::move_to(const Flow& flow) {
  to_ = flow;
  services_.transactions->reroute(id_, flow);
}

void OutgoingInvite::leave() {
  owner_ = nullptr;
  cancel({});
  services_.transactions->abandon(std::exchange(id_, 0));
}

void OutgoingInvite::on_response(TransactionId id, const Message& response) {
  if (id != id_) return;
  const auto keep = shared_from_this();  // the owner may leave within
  follow(response);
  const bool success = response.status >= 200 && response.status < 300;
  if (response.status >= 200) open_ = false;
  if (success) {
    if (const auto ack = acks_.find(response.to.tag()); ack != acks_.end()) {
      services_.transactions->send_ack(ack->second.message, ack->second.to);
      return;
    }
  }
  if (owner_ != nullptr) owner_->on_invite_response(response);
}

// 18.1.1: an INVITE too long for UDP went by TCP, as the Via that comes back tells; what follows goes there.
void OutgoingInvite::follow(const Message& response) {
  if (to_.kind == TransportKind::udp && !response.via.empty() &&
      response.via.front().transport == name(TransportKind::tcp)) {
    to_.kind = TransportKind::tcp;
    to_.connection = 0;
  }
}

void OutgoingInvite::on_failure(TransactionId id, Failure failure) {
  if (id != id_) return;
  const auto keep = shared_from_this();
  open_ = false;
  if (owner_ != nullptr) owner_->on_invite_failure(failure);
}

}  // namespace switchroom::sip
