// The media engine as call control sees it: ports that carry one leg's audio, linked in pairs.
#pragma once

#include "base/asio.hpp"
#include "base/clock.hpp"
#include "base/net.hpp"
#include "base/result.hpp"
#include "sdp/negotiate.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace switchroom::media {

/// What a leg's packets amounted to, for its record and for `pbxctl call show`.
struct StreamStatistics {
  std::uint64_t received = 0;  // RTP packets that were accepted
  std::uint64_t sent = 0;
  std::uint64_t lost = 0;                   // RFC 3550 A.3, never negative
  double jitter_ms = 0;                     // RFC 3550 A.8
  std::uint64_t strangers = 0;              // packets from a source that the latching rule refused
  std::uint64_t malformed = 0;              // not RTP, or an unknown payload type
  std::uint64_t unwanted = 0;               // dropped because of direction (hold) or no partner
  double round_trip_ms = 0;                 // from RTCP; 0 unknown
  double remote_lost_fraction = 0;          // what the peer's RTCP says of our stream
  bool heard = false;                       // anything was accepted at all
  base::Endpoint latched;                   // where packets come from; port 0: nothing yet
  sdp::CodecId codec = sdp::CodecId::pcmu;  // of the last packet accepted
};

/// What a port tells its leg; called on the call thread.
struct PortEvents {
  std::function<void()> on_first_packet;                  // early or real sound arrived
  std::function<void(base::Duration silent)> on_timeout;  // nothing for rtp_timeout (or the hold one)
};

/// How the port guards and watches its stream; from the profile and the leg's signalling.
struct PortSettings {
  base::IpAddress local;            // bind here
  base::IpAddress signalling_peer;  // where the leg's SIP comes from: the only other address that may latch
  base::Duration rtp_timeout{};     // zero: never
  base::Duration hold_timeout{};
};

/// A leg's media port. Owned by the leg, used on the call thread alone; the socket lives on a media
/// thread and everything here posts to it, in order. Destroying it closes the socket and unlinks; from
/// then on none of its events is delivered, not even one that was on its way.
class Port {
 public:
  virtual ~Port() = default;
  [[nodiscard]] virtual base::Endpoint local_rtp() const = 0;  // bound address and even port
  [[nodiscard]] virtual std::uint16_t local_rtcp_port() const = 0;
  /// Applies a negotiated plan (again after each re-negotiation). Packets flow from here on.
  virtual void apply(const sdp::MediaPlan& plan) = 0;
  /// Sends each accepted packet back to its sender (application `echo`).
  virtual void echo(bool on) = 0;
  [[nodiscard]] virtual StreamStatistics statistics() const = 0;  // at any time, without waiting
};

/// Two ports relay to each other for as long as this lives. The second port is moved to the media
/// thread of the first when it lives elsewhere; no packet is lost by the move. It may go before or after
/// its ports, but before the engine; a newer link of one of its ports takes that port over.
class Link {
 public:
  virtual ~Link() = default;
};

class Engine {
 public:
  struct Settings {
    std::uint16_t first_port = 16384;
    std::uint16_t last_port = 32768;
    unsigned threads = 0;  // 0: one for each core
  };
  enum class OpenError : std::uint8_t { ports_used_up, cannot_bind };

  /// Starts the media threads. `call_context`: where PortEvents are delivered.
  static std::unique_ptr<Engine> start(asio::io_context& call_context, Settings settings);
  virtual ~Engine() = default;  // joins the threads; all ports and links must be gone

  /// An even RTP port and the odd one above it, picked at random in the range (a stranger cannot guess
  /// where the next call will be). Never blocks on a media thread. A port that will be linked with
  /// `beside` (may be null) is opened on that port's media thread, so that the link moves nothing.
  virtual base::result<std::unique_ptr<Port>, OpenError> open(const PortSettings& settings, PortEvents events,
                                                              const Port* beside) = 0;
  base::result<std::unique_ptr<Port>, OpenError> open(const PortSettings& settings, PortEvents events) {
    return open(settings, std::move(events), nullptr);
  }
  virtual std::unique_ptr<Link> link(Port& a, Port& b) = 0;
  /// New port range after a reload; open ports stay.
  virtual void configure(const Settings& settings) = 0;
  [[nodiscard]] virtual std::size_t open_ports() const = 0;
  struct Totals {
    std::uint64_t relayed = 0, dropped = 0, strangers = 0;
  };
  [[nodiscard]] virtual Totals totals() const = 0;
};

}  // namespace switchroom::media
