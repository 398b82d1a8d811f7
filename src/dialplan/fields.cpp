#include "dialplan/fields.hpp"

#include "config/suggestions.hpp"
#include "dialplan/pattern.hpp"
#include "dialplan/plan.hpp"
#include "dialplan/schedule.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <vector>

namespace switchroom::dialplan {
namespace {

// What every call has from its first moment. Others are reached as ${name}: they may not be there.
constexpr std::array<std::string_view, 26> known{"destination_number", "caller_id_number", "caller_id_name",
                                                 "network_addr",       "network_port",     "context",
                                                 "user_context",       "user_name",        "uuid",
                                                 "sip_from_uri",       "sip_from_user",    "sip_from_host",
                                                 "sip_from_display",   "sip_to_uri",       "sip_to_user",
                                                 "sip_to_host",        "sip_req_uri",      "sip_req_user",
                                                 "sip_req_host",       "sip_profile",      "sip_call_id",
                                                 "sip_user_agent",     "domain_name",      "accountcode",
                                                 "callgroup",          "toll_allow"};

constexpr std::string_view header_prefix = "sip_h_";

bool is_header(std::string_view field) {
  return field.starts_with(header_prefix) && field.size() > header_prefix.size() &&
         std::all_of(field.begin(), field.end(), [](char c) { return c > ' ' && c <= '~' && c != ':'; });
}

}  // namespace

std::string field_problem(std::string_view field) {
  if (is_expression(field)) {
    const auto open = field.rfind("${");
    return field.find('}', open) == std::string_view::npos ? fmt::format("\"{}\" has no closing }}", field)
                                                           : "";
  }
  if (is_header(field) || std::find(known.begin(), known.end(), field) != known.end()) return {};
  std::vector<std::string> names(known.begin(), known.end());
  std::ranges::move(time_fields(), std::back_inserter(names));
  const auto meant = config::did_you_mean(field, names);
  return fmt::format("unknown field \"{}\"{}", field,
                     meant.empty() ? fmt::format("; a variable is written as \"${{{}}}\"", field) : meant);
}

namespace {

std::string check_time(const config::Condition& condition, const config::Snapshot& snapshot) {
  if (condition.field != "hours") {
    const auto schedule = parse_schedule(condition.field, condition.pattern);
    return schedule ? std::string() : schedule.error().what;
  }
  const std::string name = condition.pattern.substr(condition.pattern.starts_with('!') ? 1 : 0);
  if (snapshot.hours.contains(name)) {
    return {};
  }
  return fmt::format("there is no [hours.{}]{}", name,
                     config::did_you_mean(name, config::names_of(snapshot.hours)));
}

}  // namespace

std::string check_condition(const config::Condition& condition, const config::Snapshot& snapshot) {
  if (is_time_field(condition.field)) return check_time(condition, snapshot);
  if (auto problem = field_problem(condition.field); !problem.empty()) return problem;
  const auto pattern = Pattern::compile(condition.pattern);
  return pattern ? std::string() : fmt::format("bad pattern: {}", pattern.error().what);
}

}  // namespace switchroom::dialplan
