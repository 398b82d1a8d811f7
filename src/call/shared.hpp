// What calls share beyond the rooms below: limits, parked calls, values.
#pragma once

#include "call/limits.hpp"
#include "call/own_prompts.hpp"
#include "call/parking.hpp"
#include "call/toll_gate.hpp"
#include "values/shared_values.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace switchroom::call {

/// Made by main, outlives every call. Call thread.
struct Shared {
  Limits limits;
  ParkingLot parking;
  values::SharedValues hash;
  values::SharedValues database;
  std::unique_ptr<OwnPrompts> prompts;
  std::unique_ptr<TollGate> tolls;
};

/// hash(select/REALM/KEY), db(select/REALM/KEY), the same with exists, and limit_usage(NAME); nullopt for any
/// other name.
std::optional<std::string> shared_value(std::string_view name, const Shared& shared);

}  // namespace switchroom::call
