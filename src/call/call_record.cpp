// How a call's record is filled and closed.
#include "base/log.hpp"
#include "call/call.hpp"
#include "call/events.hpp"
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
  return {.packets_received = statistics.received,
          .packets_sent = statistics.sent,
          .packets_lost = statistics.lost,
          .jitter_ms = statistics.jitter_ms,
          .round_trip_ms = statistics.round_trip_ms,
          .concealed_ms = statistics.concealed_ms,
          .mos = statistics.mos};
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
    const auto spoken = partner_->media().codec();
    const bool passed_on = caller_ != nullptr && record_.b_leg.packets_received != 0 &&
                           std::ranges::any_of(caller_->media().usable_codecs(), [&](sdp::CodecId codec) {
                             return sdp::name(codec) == spoken;
                           });
    if (passed_on) {
      record_.write_codec = spoken;  // sound passes through as it is
    }
  }
}

/// Its INVITE and where it comes from, or goes to.
void Call::note_caller(const Leg& leg) {
  const sip::Message& invite = leg.session().invite();
  record_.sip_from_uri = invite.from.uri.text();
  record_.sip_to_uri = invite.to.uri.text();
  record_.sip_call_id = invite.call_id;
  record_.network_addr = leg.session().flow().remote.address.to_string();
}

void Call::note_tried(const Leg& leg) {
  if (caller_ == nullptr) {
    note_caller(leg);  // an originated call rings the leg that it begins with
  } else if (record_.bridge_channel.empty()) {
    record_.bleg_uuid = leg.uuid();
  }
}

void Call::note_recording(const std::string& file, const std::string& instead_of) {
  std::string& all = record_.recordings;
  if (const auto at = instead_of.empty() ? std::string::npos : all.find(instead_of);
      at != std::string::npos) {
    all.replace(at, instead_of.size(), file);
    return;
  }
  all += (all.empty() ? "" : "; ") + file;
}

void Call::note_recording_trouble(const std::string& what) {
  std::string& all = record_.recording_trouble;
  all += (all.empty() ? "" : "; ") + what;
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
  kept_.clear();
  services_.recorder.closed(record_);
  log::line(Level::info, Subsystem::call, record_.uuid, "{} to {} ended after {:.1f} s: {} ({}), ended by {}",
            record_.caller_id_number, record_.destination_number,
            static_cast<double>(record_.billed_ms) / 1000.0, record_.hangup_cause, record_.hangup_cause_q850,
            record_.hung_up_by);
  services_.events.publish("call.end", {{"call", record_.uuid},
                                        {"caller", record_.caller_id_number},
                                        {"destination", record_.destination_number},
                                        {"cause", record_.hangup_cause},
                                        {"talked_ms", std::to_string(record_.billed_ms)}});
}

}  // namespace switchroom::call
