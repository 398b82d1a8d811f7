// Which calls are with which phones, so that a phone that comes back by another connection is found by its
// calls.
#pragma once

#include "sip/endpoint/registration.hpp"
#include "sip/session/session.hpp"
#include "sip/transport/transport.hpp"

#include <functional>
#include <map>
#include <string>

namespace switchroom::sip {

/// The phone at the other end of a call.
struct Phone {
  std::string extension;  // that has signed in, or that was called by its registration
  Uri contact;
  std::string instance;  // +sip.instance, or empty
};

/// Whether a phone that registers `contact` by the flow `now` is the one of a call that goes by the flow
/// `old`. Both are the same extension's, which is proved by its password. The same device (RFC 5626) is
/// reached where it has registered last, by whatever connection; the same URI alone may be another phone's,
/// behind another NAT, so it counts only where the call's own connection is gone. Never from one transport to
/// another: a call by TLS stays on TLS. Pure.
bool is_phone_again(const Phone& phone, const ContactBinding& contact, const Flow& old, bool old_is_open,
                    const Flow& now);

/// Sessions with phones of extensions. Call thread. Each is removed before it dies.
class PhoneSessions {
 public:
  struct Entry {
    Phone phone;
    Session* session;  // not owned
  };
  using Place = std::multimap<std::string, Entry>::iterator;  // by extension

  Place add(Phone phone, Session& session);
  void remove(Place place) { entries_.erase(place); }
  /// After a REGISTER that was granted: calls of its phones go by its flow from now on. `may_move` is asked
  /// with the flow that a call has.
  void on_registered(const RegisterRequest& request, const std::function<bool(const Flow& old)>& may_move,
                     const std::function<bool(ConnectionId)>& is_open);

 private:
  std::multimap<std::string, Entry> entries_;
};

/// The phone that an INVITE came from, or that one goes to; without an extension: none.
Phone phone_of(const IncomingCall& call);
Phone phone_of(const OutgoingCall& call);

}  // namespace switchroom::sip
