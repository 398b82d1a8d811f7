#include "sip/message/sofia_read.hpp"

#include "sip/message/grammar.hpp"

#include <arpa/inet.h>
#include <sofia-sip/msg_header.h>
#include <sofia-sip/msg_parser.h>
#include <sofia-sip/sip.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_protos.h>
#include <sofia-sip/su_alloc.h>
#include <sofia-sip/url.h>

#include <algorithm>
#include <cstring>

namespace switchroom::sip {
namespace {

std::string_view view(const char* text) {
  return text != nullptr ? std::string_view(text) : std::string_view();
}

/// A host name, an IPv4 address, or an IPv6 address in brackets; without them and in lower case.
std::optional<std::string> read_host(std::string_view text) {
  if (text.empty() || text.size() > 255) return std::nullopt;
  if (text.front() != '[') {
    return grammar::all(text, grammar::host) ? std::optional(grammar::lowered(text)) : std::nullopt;
  }
  if (text.back() != ']' || text.size() < 4) return std::nullopt;
  std::string inner = grammar::lowered(text.substr(1, text.size() - 2));
  in6_addr address{};
  if (inner.find('\0') != std::string::npos || inet_pton(AF_INET6, inner.c_str(), &address) != 1)
    return std::nullopt;
  return inner;
}

/// Nothing is port 0: "none written".
std::optional<std::uint16_t> read_port(std::string_view text) {
  if (text.empty()) return std::uint16_t{0};
  const auto port = grammar::number(text);
  if (!port || *port > 65535) return std::nullopt;
  return static_cast<std::uint16_t>(*port);
}

Parameter parameter_of(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) return {.name = std::string(text), .value = {}, .bare = true};
  const std::string_view value = text.substr(equals + 1);
  const bool quoted = !value.empty() && value.front() == '"';
  return {.name = std::string(text.substr(0, equals)),
          .value = quoted ? grammar::unquoted(value) : std::string(value),
          .bare = false,
          .quoted = quoted};
}

/// `a=b;c` after the first ";" of a URI.
bool read_uri_parameters(std::string_view text, Parameters& out) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(';'), text.size());
    if (end > 0) {
      Parameter parameter = parameter_of(text.substr(0, end));
      if (parameter.name.empty() || out.size() >= max_parameters) return false;
      out.add(std::move(parameter));
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return true;
}

/// A display name without quotes: tokens and spaces (25.1), and UTF-8 as many phones send it.
bool is_plain_display(std::string_view text) {
  for (const char c : text) {
    if (!grammar::is(c, grammar::token) && c != ' ' && c != '\t' && static_cast<unsigned char>(c) < 0x80)
      return false;
  }
  return true;
}

/// tel and every scheme that SIP does not define: kept as written.
std::optional<Uri> read_other_uri(std::string scheme, std::string_view rest) {
  if (rest.empty() || !grammar::all(rest, grammar::uri_text)) return std::nullopt;
  Uri uri;
  uri.scheme = std::move(scheme);
  if (uri.scheme != "tel") {
    uri.user = rest;
    return uri;
  }
  const std::size_t end = std::min(rest.find(';'), rest.size());
  uri.user = rest.substr(0, end);
  if (uri.user.empty()) return std::nullopt;
  if (end < rest.size() && !read_uri_parameters(rest.substr(end + 1), uri.parameters)) return std::nullopt;
  return uri;
}

void place_via_parameter(Via& via, Parameter parameter) {
  if (grammar::same_word(parameter.name, "branch") && via.branch.empty()) {
    via.branch = std::move(parameter.value);
  } else if (grammar::same_word(parameter.name, "received") && via.received.empty()) {
    via.received = std::move(parameter.value);
  } else if (grammar::same_word(parameter.name, "rport")) {
    via.rport = read_port(parameter.value).value_or(0);
    via.wants_rport = via.rport == 0;
  } else {
    via.others.add(std::move(parameter));
  }
}

}  // namespace

// area_ and text_ are written before they are read: clearing 11 KB for each message would cost more than
// the parse.
SofiaReader::SofiaReader()
    : home_(su_home_auto(area_.data(), static_cast<isize_t>(area_.size()))) {}  // NOLINT(*-member-init)

SofiaReader::~SofiaReader() { su_home_deinit(home_); }

/// Into text_, ended by a zero. False when it does not fit, when it holds a zero, where sofia would stop, or
/// has so many ";" (even in quotes) that sofia would copy its list of parameters again and again.
bool SofiaReader::copy(std::string_view text) {
  if (text.size() + 1 > text_.size() || std::memchr(text.data(), 0, text.size()) != nullptr) return false;
  if (std::count(text.begin(), text.end(), ';') > std::ptrdiff_t{4 * max_parameters}) return false;
  std::memcpy(text_.data(), text.data(), text.size());
  text_[text.size()] = '\0';
  return true;
}

std::optional<Uri> SofiaReader::uri(std::string_view text) {
  const std::size_t colon = text.substr(0, max_uri).find(':');
  if (text.size() > max_uri || colon == std::string_view::npos || colon == 0 || colon > 64)
    return std::nullopt;
  const bool letter = grammar::lower(text.front()) >= 'a' && grammar::lower(text.front()) <= 'z';
  if (!letter || !grammar::all(text.substr(0, colon), grammar::scheme)) return std::nullopt;
  std::string scheme = grammar::lowered(text.substr(0, colon));
  if (scheme == "sip" || scheme == "sips") return sip_uri(text);
  return read_other_uri(std::move(scheme), text.substr(colon + 1));
}

