// Calls that wait in numbered slots until somebody takes them.
#pragma once

#include "base/clock.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>

namespace switchroom::call {

class Call;
class Meeting;

/// A call that waits. It stands in the frame of who waits, and enters itself into the lot.
struct Parked {
  std::string slot;
  Call* call = nullptr;   // not owned: its own
  std::string parked_by;  // an extension, or empty
  base::Time since;
  /// Set by who takes the call, which then wakes it. Shared by both.
  std::shared_ptr<Meeting> meeting;
};

/// Call thread.
class ParkingLot {
 public:
  /// A parked call's place, until it is taken or given up.
  class Place {
   public:
    Place(ParkingLot& lot, Parked& parked) : lot_(lot), parked_(parked) {}
    ~Place() { lot_.forget(parked_); }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

   private:
    ParkingLot& lot_;
    Parked& parked_;
  };
  /// Null: somebody waits there. An empty slot of `parked` becomes a nameless one.
  std::unique_ptr<Place> enter(Parked& parked);
  /// Takes the call that waits there, or with an empty slot the one that has waited longest, out of the lot.
  Parked* take(const std::string& slot);
  [[nodiscard]] const Parked* find(const std::string& slot) const;
  [[nodiscard]] const std::map<std::string, Parked*>& all() const { return slots_; }

 private:
  void forget(const Parked& parked);

  std::map<std::string, Parked*> slots_;  // not owned
  unsigned nameless_ = 0;
};

}  // namespace switchroom::call
