// The sessions, and the requests inside their dialogs.
#include "base/log.hpp"
#include "sip/endpoint/endpoint.hpp"

#include <utility>

namespace switchroom::sip {
namespace {

using log::Level;
using log::Subsystem;

std::string seat_key(std::string_view call_id, std::string_view our_tag) {
  std::string key;
  key.reserve(call_id.size() + our_tag.size() + 1);
  key.append(call_id).append(1, '\n').append(our_tag);  // neither part can hold a line feed
  return key;
}

/// What makes the exchange do something beside the call itself: digits, transfers, messages.
bool is_a_wish(Method method) {
  return method == Method::info || method == Method::message || method == Method::refer ||
         method == Method::subscribe || method == Method::notify || method == Method::publish;
}

bool is_at(const Uri& uri, const base::IpAddress& address) {
  error_code not_numeric;
  const auto host = asio::ip::make_address(uri.host, not_numeric);
  return !not_numeric && base::unmapped(host) == address;
}

/// Whether it came from where the call's other end is: by its packets, or by what it wrote into the dialog.
/// Tags that are known to nobody else are proof enough for what a call cannot do without (a BYE that a
/// carrier sends from another of its hosts), and not for the rest.
bool comes_from_peer(const Session& session, const Flow& from) {
  const Dialog& dialog = session.dialog();
  const base::IpAddress address = base::unmapped(from.remote.address);
  return address == base::unmapped(session.flow().remote.address) ||
         address == base::unmapped(dialog.next_hop().remote.address) ||
         is_at(dialog.remote_target(), address) ||
         (!dialog.route_set().empty() && is_at(dialog.route_set().front().uri, address));
}

}  // namespace

SeatedSession Endpoint::seat(std::unique_ptr<Session> session, const std::string& key, Phone phone,
                             TransactionId invite) {
  Seat& seat = seats_[key];
  seat.session = session.get();
  if (!phone.extension.empty()) {
    seat.phone = phones_.add(std::move(phone), *session);
  }
  if (invite != 0) {
    seat.transactions.push_back(invite);
    invites_[invite] = key;
  }
  SeatedSession seated;
  seated.session = std::move(session);
  seated.seat = DialogSeat([this, key] { forget(key); });
  return seated;
}

void Endpoint::forget(const std::string& key) {
  const auto seat = seats_.find(key);
  if (seat == seats_.end()) {
    return;
  }
  for (const TransactionId id : seat->second.transactions) {
    invites_.erase(id);
  }
  if (seat->second.phone) {
    phones_.remove(*seat->second.phone);
  }
  seats_.erase(seat);
}

SeatedSession Endpoint::incoming(SessionSettings settings, IncomingCall call, SessionUser* user) {
  const TransactionId invite = call.transaction;
  Phone phone = phone_of(call);
  auto session = Session::incoming(services(), std::move(settings), std::move(call), user);
  const auto key = seat_key(session->dialog().id().call_id, session->dialog().id().local_tag);
  return seat(std::move(session), key, std::move(phone), invite);
}

SeatedSession Endpoint::outgoing(SessionSettings settings, OutgoingCall call, SessionUser* user) {
  Phone phone = phone_of(call);
  auto session = Session::outgoing(services(), std::move(settings), std::move(call), user);
  const auto key = seat_key(session->invite().call_id, session->invite().from.tag());
  return seat(std::move(session), key, std::move(phone), 0);
}

void Endpoint::move_calls(const RegisterRequest& request) {
  const auto same_profile = [&](const Flow& old) {
    const Listener* listener = transports_.find(old.listener);
    return listener != nullptr && listener->profile == request.profile;
  };
  phones_.on_registered(request, same_profile, [&](ConnectionId id) { return transports_.is_open(id); });
}

void Endpoint::refuse(const IncomingCall& call, int status, std::string_view reason) {
  reply(call.transaction, call.invite, status, reason);
}

// -- inside a dialog -------------------------------------------------------------------------------

Session* Endpoint::find(const Message& request) const {
  const auto seat = seats_.find(seat_key(request.call_id, request.to.tag()));
  return seat == seats_.end() ? nullptr : seat->second.session;
}

bool Endpoint::pass_to_session(TransactionId id, Message& request, const Flow& from) {
  const auto seat = seats_.find(seat_key(request.call_id, request.to.tag()));
  if (seat == seats_.end()) {
    return false;
  }
  if (is_a_wish(request.method) && !comes_from_peer(*seat->second.session, from)) {
    const config::Profile* profile = profile_of(from);
    if (profile == nullptr || trunks_ == nullptr || !trunks_->is_trunk(from.remote.address, profile->name)) {
      log::line(Level::warning, Subsystem::guard, {},
                "{} from {} refused: the call that it names is with somebody at {}", request.method_token,
                text(from.remote), text(seat->second.session->flow().remote));
      reply(id, request, 403, "Not from this address");
      return true;
    }
  }
  if (request.method == Method::invite) {
    seat->second.transactions.push_back(id);
    invites_.emplace(id, seat->first);
  }
  seat->second.session->on_request(id, std::move(request), from);
  return true;
}

void Endpoint::on_ack(const Message& ack, const Flow& /*from*/) {
  if (Session* session = find(ack)) {
    session->on_ack(ack);
  }
}

void Endpoint::on_cancel(TransactionId invite, const Message& cancel) {
  const auto found = invites_.find(invite);
  if (found == invites_.end()) {
    return;  // an INVITE becomes a session, or is answered, within the turn that brings it
  }
  if (const auto seat = seats_.find(found->second); seat != seats_.end()) {
    seat->second.session->on_cancel(cancel);
  }
}

void Endpoint::on_server_failure(TransactionId id) {
  const auto found = invites_.find(id);
  if (found == invites_.end()) {
    return;
  }
  if (const auto seat = seats_.find(found->second); seat != seats_.end()) {
    seat->second.session->on_server_failure(id);
  }
}

}  // namespace switchroom::sip