std::optional<Uri> SofiaReader::sip_uri(std::string_view text) {
  std::string escaped;  // bytes over 127 as escapes: sofia's tables end there
  for (const char c : text) {
    const bool high = static_cast<unsigned char>(c) >= 0x80;
    if (!high && !grammar::is(c, grammar::uri_text)) return std::nullopt;
    if (high && escaped.empty()) grammar::append_escaped(escaped, text, grammar::uri_text);
  }
  url_t url;
  if (!copy(escaped.empty() ? text : std::string_view(escaped)) || url_d(&url, text_.data()) != 0)
    return std::nullopt;
  if (url.url_path != nullptr || url.url_fragment != nullptr) return std::nullopt;
  auto host = read_host(view(url.url_host));
  const auto port = read_port(view(url.url_port));
  auto user = grammar::unescaped(view(url.url_user));
  auto password = grammar::unescaped(view(url.url_password));
  if (!host || !port || !user || !password) return std::nullopt;
  Uri uri{.scheme = url.url_type == url_sips ? "sips" : "sip", .user = *std::move(user)};
  uri.password = *std::move(password);
  uri.host = *std::move(host);
  uri.port = *port;
  uri.headers = view(url.url_headers);
  if (!read_uri_parameters(view(url.url_params), uri.parameters)) return std::nullopt;
  return uri;
}

/// `;tag=1 ; x = "y"` to the end of `text`.
bool SofiaReader::header_parameters(std::string_view text, Parameters& out) {
  text = grammar::trim(text);
  if (text.empty()) return true;
  if (text.front() != ';' || !copy(text)) return false;
  char* at = text_.data();
  const msg_param_t* list = nullptr;
  if (msg_params_d(home_, &at, &list) != 0 || *at != '\0' || list == nullptr) return false;
  for (; *list != nullptr; ++list) {
    if (out.size() >= max_parameters) return false;
    out.add(parameter_of(*list));
  }
  return true;
}

std::optional<Address> SofiaReader::address(std::string_view text) {
  text = grammar::trim(text);
  if (text.empty() || text.size() > max_header_value) return std::nullopt;
  Address out;
  std::size_t angle = text.find('<');
  if (text.front() == '"') {
    const std::size_t quoted = grammar::quoted_length(text);
    if (quoted == 0) return std::nullopt;
    out.display = grammar::unquoted(text.substr(0, quoted));
    angle = text.find('<', quoted);
    if (angle == std::string_view::npos || !grammar::trim(text.substr(quoted, angle - quoted)).empty()) {
      return std::nullopt;
    }
  } else if (angle != std::string_view::npos) {
    if (is_plain_display(text.substr(0, angle))) {
      out.display = grammar::trim(text.substr(0, angle));
    } else {
      angle = std::string_view::npos;  // an addr-spec; the bracket belongs to a parameter's quotes
    }
  }
  const bool bracketed = angle != std::string_view::npos;
  const std::size_t start = bracketed ? angle + 1 : 0;
  // Without brackets ";" "," and "?" end the URI: what follows belongs to the header (20.10).
  const std::size_t end = text.find_first_of(bracketed ? ">" : " \t,;?", start);
  if (bracketed && end == std::string_view::npos) return std::nullopt;
  auto parsed = uri(text.substr(start, end == std::string_view::npos ? end : end - start));
  if (!parsed) return std::nullopt;
  out.uri = *std::move(parsed);
  const std::string_view rest = end == std::string_view::npos ? "" : text.substr(bracketed ? end + 1 : end);
  if (!header_parameters(rest, out.parameters)) return std::nullopt;
  return out;
}

std::optional<Via> SofiaReader::via(std::string_view text, bool& version) {
  if (text.empty() || !copy(text)) return std::nullopt;
  sip_via_t parsed;
  sip_via_init(&parsed);
  if (sip_via_d(home_, reinterpret_cast<msg_header_t*>(&parsed), text_.data(),
                static_cast<isize_t>(text.size())) < 0 ||
      parsed.v_next != nullptr) {
    return std::nullopt;
  }
  const std::string_view protocol = view(parsed.v_protocol);
  const std::size_t slash = protocol.rfind('/');
  auto host = read_host(view(parsed.v_host));
  const auto port = read_port(view(parsed.v_port));
  if (slash == std::string_view::npos || !host || !port) return std::nullopt;
  version = version && grammar::same_word(protocol.substr(0, slash), "SIP/2.0");
  Via via{.transport = grammar::uppered(protocol.substr(slash + 1)), .host = *std::move(host), .port = *port};
  std::size_t count = 0;
  for (const msg_param_t* list = parsed.v_params; list != nullptr && *list != nullptr; ++list) {
    if (++count > max_parameters) return std::nullopt;
    place_via_parameter(via, parameter_of(*list));
  }
  return via;
}

std::optional<Uri> parse_uri(std::string_view text) { return SofiaReader().uri(text); }

std::optional<Address> parse_address(std::string_view text) { return SofiaReader().address(text); }

}  // namespace switchroom::sip
