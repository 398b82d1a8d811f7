#include "cdr/csv.hpp"
#include "cdr/disposition.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace switchroom::cdr {
namespace {

// A spreadsheet takes a field that begins so for a formula, and a caller chooses his own name. A
// telephone number with its plus stays as it is.
bool looks_like_a_formula(std::string_view text) {
  if (text.empty()) return false;
  if (text[0] == '=' || text[0] == '@') return true;
  return (text[0] == '+' || text[0] == '-') &&
         text.find_first_not_of("0123456789 ", 1) != std::string_view::npos;
}

void append_field(std::string& out, std::string_view text) {
  out += '"';
  if (looks_like_a_formula(text)) out += '\'';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += "\",";
}

void append_field(std::string& out, std::uint64_t value) {
  char text[24];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  out += '"';
  out.append(text, end);
  out += "\",";
}

void append_stamp(std::string& out, base::WallMicros when) {
  out += '"';
  out += base::utc_stamp(when);
  out += "\",";
}

/// Seconds since 1970; empty for what did not happen, as the table has NULL.
void append_epoch(std::string& out, base::WallMicros when) {
  if (when == 0) {
    append_field(out, std::string_view());
  } else {
    append_field(out, static_cast<std::uint64_t>(when / 1'000'000));
  }
}

void append_quality(std::string& out, const LegQuality& leg) {
  append_field(out, leg.packets_received);
  append_field(out, leg.packets_sent);
  append_field(out, leg.packets_lost);
  append_field(out, fmt::format("{:.3f}", leg.jitter_ms));
}

void append_impression(std::string& out, const LegQuality& leg) {
  append_field(out, fmt::format("{:.3f}", leg.round_trip_ms));
  append_field(out, leg.concealed_ms);
  append_field(out, fmt::format("{:.3f}", leg.mos));
}

}  // namespace

// The names and the order of FreeSWITCH's "detailed" template first, what is ours behind it. A file with
// another header is set aside when it is opened (Csv), so that a line always fits the header above it.
std::string csv_header() {
  return "\"caller_id_name\",\"caller_id_number\",\"destination_number\",\"context\",\"start_stamp\","
         "\"answer_stamp\","
         "\"end_stamp\",\"progress_stamp\",\"progress_media_stamp\",\"duration\",\"billsec\",\"hangup_"
         "cause\",\"uuid\","
         "\"bleg_uuid\",\"accountcode\",\"read_codec\",\"write_codec\",\"sip_hangup_disposition\","
         "\"endpoint_disposition\","
         "\"sip_from_uri\",\"sip_to_uri\",\"sip_call_id\",\"network_addr\",\"bridge_channel\",\"last_app\","
         "\"last_arg\",\"hung_up_by\","
         "\"hangup_cause_q850\",\"sip_status\",\"duration_ms\",\"billed_ms\","
         "\"a_packets_received\",\"a_packets_sent\",\"a_packets_lost\",\"a_jitter_ms\","
         "\"b_packets_received\",\"b_packets_sent\",\"b_packets_lost\",\"b_jitter_ms\","
         "\"a_round_trip_ms\",\"a_concealed_ms\",\"a_mos\",\"b_round_trip_ms\",\"b_concealed_ms\",\"b_"
         "mos\","
         "\"recordings\",\"recording_trouble\","
         "\"start_epoch\",\"progress_epoch\",\"progress_media_epoch\",\"answer_epoch\",\"end_epoch\"\n";
}

void append_csv(std::string& out, const Record& r) {
  append_field(out, r.caller_id_name);
  append_field(out, r.caller_id_number);
  append_field(out, r.destination_number);
  append_field(out, r.context);
  for (const base::WallMicros when : {r.start, r.answer, r.end, r.progress, r.progress_media})
    append_stamp(out, when);
  append_field(out, r.duration());
  append_field(out, r.billsec());
  for (const auto* text : {&r.hangup_cause, &r.uuid, &r.bleg_uuid, &r.accountcode, &r.read_codec,
                           &r.write_codec, &r.sip_hangup_disposition}) {
    append_field(out, *text);
  }
  append_field(out, endpoint_disposition(r));
  for (const auto* text : {&r.sip_from_uri, &r.sip_to_uri, &r.sip_call_id, &r.network_addr, &r.bridge_channel,
                           &r.last_app, &r.last_arg, &r.hung_up_by}) {
    append_field(out, *text);
  }
  append_field(out, static_cast<std::uint64_t>(std::max(r.hangup_cause_q850, 0)));
  append_field(out, static_cast<std::uint64_t>(std::max(r.sip_status, 0)));
  append_field(out, r.duration_ms);
  append_field(out, r.billed_ms);
  append_quality(out, r.a_leg);
  append_quality(out, r.b_leg);
  append_impression(out, r.a_leg);
  append_impression(out, r.b_leg);
  append_field(out, r.recordings);
  append_field(out, r.recording_trouble);
  for (const base::WallMicros when : {r.start, r.progress, r.progress_media, r.answer, r.end})
    append_epoch(out, when);
  out.back() = '\n';
}

}  // namespace switchroom::cdr
