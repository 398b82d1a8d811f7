// How a call's record is filled and closed.
#include "base/log.hpp"
#include "call/call.hpp"
#include "cdr/recorder.hpp"

#include <algorithm>

namespace switchroom::call {
namespace {

using log::Level;
using log::Subsystem;

std::uint64_t milliseconds(base::Duration duration) {
  return static_cast<std::uint64_t>(
      std::max<std::int64_t>(0, std::chrono::round<std::chrono::milliseconds>(duration).count()));
}

cdr::LegQuality quality_of(const Leg& leg) {
  const auto statistics = leg.media().statistics();
  return {statistics.received, statistics.sent, statistics.lost, statistics.jitter_ms};
}

}  // namespace

void Call::refresh_record() {
  if (caller_ != nullptr) {
    record_.a_leg = quality_of(*caller_);
    record_.read_codec = caller_->media().codec();
    record_.write_codec = record_.read_codec;
  }
  if (partner_ != nullptr) {
    record_.b_leg = quality_of(*partner_);
    if (!record_.read_codec.empty() && record_.b_leg.packets_received != 0) {
      record_.write_codec = partner_->media().codec();  // sound passes through as it is
    }
  }
}

void Call::conclude(const Ending& ending, std::string_view disposition) {
  if (concluded_) {
    return;
  }
  concluded_ = true;
  refresh_record();
  const base::Time now = services_.timers.now();
  record_.end = base::wall_now();
  record_.duration_ms = milliseconds(now - began_);
  record_.billed_ms = answered_ ? milliseconds(now - *answered_) : 0;
  record_.hangup_cause = ending.cause.name;
  record_.hangup_cause_q850 = ending.cause.q850;
  record_.sip_status = answered_ ? 200 : ending.status != 0 ? ending.status : ending.cause.sip_status;
  record_.sip_hangup_disposition = disposition;
  record_.hung_up_by = ending.hung_up_by;
  services_.recorder.closed(record_);
  log::line(Level::info, Subsystem::call, record_.uuid, "{} to {} ended after {:.1f} s: {} ({}), ended by {}",
            record_.caller_id_number, record_.destination_number,
            static_cast<double>(record_.billed_ms) / 1000.0, record_.hangup_cause, record_.hangup_cause_q850,
            record_.hung_up_by);
}

}  // namespace switchroom::call
