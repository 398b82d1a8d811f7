// Which trunk a request comes from, as the endpoint asks.
#pragma once

#include "config/snapshot.hpp"
#include "sip/message/message.hpp"
#include "sip/transport/transport.hpp"

#include <string>
#include <string_view>

namespace switchroom::sip {

/// Call thread.
class TrunkFinder {
 public:
  virtual ~TrunkFinder() = default;
  /// The name of the trunk that sent this INVITE, or empty. On a profile that challenges, where phones may
  /// share an address with a trunk, only the very address and port that the trunk is reached at count.
  [[nodiscard]] virtual std::string trunk_of(const Message& invite, const Flow& from,
                                             const config::Profile& profile) const = 0;
  /// A call came in by it (for its counters).
  virtual void note_call(const std::string& trunk) = 0;
  /// Is it an address of a trunk that uses this profile? It is let in whatever the access lists say.
  [[nodiscard]] virtual bool is_trunk(const base::IpAddress& address, std::string_view profile) const = 0;
};

}  // namespace switchroom::sip
