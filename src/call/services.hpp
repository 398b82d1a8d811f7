// What a call needs of the process.
#pragma once

#include "base/asio.hpp"
#include "base/timers.hpp"
#include "config/snapshot.hpp"
#include "dialplan/plan.hpp"

#include <memory>

namespace switchroom::sip {
class Endpoint;
class Resolver;
}  // namespace switchroom::sip
namespace switchroom::media {
class Engine;
}
namespace switchroom::registrar {
class Registrar;
}
namespace switchroom::cdr {
class Recorder;
}

namespace switchroom::call {

/// The rooms below, as main made them. All outlive every call. Call thread.
struct Services {
  asio::io_context& context;
  base::Timers& timers;
  sip::Endpoint& endpoint;
  sip::Resolver& resolver;
  media::Engine& media;
  registrar::Registrar& registrar;
  cdr::Recorder& recorder;
};

/// One generation of the configuration: what a reload swaps. A call keeps the one that it began with.
struct Rulebook {
  config::SnapshotPtr config;
  std::shared_ptr<const dialplan::Dialplan> dialplan;  // shared: calls that began with it outlive a reload
};

}  // namespace switchroom::call
