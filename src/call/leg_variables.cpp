// What an outgoing leg is given: variables, and the headers that variables ask for.
#include "base/log.hpp"
#include "call/call.hpp"
#include "call/identity.hpp"
#include "call/targets.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace switchroom::call {
namespace {

constexpr std::string_view header_prefix = "sip_h_";
constexpr std::string_view only_there = "nolocal:";

/// Those that make up the dialog and the message itself are the stack's.
bool is_own_header(std::string_view name) {
  constexpr std::array<std::string_view, 24> own{"via",
                                                 "from",
                                                 "to",
                                                 "call-id",
                                                 "cseq",
                                                 "contact",
                                                 "max-forwards",
                                                 "route",
                                                 "record-route",
                                                 "content-length",
                                                 "content-type",
                                                 "authorization",
                                                 "allow",
                                                 "supported",
                                                 "require",
                                                 "proxy-require",
                                                 "min-se",
                                                 "session-expires",
                                                 "user-agent",
                                                 "proxy-authorization",
                                                 "content-encoding",
                                                 "content-disposition",
                                                 "mime-version",
                                                 "expires"};
  std::string small(name);
  std::ranges::transform(small, small.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return name.size() < 2 || std::ranges::find(own, small) != own.end();
}

/// RFC 3261 25.1: token.
bool is_token(std::string_view name) {
  return std::ranges::all_of(name, [](unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string_view("-.!%*_+`'~").find(static_cast<char>(c)) != std::string_view::npos;
  });
}

void put_header(std::vector<sip::Header>& headers, const std::string& name, const std::string& value) {
  const auto same = [&](const sip::Header& header) {
    return std::ranges::equal(header.name, name, [](unsigned char a, unsigned char b) {
      return std::tolower(a) == std::tolower(b);
    });
  };
  std::erase_if(headers, same);
  headers.push_back({name, value});
}

/// The caller's own X- headers, where the rules trust them.
void copy_headers(Call& call, LegTarget& target) {
  const bool wanted = dialplan::is_true(call.variables().value("sip_copy_custom_headers"));
  if (!wanted || !call.has_caller() || !call.caller().is_incoming()) {
    return;
  }
  for (const auto& header : call.caller().session().invite().headers) {
    if (header.name.size() > 2 && (header.name[0] == 'X' || header.name[0] == 'x') && header.name[1] == '-') {
      put_header(target.settings.extra_headers, header.name, header.value);
    }
  }
}

void write_headers(Call& call, LegTarget& target) {
  for (const auto* variables : {&call.variables().all(), &target.variables.all()}) {
    for (auto at = variables->lower_bound(header_prefix); at != variables->end(); ++at) {
      if (!at->first.starts_with(header_prefix)) {
        break;
      }
      const std::string name = at->first.substr(header_prefix.size());
      const bool printable =
          std::ranges::none_of(at->second, [](unsigned char c) { return c < ' ' || c == 127; });
      if (is_own_header(name) || !is_token(name) || !printable) {
        log::line(log::Level::warning, log::Subsystem::call, call.uuid(),
                  "{} cannot be sent as a header and is left out", at->first);
        continue;
      }
      put_header(target.settings.extra_headers, name, at->second);
    }
  }
}

}  // namespace

Variables leg_variables(Call& call, const dialplan::Assignments& for_all, const dialplan::Assignments& own) {
  Variables variables;
  const std::string exported = call.variables().value("export_vars");
  for (std::size_t at = 0; at < exported.size();) {
    const auto end = std::min(exported.find(',', at), exported.size());
    const std::string name = exported.substr(at, end - at);
    const bool elsewhere = name.starts_with(only_there);
    variables.set(elsewhere ? name.substr(only_there.size()) : name, call.variables().value(name));
    at = end + 1;
  }
  for (const auto* assignments : {&for_all, &own}) {
    for (const auto& [name, value] : *assignments) {
      variables.set(name, value);
    }
  }
  return variables;
}

void complete_target(Call& call, LegTarget& target, Variables variables) {
  target.variables = std::move(variables);
  write_identity(call, target);
  write_leg_headers(call, target);
}

void write_leg_headers(Call& call, LegTarget& target) {
  copy_headers(call, target);
  write_headers(call, target);
}

}  // namespace switchroom::call
