// Rings those who are to know of an emergency call.
#pragma once

#include "call/events.hpp"
#include "call/switchboard.hpp"
#include "config/snapshot.hpp"

namespace switchroom::main {

/// Listens for emergency.call, and lets each extension of [emergency] notify be called by the context
/// emergency-notice. Call thread; events, switchboard and configuration outlive it.
class EmergencyNotices {
 public:
  EmergencyNotices(call::Events& events, call::Switchboard& switchboard, const config::SnapshotPtr& config);

 private:
  void on_event(const call::Event& event);

  call::Switchboard& switchboard_;     // not owned
  const config::SnapshotPtr& config_;  // the server's, which a reload swaps
  call::Events::Subscription subscription_;
};

}  // namespace switchroom::main
