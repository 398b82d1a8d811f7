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
class Trunks;
}  // namespace switchroom::sip
namespace switchroom::media {
class Engine;
}  // namespace switchroom::media
namespace switchroom::sounds {
class Library;
}
namespace switchroom::registrar {
class Registrar;
}
namespace switchroom::voicemail {
class Mailboxes;
}
namespace switchroom::cdr {
class Recorder;
}
namespace switchroom::recording {
class CallRecordings;
class Recorder;
}  // namespace switchroom::recording

namespace switchroom::conference {
class Rooms;
}

namespace switchroom::call {

class Events;
class Switchboard;
struct Shared;
class RingOrder;

/// The rooms below, as main made them. All outlive every call. Call thread.
struct Services {
  asio::io_context& context;
  base::Timers& timers;
  sip::Endpoint& endpoint;
  sip::Resolver& resolver;
  media::Engine& media;
  registrar::Registrar& registrar;
  cdr::Recorder& recorder;
  sounds::Library& sounds;
  Events& events;
  Shared& shared;
  RingOrder& ring_order;
  sip::Trunks& trunks;
  recording::Recorder& sound_recorder;              // any tap to a file
  recording::CallRecordings* recordings = nullptr;  // of whole calls; set in every call
  voicemail::Mailboxes* voicemail = nullptr;        // null: none in this process (tests)
  conference::Rooms* conferences = nullptr;         // set in every call
  Switchboard* switchboard = nullptr;               // the one that owns the call
};

/// One generation of the configuration: what a reload swaps. A call keeps the one that it began with.
struct Rulebook {
  config::SnapshotPtr config;
  std::shared_ptr<const dialplan::Dialplan> dialplan;  // shared: calls that began with it outlive a reload
};

}  // namespace switchroom::call
