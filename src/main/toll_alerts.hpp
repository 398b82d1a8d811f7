// Tells people outside of the exchange that a cap is near.
#pragma once

#include "call/events.hpp"
#include "config/snapshot.hpp"
#include "mail/mailer.hpp"

#include <string>

namespace switchroom::main {

/// Listens for toll.near and toll.cap, and writes to [tolls] mail and webhook. Call thread; events, mailer
/// and configuration outlive it.
class TollAlerts {
 public:
  TollAlerts(call::Events& events, mail::Mailer& mailer, const config::SnapshotPtr& config);

 private:
  void on_event(const call::Event& event);
  void send_mail(const call::Event& event);
  void post(const call::Event& event);

  mail::Mailer& mailer_;               // not owned
  const config::SnapshotPtr& config_;  // the server's, which a reload swaps
  call::Events::Subscription subscription_;
};

}  // namespace switchroom::main
