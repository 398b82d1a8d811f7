#include "sip/endpoint/acceptance.hpp"

#include "sip/message/grammar.hpp"

#include <algorithm>
#include <utility>

namespace switchroom::sip {
namespace {

constexpr std::string_view description_type = "application/sdp";

/// One media range of an Accept header; its parameters, a q of 0 among them, are not looked at.
bool is_description(std::string_view range) {
  const std::string_view type = grammar::trim(range.substr(0, range.find(';')));
  return type == "*/*" || grammar::same_word(type, "application/*") ||
         grammar::same_word(type, description_type);
}

/// RFC 3261 20.1: without the header descriptions are accepted, with an empty one nothing is.
bool accepts_description(const Message& request) {
  bool stated = false;
  for (const Header& header : request.headers) {
    if (!grammar::same_word(header.name, "Accept")) {
      continue;
    }
    stated = true;
    for (std::string_view rest = header.value; !rest.empty();) {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      if (is_description(rest.substr(0, comma))) {
        return true;
      }
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
  }
  return !stated;
}

std::string unsupported_options(const Message& request) {
  std::string unsupported;
  for (const auto& tag : request.require) {
    const bool known = (request.method == Method::invite && (tag == "100rel" || tag == "timer")) ||
                       (request.method == Method::registration && tag == "path");
    if (!known) {
      unsupported += (unsupported.empty() ? "" : ", ") + tag;
    }
  }
  return unsupported;
}

}  // namespace

std::optional<Unacceptable> find_fault(const Message& request) {
  if (!request.request_uri.is_sip()) {
    return Unacceptable{.status = 416};
  }
  if (request.max_forwards == 0U && request.method == Method::invite) {  // all others end here anyway
    return Unacceptable{.status = 483};
  }
  if (std::string unsupported = unsupported_options(request); !unsupported.empty()) {
    return Unacceptable{.status = 420, .header = "Unsupported", .value = std::move(unsupported)};
  }
  if (request.method == Method::registration && !request.to.uri.is_sip()) {  // 10.2; RFC 4475 3.3.4
    return Unacceptable{.reason = "An address of record is a SIP URI"};
  }
  if (request.method == Method::invite && !accepts_description(request)) {  // RFC 4475 3.3.15
    return Unacceptable{.status = 406, .header = "Accept", .value = std::string(description_type)};
  }
  return std::nullopt;
}

}  // namespace switchroom::sip
