#include "sip/transaction/tcp_absence.hpp"

#include <algorithm>
#include <chrono>

namespace switchroom::sip {
namespace {

constexpr auto keep = std::chrono::hours(1);

}  // namespace

void TcpAbsence::note(const base::Endpoint& place, base::Time now) {
  const Place key{place.address, place.port};
  if (until_.size() >= most_ && !until_.contains(key)) {
    until_.erase(std::ranges::min_element(until_, {}, [](const auto& one) { return one.second; }));
  }
  until_[key] = now + keep;
}

bool TcpAbsence::is_absent(const base::Endpoint& place, base::Time now) {
  const auto found = until_.find({place.address, place.port});
  if (found == until_.end()) {
    return false;
  }
  if (now < found->second) {
    return true;
  }
  until_.erase(found);
  return false;
}

}  // namespace switchroom::sip
