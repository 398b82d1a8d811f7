#include "call/trunk_targets.hpp"

#include "base/log.hpp"
#include "call/barred.hpp"
#include "call/call.hpp"
#include "call/identity.hpp"
#include "call/shared.hpp"
#include "config/suggestions.hpp"
#include "dialplan/spellings.hpp"
#include "sip/trunk/trunks.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <utility>

namespace switchroom::call {
namespace {

using log::Level;
using log::Subsystem;

// A carrier that has not said 100 to three INVITEs by then is not there.
constexpr auto first_answer = std::chrono::seconds(6);
constexpr const char* tried_anyway = "trunk_even_if_down";

const std::string& first_set(const std::string& preferred, const std::string& other) {
  return preferred.empty() ? other : preferred;
}

sip::Address account_of(const config::Trunk& trunk) {
  sip::Address account;
  account.uri.user = first_set(trunk.from_user, trunk.username);
  account.uri.host = first_set(trunk.from_domain, trunk.host);
  return account;
}

sip::Address caller_of(const Call& call, const config::Trunk& trunk, const Variables& leg) {
  sip::Address caller = account_of(trunk);
  const std::string own =
      first_set(leg.value("origination_caller_id_number"), leg.value("effective_caller_id_number"));
  if (const std::string number = first_set(own, outside_number(call)); !number.empty()) {
    caller.uri.user = number;
    const std::string name = call.value("outbound_caller_id_name");
    caller.display = call.account().empty() ? call.value("caller_id_name") : name;
    if (caller.display == number) {
      caller.display.clear();
    }
  }
  return caller;
}

/// RFC 3323, RFC 3325: the carrier always learns who calls, the called party only if the caller lets it.
void write_trunk_identity(Call& call, const config::Trunk& trunk, LegTarget& target) {
  const sip::Message* invite =
      call.has_caller() && call.caller().is_incoming() ? &call.caller().session().invite() : nullptr;
  const bool is_private = invite != nullptr && wants_privacy(*invite, call.account());
  const sip::Address caller = caller_of(call, trunk, target.variables);
  auto& extra = target.settings.extra_headers;
  target.call.from = trunk.caller_id == "from" ? caller : account_of(trunk);
  if (trunk.caller_id == "pai" || (trunk.caller_id == "from" && is_private)) {
    extra.push_back({"P-Asserted-Identity", caller.text()});
  } else if (trunk.caller_id == "rpid") {
    extra.push_back({"Remote-Party-ID", fmt::format("{};party=calling;screen=yes;privacy={}", caller.text(),
                                                    is_private ? "full" : "off")});
  }
  if (is_private) {
    extra.push_back({"Privacy", "id"});
    target.call.from.display = "Anonymous";
    if (trunk.caller_id == "from") {
      target.call.from.uri.user = "anonymous";
      target.call.from.uri.host = "anonymous.invalid";
    }
  }
  target.settings.contact_user = first_set(trunk.username, caller.uri.user);
  if (invite != nullptr) {
    target.call.max_forwards = invite->max_forwards.value_or(70) - 1;  // 0 was refused with 483
  }
}

bool is_computed(std::string_view text) { return text.find('$') != std::string_view::npos; }

void fail(Call& call, const TrunkNumber& what, const std::string& why, Targets* targets) {
  log::line(Level::warning, Subsystem::call, call.uuid(), "trunk {} is passed over for {}: {}", what.trunk,
            what.number, why);
  targets->fail({cause_by_name("NETWORK_OUT_OF_ORDER"), 0, {}, "switchroom"});
}

/// What a leg by a trunk is to dial, and what it is given.
struct Wanted {
  std::string number;
  Variables variables;
};

LegTarget target_at(Call& call, const config::Trunk& trunk, const sip::TrunkLine& line, Wanted wanted) {
  const std::string& number = wanted.number;
  LegTarget target;
  target.variables = std::move(wanted.variables);
  target.label = fmt::format("trunk/{}/{}", trunk.name, number);
  target.profile = &call.config().trunk_profiles.at(trunk.name);
  target.call.request_uri = line.uri_of(number);
  target.call.to_header.uri = target.call.request_uri;
  target.call.to_header.uri.port = 0;
  target.settings.session_expires = target.profile->session_timeout;
  target.settings.min_se = target.profile->min_session_timeout;
  target.settings.first_answer = first_answer;
  if (!trunk.password.empty()) {
    target.call.credentials = sip::DigestCredentials{trunk.auth_username, trunk.password};
    target.call.credentials_realm = line.realm();
  }
  write_trunk_identity(call, trunk, target);
  write_leg_headers(call, target);
  return target;
}

}  // namespace

dialplan::DialString trunk_dial_string(const std::string& trunk, const std::string& number,
                                       bool even_if_down) {
  dialplan::DialTarget target;
  target.kind = dialplan::DialTarget::Kind::trunk;
  target.name = trunk;
  target.number = number;
  if (even_if_down) {
    target.variables.emplace_back(tried_anyway, "true");
  }
  dialplan::DialString what;
  what.rounds.push_back({std::move(target)});
  return what;
}

awaitable<void> find_trunk_targets(Call& call, TrunkNumber what, Variables variables, Targets* targets) {
  const auto known = call.config().trunks.find(what.trunk);
  if (known == call.config().trunks.end() || what.number.empty()) {
    log::line(Level::error, Subsystem::call, call.uuid(), "trunk/{}/{} leads nowhere: {}", what.trunk,
              what.number, what.number.empty() ? "it has no number" : "there is no such trunk");
    targets->fail({cause_by_name("INVALID_GATEWAY"), 0, {}, "switchroom"});
    co_return;
  }
  sip::Trunks& trunks = call.services().trunks;
  const bool even_if_down = dialplan::is_true(variables.value(tried_anyway));
  const auto ways = co_await trunks.ways(what.trunk, even_if_down);
  sip::TrunkLine* line = trunks.find(what.trunk);
  if (!ways || line == nullptr) {
    fail(call, what, ways ? "it is gone by a reload" : ways.error().what, targets);
    co_return;
  }
  auto verdict = call.services().shared.tolls->admit(call, what.trunk, what.number, variables);
  if (!verdict.allowed) {
    targets->fail(barred());
    co_return;
  }
  LegTarget target = target_at(call, known->second, *line, {what.number, std::move(variables)});
  target.trunk = what.trunk;
  target.toll = std::move(verdict.toll);
  target.call.to = ways->front();
  target.call.others.assign(ways->begin() + 1, ways->end());
  line->count_call(false);
  targets->legs.push_back(std::move(target));
}

std::vector<std::string> good_trunks_first(const Call& call, const std::vector<config::Placed>& trunks) {
  std::vector<std::string> names;
  std::vector<std::string> down;
  for (const auto& trunk : trunks) {
    const auto* line = call.services().trunks.find(trunk.text);
    (line != nullptr && line->trouble().empty() ? names : down).push_back(trunk.text);
  }
  names.insert(names.end(), down.begin(), down.end());
  return names;
}

std::string check_trunk_number(const TrunkNumber& what, const config::Snapshot& config) {
  if (!is_computed(what.trunk) && !config.trunks.contains(what.trunk)) {
    return fmt::format("there is no [trunks.{}]{}", what.trunk,
                       config::did_you_mean(what.trunk, config::names_of(config.trunks)));
  }
  return what.number.empty() ? "a number is missing: trunk/" + what.trunk + "/NUMBER" : "";
}

bool means_try_another(const Ending& failure) {
  constexpr std::array<int, 9> of_the_way{
      18,   // NO_USER_RESPONSE: nothing came back at all, or 408
      27,   // DESTINATION_OUT_OF_ORDER: 502
      34,   // NORMAL_CIRCUIT_CONGESTION
      38,   // NETWORK_OUT_OF_ORDER
      41,   // NORMAL_TEMPORARY_FAILURE: 500, 503
      42,   // SWITCH_CONGESTION
      44,   // REQUESTED_CHAN_UNAVAIL
      63,   // SERVICE_UNAVAILABLE
      102,  // RECOVERY_ON_TIMER_EXPIRE: 504
  };
  const int cause = failure.cause.q850;
  if (cause == 18 && failure.status != 0 && failure.status != 408) {
    return false;  // 480: the called party's, not the way's (RFC 3398)
  }
  return std::find(of_the_way.begin(), of_the_way.end(), cause) != of_the_way.end() ||
         failure.cause.name == "INVALID_GATEWAY" || failure.cause.name == "USER_CHALLENGE";
}

std::string outside_number(const Call& call) {
  const std::string effective = call.value("effective_caller_id_number");
  if (call.account().empty()) {
    return first_set(effective, call.value("caller_id_number"));
  }
  return !effective.empty() && effective != call.account() ? effective
                                                           : call.value("outbound_caller_id_number");
}

}  // namespace switchroom::call
