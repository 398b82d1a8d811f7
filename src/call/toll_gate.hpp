// The one gate before the trunks: every call to one is asked about here, and counted.
#pragma once

#include "base/timers.hpp"
#include "call/toll.hpp"
#include "call/toll_rules.hpp"
#include "config/snapshot.hpp"
#include "tolls/ledger.hpp"
#include "tolls/warnings.hpp"
#include "values/shared_values.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace switchroom::call {

class Events;

/// Holds what calls to trunks have used up in the last hour against the caps of the present configuration,
/// and tells when a cap is near or reached (events toll.near, toll.cap) and of calls that were not allowed
/// (toll.denied). What was used survives a restart, but for the last minute of running calls after a crash.
/// Call thread; outlives every leg.
class TollGate {
 public:
  /// `kept`: where what was used is written, in the realm "tolls".
  TollGate(base::Timers& timers, Events& events, values::SharedValues& kept);
  ~TollGate();
  TollGate(const TollGate&) = delete;
  TollGate& operator=(const TollGate&) = delete;

  void configure(const config::SnapshotPtr& config);

  struct Verdict {
    bool allowed = true;
    std::shared_ptr<Toll> toll;  // to count it by; null: it is not counted (emergency)
  };
  /// May this call go out by that trunk with these variables of its leg? A refusal is logged, with the line
  /// to write.
  Verdict admit(Call& call, const std::string& trunk, const std::string& number, const Variables& leg);

  /// Why a cap forbids a further call by that extension and trunk now, or empty.
  [[nodiscard]] std::string used_up(const std::string& extension, const std::string& trunk);

  struct Row {
    tolls::Subject subject;
    tolls::Usage usage;
    config::TollCaps caps;
  };
  [[nodiscard]] std::vector<Row> rows();
  [[nodiscard]] config::TollCaps caps_of(const tolls::Subject& subject) const;
  /// Nothing was used until now, by one or by all.
  void reset(const tolls::Subject& subject);
  void reset_all();

 private:
  class Run;
  void begin(Run& run);
  void end(Run& run);
  void tick();
  void set_timer();
  Row look_at(const tolls::Subject& subject, base::Time now);
  void warn(const Row& row, std::string_view measure, tolls::Level level);
  void keep(const tolls::Subject& subject);
  void restore();

  base::Timers& timers_;
  Events& events_;
  values::SharedValues& kept_;
  config::SnapshotPtr config_;
  tolls::Ledger ledger_;
  tolls::Warnings warnings_;
  std::map<tolls::Ledger::RunId, Run*> runs_;  // not owned: their legs'
  base::TimerId timer_ = 0;
  unsigned ticks_ = 0;
};

}  // namespace switchroom::call
