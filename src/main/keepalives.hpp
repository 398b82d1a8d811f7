// Holds the way open to phones that registered from behind NAT or by TCP.
#pragma once

#include "base/timers.hpp"
#include "config/snapshot.hpp"
#include "registrar/registrar.hpp"
#include "sip/transport/transport.hpp"

#include <map>
#include <string>
#include <vector>

namespace switchroom::main {

/// Sends a double line end (RFC 5626 3.5.1; receivers skip it, RFC 3261 7.5) as often as each profile says:
/// to phones whose Contact is not the address that their REGISTER came from, since a router forgets a
/// silent UDP flow within half a minute, and on the connections of those that came by TCP, which would
/// otherwise end as idle and take the registration with them. Call thread.
class Keepalives {
 public:
  Keepalives(base::Timers& timers, registrar::Registrar& registrar, sip::Transports& transports)
      : timers_(timers), registrar_(registrar), transports_(transports) {}
  ~Keepalives();
  Keepalives(const Keepalives&) = delete;
  Keepalives& operator=(const Keepalives&) = delete;

  /// Begins, or goes on with the new configuration.
  void configure(const config::SnapshotPtr& config);

 private:
  void begin_round(const std::string& profile);
  void send_some();
  void arm(const std::string& profile);

  base::Timers& timers_;             // not owned
  registrar::Registrar& registrar_;  // not owned
  sip::Transports& transports_;      // not owned
  config::SnapshotPtr config_;
  std::map<std::string, base::TimerId> rounds_;  // the next one of each profile
  std::vector<sip::Flow> due_;                   // of a round that is under way
  base::TimerId batch_ = 0;
};

/// Whether this phone needs keepalives. Pure.
bool wants_keepalive(const registrar::Binding& binding);

}  // namespace switchroom::main
