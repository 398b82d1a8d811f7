// The wire side of the registrar: a REGISTER read into a value, its answer written from one.
// RFC 3261 section 10.3, RFC 5626 as far as instance and reg-id, RFC 3327 (Path).
#pragma once

#include "config/snapshot.hpp"
#include "sip/message/message.hpp"
#include "sip/transport/transport.hpp"

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace switchroom::sip {

/// One contact as a REGISTER names it, or as it is bound.
struct ContactBinding {
  std::string uri;
  std::uint32_t expires = 0;  // seconds; 0 in a request removes it
  double q = 1.0;
  std::string instance;  // +sip.instance, or empty
  std::uint32_t reg_id = 0;
};

/// A REGISTER that has been admitted and authenticated.
struct RegisterRequest {
  std::string extension;
  std::vector<ContactBinding> contacts;
  bool remove_all = false;  // "Contact: *"
  std::string call_id;
  std::uint32_t cseq = 0;
  std::string user_agent;
  std::vector<std::string> path;  // of the proxies in front of the phone, ours first; each a route with ;lr
  Flow flow;
  base::Endpoint local;  // of ours: the listener's, or of one bound to any the address that the phone chose
  std::string profile;
};

/// status 200 and what is bound now, or the refusal.
struct RegisterReply {
  int status = 200;
  std::string reason;
  std::vector<ContactBinding> bound;  // expires: seconds left
};

/// Where registrations are kept. Call thread.
class RegisterTaker {
 public:
  virtual ~RegisterTaker() = default;
  virtual RegisterReply on_register(const RegisterRequest& request) = 0;
  virtual void on_connection_closed(ConnectionId connection) = 0;
};

/// Why a REGISTER is refused before the registrar sees it.
struct RegisterRefusal {
  int status = 400;
  std::string reason;
  std::uint32_t min_expires = 0;  // with 423
};

/// Pure. Applies the profile's limits on expiry: too short is 423, too long is cut.
std::variant<RegisterRequest, RegisterRefusal> parse_register(const Message& request,
                                                              const config::Profile& profile);
Message make_register_response(const Message& request, const RegisterReply& reply);

/// The Route of requests to a phone that registered with this path. Such a request goes to the address that
/// the REGISTER came from, whatever the path names: like Contact, it never makes us send to anybody else.
std::vector<Address> route_of(const std::vector<std::string>& path);
/// Where to open a connection to a phone whose own is gone: to its Contact, if that is an address; with a
/// path to the proxy that its REGISTER came from, at the port of the path.
base::Endpoint reconnect_to(const Uri& contact, const std::vector<Address>& route,
                            const base::Endpoint& source);

}  // namespace switchroom::sip
