// One call's record. The names are the requirements document's.
#pragma once

#include "base/clock.hpp"

#include <cstdint>
#include <string>

namespace switchroom::cdr {

/// One leg's media in the record.
struct LegQuality {
  std::uint64_t packets_received = 0;
  std::uint64_t packets_sent = 0;
  std::uint64_t packets_lost = 0;
  double jitter_ms = 0;
  double round_trip_ms = 0;        // from RTCP; 0: unknown
  std::uint64_t concealed_ms = 0;  // of sound that was decoded here and had to be made up
  double mos = 0;                  // E-model (ITU-T G.107), of what was received; 0: nothing was
};

/// A plain value; times are wall-clock microseconds, 0 means that it did not happen.
struct Record {
  std::string uuid;       // of the call's A leg
  std::string bleg_uuid;  // of the leg that answered, or the last one rung
  std::string caller_id_name;
  std::string caller_id_number;
  std::string destination_number;
  std::string context;
  std::string accountcode;
  base::WallMicros start = 0;
  base::WallMicros progress = 0;        // first 180
  base::WallMicros progress_media = 0;  // first early media
  base::WallMicros answer = 0;
  base::WallMicros end = 0;
  std::uint64_t duration_ms = 0;  // on the steady clock: a jump of the wall clock does not bend it
  std::uint64_t billed_ms = 0;    // answer to end, likewise
  std::string hangup_cause;       // "NORMAL_CLEARING"
  int hangup_cause_q850 = 0;
  int sip_status = 0;                  // final status of the A leg when it was refused, else 200 or 0
  std::string sip_hangup_disposition;  // "send_bye", "recv_bye", "send_cancel", "recv_cancel", "send_refuse",
                                       // "recv_refuse"
  std::string hung_up_by;              // "caller", "callee", "switchroom"
  std::string read_codec;
  std::string write_codec;
  std::string sip_from_uri;
  std::string sip_to_uri;
  std::string sip_call_id;
  std::string network_addr;
  std::string bridge_channel;  // address of the leg that was bridged; empty: none was
  std::string last_app;
  std::string last_arg;
  std::string recordings;         // files below the recordings folder, with "; " between them
  std::string recording_trouble;  // why one of them is not whole
  LegQuality a_leg;
  LegQuality b_leg;
  /// Whole seconds as the CSV and the table have them, rounded to the nearest.
  [[nodiscard]] std::uint64_t duration() const { return (duration_ms + 500) / 1000; }
  [[nodiscard]] std::uint64_t billsec() const { return (billed_ms + 500) / 1000; }
};

}  // namespace switchroom::cdr
