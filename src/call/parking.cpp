#include "call/parking.hpp"

#include <algorithm>

namespace switchroom::call {

std::unique_ptr<ParkingLot::Place> ParkingLot::enter(Parked& parked) {
  if (parked.slot.empty()) {
    parked.slot = "-" + std::to_string(++nameless_);
  }
  if (!slots_.insert({parked.slot, &parked}).second) {
    return nullptr;
  }
  return std::make_unique<Place>(*this, parked);
}

Parked* ParkingLot::take(const std::string& slot) {
  const auto found =
      slot.empty() ? std::ranges::min_element(slots_, {}, [](const auto& one) { return one.second->since; })
                   : slots_.find(slot);
  if (found == slots_.end()) {
    return nullptr;
  }
  Parked* const parked = found->second;
  slots_.erase(found);
  return parked;
}

const Parked* ParkingLot::find(const std::string& slot) const {
  const auto found = slots_.find(slot);
  return found == slots_.end() ? nullptr : found->second;
}

void ParkingLot::forget(const Parked& parked) {
  std::erase_if(slots_, [&](const auto& one) { return one.second == &parked; });
}

}  // namespace switchroom::call
