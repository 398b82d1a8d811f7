// Places that speak SIP by UDP and were not found by TCP.
#pragma once

#include "base/clock.hpp"
#include "base/net.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>

namespace switchroom::sip {

/// Remembers for an hour where a request that was moved to TCP for its size alone (RFC 3261 18.1.1) met
/// nobody, refused or unanswered, so that the next long one goes by UDP at once. Bounded: who learns a place
/// when it is full forgets the one that would expire first. Call thread.
class TcpAbsence {
 public:
  explicit TcpAbsence(std::size_t most = 1024) : most_(most) {}
  void note(const base::Endpoint& place, base::Time now);
  /// Also forgets a place whose hour is over.
  bool is_absent(const base::Endpoint& place, base::Time now);
  [[nodiscard]] std::size_t size() const { return until_.size(); }

 private:
  using Place = std::pair<base::IpAddress, std::uint16_t>;
  std::size_t most_;
  std::map<Place, base::Time> until_;
};

}  // namespace switchroom::sip
