#include "main/call_view.hpp"

#include <boost/json.hpp>
#include <fmt/core.h>

namespace switchroom::main {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

constexpr auto silence_worth_telling = 3s;

double seconds_since(base::Time when) {
  return std::chrono::duration<double>(base::Clock::now() - when).count();
}

// What a person needs to know when "the other one can't hear me".
std::string sound_in_words(const call::Leg& leg, const media::StreamStatistics& sound) {
  const auto& plan = leg.media().plan();
  if (!plan) {
    return "no sound negotiated yet";
  }
  if (!sdp::receives(plan->direction)) {
    return "on hold: the phone said that it sends nothing";
  }
  if (!sound.heard) {
    return fmt::format("nothing arrived from this phone, which announced {}", base::text(plan->remote_rtp));
  }
  if (sound.silent_for > silence_worth_telling) {
    return fmt::format("nothing has arrived from this phone for {} s",
                       std::chrono::duration_cast<std::chrono::seconds>(sound.silent_for).count());
  }
  if (sound.latched.port != 0 && !(sound.latched == plan->remote_rtp)) {
    return fmt::format("arrives from {} (the phone announced {}: it is behind NAT)",
                       base::text(sound.latched), base::text(plan->remote_rtp));
  }
  return "arrives";
}

json::object leg_view(const call::Leg& leg) {
  const auto sound = leg.media().statistics();
  json::object view;
  view["id"] = leg.uuid();
  view["who"] = leg.label();
  view["signalling"] = sip::text(leg.session().flow());
  view["codec"] = leg.media().codec();
  if (const auto* port = leg.media().port()) {
    view["rtp_local"] = base::text(port->local_rtp());
  }
  if (const auto& plan = leg.media().plan()) {
    // A phone behind NAT is not where its SDP says: what it was heard from counts.
    view["rtp_remote"] = base::text(sound.latched.port != 0 ? sound.latched : plan->remote_rtp);
  }
  view["packets_received"] = sound.received;
  view["packets_sent"] = sound.sent;
  view["packets_lost"] = sound.lost;
  view["jitter_ms"] = sound.jitter_ms;
  view["round_trip_ms"] = sound.round_trip_ms;
  view["mos"] = sound.mos;
  view["played_ms"] = sound.played_ms;
  view["concealed_ms"] = sound.concealed_ms;
  view["recovered"] = sound.recovered;
  view["late"] = sound.late;
  view["duplicates"] = sound.duplicates;
  view["reordered"] = sound.reordered;
  view["resets"] = sound.resets;
  view["buffer_ms"] = sound.buffer_ms;
  view["remote_lost_fraction"] = sound.remote_lost_fraction;
  view["strangers"] = sound.strangers;
  view["malformed"] = sound.malformed;
  view["unwanted"] = sound.unwanted;
  view["encryption"] = leg.media().encryption();
  view["forged"] = sound.forged;
  view["replayed"] = sound.replayed;
  view["sound"] = sound_in_words(leg, sound);
  return view;
}

}  // namespace

json::object summary_of(call::Call& call) {
  const auto& record = call.record();
  json::object row;
  row["id"] = call.uuid();
  row["caller"] = record.caller_id_number;
  row["caller_name"] = record.caller_id_name;
  row["destination"] = record.destination_number;
  row["context"] = record.context;
  row["state"] = call.state();
  row["duration_s"] = static_cast<std::int64_t>(seconds_since(call.began()));
  row["talking_s"] = call.answered_at() ? static_cast<std::int64_t>(seconds_since(*call.answered_at())) : 0;
  row["codec"] = call.has_caller() ? call.caller().media().codec() : std::string_view();
  row["with"] = call.partner() == nullptr ? std::string() : call.partner()->label();
  return row;
}

json::object details_of(call::Call& call) {
  json::object data = summary_of(call);
  const auto& record = call.record();
  data["sip_call_id"] = record.sip_call_id;
  data["network_addr"] = record.network_addr;
  data["last_app"] = record.last_app;
  data["last_arg"] = record.last_arg;
  json::object variables;
  for (const auto& [name, value] : call.variables().all()) {
    variables[name] = value;
  }
  data["variables"] = std::move(variables);
  if (call.has_caller()) {
    data["caller_leg"] = leg_view(call.caller());
  }
  if (call.partner() != nullptr) {
    data["callee_leg"] = leg_view(*call.partner());
  }
  return data;
}

}  // namespace switchroom::main
