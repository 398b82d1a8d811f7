#include "sip/endpoint/phone_sessions.hpp"

#include "base/log.hpp"

#include <utility>

namespace switchroom::sip {

namespace {

/// Whatever address of ours the phone speaks to.
bool is_same_way(const Flow& a, const Flow& b) {
  return a.listener == b.listener && a.remote == b.remote && a.connection == b.connection;
}

}  // namespace

bool is_phone_again(const Phone& phone, const ContactBinding& contact, const Flow& old, bool old_is_open,
                    const Flow& now) {
  if (contact.expires == 0 || now.kind != old.kind || is_same_way(now, old)) {
    return false;
  }
  if (!phone.instance.empty() && !contact.instance.empty()) {
    return phone.instance == contact.instance;
  }
  const auto uri = parse_uri(contact.uri);
  return is_reliable(old.kind) && !old_is_open && uri && uri->same_target(phone.contact);
}

PhoneSessions::Place PhoneSessions::add(Phone phone, Session& session) {
  std::string extension = phone.extension;
  return entries_.emplace(std::move(extension), Entry{std::move(phone), &session});
}

void PhoneSessions::on_registered(const RegisterRequest& request,
                                  const std::function<bool(const Flow& old)>& may_move,
                                  const std::function<bool(ConnectionId)>& is_open) {
  const auto [first, last] = entries_.equal_range(request.extension);
  for (auto place = first; place != last; ++place) {
    const Phone& phone = place->second.phone;
    Session& session = *place->second.session;
    const Flow old = session.dialog().flow();
    for (const auto& contact : request.contacts) {
      if (!session.ended() && is_phone_again(phone, contact, old, is_open(old.connection), request.flow) &&
          may_move(old)) {
        log::line(log::Level::info, log::Subsystem::sip, {},
                  "a call with {} goes on by {}, where its phone has registered; it was {}", phone.extension,
                  text(request.flow), text(old));
        session.move_to(request.flow);
        break;
      }
    }
  }
}

Phone phone_of(const IncomingCall& call) {
  Phone phone;
  if (!call.authenticated_user.empty() && !call.invite.contact.empty()) {
    const Address& contact = call.invite.contact.front();
    phone = {call.authenticated_user, contact.uri, std::string(contact.parameters.value("+sip.instance"))};
  }
  return phone;
}

Phone phone_of(const OutgoingCall& call) { return {call.extension, call.request_uri, call.instance}; }

}  // namespace switchroom::sip
