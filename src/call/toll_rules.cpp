#include "call/toll_rules.hpp"

#include "call/call.hpp"
#include "call/identity.hpp"
#include "config/tolls_checks.hpp"
#include "dialplan/spellings.hpp"
#include "tolls/permission.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace switchroom::call {
namespace {

/// What the file says of the parties to a question.
struct Parties {
  const config::Extension* extension = nullptr;
  const config::OutboundRoute* route = nullptr;
  const config::Trunk* trunk = nullptr;
};

Parties parties_of(const TollQuestion& question, const config::Snapshot& config) {
  Parties parties;
  if (const auto found = config.extensions.find(question.extension); found != config.extensions.end()) {
    parties.extension = &found->second;
  }
  if (const auto found = config.trunks.find(question.trunk); found != config.trunks.end()) {
    parties.trunk = &found->second;
  }
  const auto route = std::ranges::find(config.outbound, question.route, &config::OutboundRoute::name);
  if (!question.route.empty() && route != config.outbound.end()) {
    parties.route = &*route;
  }
  return parties;
}

std::vector<std::string_view> words_of(const Parties& parties, const config::Snapshot& config) {
  std::vector<std::string_view> words;
  const auto add = [&](const std::vector<config::Placed>& some) {
    for (const auto& word : some) {
      words.push_back(word.text);
    }
  };
  add(config.tolls.allow);
  if (parties.extension != nullptr) add(parties.extension->tolls.allow);
  if (parties.route != nullptr) add(parties.route->tolls);
  if (parties.trunk != nullptr) add(parties.trunk->tolls.allow);
  return words;
}

/// "write tolls = ["de"] in [extensions.1001], …".
std::string how_to_allow(const std::vector<std::string>& missing, const TollQuestion& question,
                         const Parties& parties, const config::Snapshot& config) {
  std::string list;
  for (const auto& word : missing) {
    list += (list.empty() ? "\"" : ", \"") + word + "\"";
  }
  std::string places;
  const auto add = [&](const std::string& place) { places += (places.empty() ? "" : " or ") + place; };
  if (parties.extension != nullptr) add("[extensions." + question.extension + "]");
  if (parties.route != nullptr) add("[[outbound]] \"" + question.route + "\"");
  if (parties.trunk != nullptr) add("[trunks." + question.trunk + "]");
  return fmt::format(
      "to allow it, add {} to `tolls` of {}, or to `allow` of [tolls] for everybody, in {}, and run pbxctl "
      "reload",
      list, places, config.file.string());
}

/// Empty: calls to the outside are open.
std::string closed_hours(const Parties& parties, const config::Snapshot& config,
                         const dialplan::Dialplan& dialplan) {
  const bool own = parties.extension != nullptr && !parties.extension->tolls.hours.text.empty();
  const std::string& hours = own ? parties.extension->tolls.hours.text : config.tolls.hours.text;
  if (hours.empty() || hours == config::always) {
    return {};
  }
  const auto lookup = [&](std::string_view name) {
    return name == "destination_number" ? hours : std::string();
  };
  const auto now = dialplan::local_time(base::wall_now());
  return dialplan.match(config::toll_hours_context, lookup, now) ? "" : hours;
}

/// RFC 3323, and what gateways write into From.
bool hides(const sip::Message& invite) {
  std::string user = invite.from.uri.user;
  std::ranges::transform(user, user.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  constexpr std::array<std::string_view, 6> nobody{"",           "anonymous", "unknown", "unavailable",
                                                   "restricted", "private"};
  return wants_privacy(invite, {}) || std::ranges::find(nobody, user) != nobody.end();
}

}  // namespace

bool is_from_outside(Call& call) {
  if (!call.trunk().empty() || (call.has_caller() && !call.own_leg().trunk().empty())) {
    return true;
  }
  const auto& trunks = call.config().trunks;
  return call.account().empty() && !call.record().network_addr.empty() &&
         std::any_of(trunks.begin(), trunks.end(), [&](const auto& one) {
           return one.second.context == call.record().context && one.second.context != "default";
         });
}

TollQuestion toll_question(Call& call, const Variables& leg) {
  const auto from_leg_or_call = [&](std::string_view name) {
    auto own = leg.value(name);
    return own.empty() ? call.variables().value(name) : own;
  };
  TollQuestion question;
  question.route = leg.value("outbound_route");
  question.allow_outside = dialplan::is_true(leg.value("allow_outside"));
  question.from_outside = is_from_outside(call);
  question.extension = from_leg_or_call("forwarded_by");
  question.is_forwarded = !question.extension.empty();
  if (!question.is_forwarded) {
    question.extension = call.account();
  }
  question.is_hidden = question.extension.empty() && call.has_caller() && call.own_leg().is_incoming() &&
                       hides(call.own_leg().session().invite());
  return question;
}

TollAnswer judge_toll(const TollQuestion& question, const config::Snapshot& config,
                      const dialplan::Dialplan& dialplan) {
  const Parties parties = parties_of(question, config);
  TollAnswer answer;
  const auto refuse = [&](std::string why, std::string what_to_do) {
    answer.allowed = false;
    answer.why = std::move(why);
    answer.what_to_do = std::move(what_to_do);
    return answer;
  };
  const bool own_country = parties.trunk != nullptr && !parties.trunk->tolls.country.text.empty();
  const auto* home =
      tolls::country_called(own_country ? parties.trunk->tolls.country.text : config.tolls.country.text);
  const tolls::Destination to =
      home == nullptr ? tolls::Destination() : tolls::destination_of(question.number, *home);
  answer.leads_to = to.text(question.number);
  const bool forwards =
      question.is_forwarded && parties.extension != nullptr && parties.extension->tolls.forward_outside;
  const bool allowed_outside =
      question.allow_outside || (parties.route != nullptr && parties.route->allow_outside);
  if (question.is_forwarded && !forwards) {
    return refuse(fmt::format("extension {} may not send calls on to the outside", question.extension),
                  fmt::format("to allow it, write forward_outside = true in [extensions.{}] of {}",
                              question.extension, config.file.string()));
  }
  if ((question.from_outside || question.is_hidden) && !forwards && !allowed_outside) {
    return refuse(question.from_outside
                      ? "calls from outside may not go out again (allow_outside)"
                      : "callers who hide their number may not call the outside (allow_outside)",
                  parties.route != nullptr
                      ? fmt::format("to allow it, write allow_outside = true in [[outbound]] \"{}\" of {}",
                                    question.route, config.file.string())
                      : "to allow it, write {allow_outside=true} before the target in the dialplan");
  }
  const bool known = home != nullptr && tolls::is_emergency_number(question.number, *home);
  if (known || config.emergency.has(question.number)) {
    answer.is_emergency = true;
    return answer;
  }
  const auto permission = tolls::permission_for(to, question.number, words_of(parties, config));
  if (!permission.allowed) {
    return refuse(permission.why, how_to_allow(permission.missing, question, parties, config));
  }
  const std::string closed = closed_hours(parties, config, dialplan);
  if (!closed.empty() && (config.tolls.lock_all || to.is_costly())) {
    return refuse(fmt::format("calls to the outside are locked out of the hours \"{}\"", closed),
                  question.extension.empty()
                      ? ""
                      : fmt::format("to allow it, write toll_hours = \"always\" in [extensions.{}] of {}",
                                    question.extension, config.file.string()));
  }
  return answer;
}

}  // namespace switchroom::call
