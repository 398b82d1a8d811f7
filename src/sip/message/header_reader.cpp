#include "sip/message/header_reader.hpp"

#include "sip/message/grammar.hpp"

namespace switchroom::sip {
namespace {

/// Cuts the word before the first space or tab off `rest`.
std::string_view take_word(std::string_view& rest) {
  rest = grammar::trim(rest);
  const std::size_t end = std::min(rest.find_first_of(" \t"), rest.size());
  const std::string_view word = rest.substr(0, end);
  rest = grammar::trim(rest.substr(end));
  return word;
}

/// The part before the first ";", trimmed: numbers that may have parameters behind them.
std::string_view before_parameters(std::string_view value) {
  return grammar::trim(value.substr(0, value.find(';')));
}

/// Tokens of a list; false for what is none. Empty elements count for nothing.
bool read_tokens(std::vector<std::string>& out, std::string_view value, bool to_lower) {
  while (!value.empty()) {
    const std::string_view element = grammar::next_element(value);
    if (element.empty()) continue;
    if (!grammar::is_token(element) || out.size() >= max_header_elements) return false;
    out.push_back(to_lower ? grammar::lowered(element) : std::string(element));
  }
  return true;
}

/// A value that is kept as it is, but for bytes that may not be sent on (they become spaces).
std::string kept(std::string_view value) {
  std::string out;
  grammar::append_clean(out, value);
  if (!out.empty() && (out.front() == ' ' || out.back() == ' ')) out = std::string(grammar::trim(out));
  return out;
}

bool assign(std::optional<std::uint32_t>& field, std::optional<std::uint32_t> number) {
  field = number;
  return number.has_value();
}

}  // namespace

std::optional<CSeq> parse_cseq(std::string_view value) {
  const auto number = grammar::number(take_word(value));
  if (!number || !grammar::is_token(value)) return std::nullopt;
  return CSeq{.number = *number, .method = method_of(value), .method_token = std::string(value)};
}

bool HeaderReader::read(HeaderName name, std::string_view value) {
  const HeaderId id = name.id;
  const bool first = !has(id);
  seen_.set(static_cast<std::size_t>(id));
  switch (id) {
    case HeaderId::other: message_.headers.push_back({std::string(name.canonical), kept(value)}); return true;
    case HeaderId::via:
    case HeaderId::contact:
    case HeaderId::route:
    case HeaderId::record_route:
    case HeaderId::require:
    case HeaderId::supported:
    case HeaderId::allow: return read_list(id, value);
    case HeaderId::authorization:
    case HeaderId::proxy_authorization:
    case HeaderId::www_authenticate:
    case HeaderId::proxy_authenticate: return read_credentials(id, value);
    default: twice_ = !first; return first && read_single(id, value);
  }
}

bool HeaderReader::read_list(HeaderId id, std::string_view value) {
  switch (id) {
    case HeaderId::via: return read_via(value);
    case HeaderId::contact: return read_contact(value);
    case HeaderId::route: return read_addresses(message_.route, value);
    case HeaderId::record_route: return read_addresses(message_.record_route, value);
    case HeaderId::require: return read_tokens(message_.require, value, true);
    case HeaderId::supported: return read_tokens(message_.supported, value, true);
    default: return read_tokens(message_.allow, value, false);
  }
}

/// Each is one whole value: the commas in it separate its parameters (20.7).
bool HeaderReader::read_credentials(HeaderId id, std::string_view value) {
  auto& list = id == HeaderId::authorization         ? message_.authorization
               : id == HeaderId::proxy_authorization ? message_.proxy_authorization
               : id == HeaderId::www_authenticate    ? message_.www_authenticate
                                                     : message_.proxy_authenticate;
  if (list.size() >= max_header_elements) return false;
  list.push_back(kept(value));
  return true;
}

bool HeaderReader::read_single(HeaderId id, std::string_view value) {
  switch (id) {
    case HeaderId::from:
    case HeaderId::to: {
      auto address = sofia_.address(value);
      if (!address) return false;
      (id == HeaderId::from ? message_.from : message_.to) = *std::move(address);
      return true;
    }
    case HeaderId::call_id:
      message_.call_id = value;
      return !value.empty() && grammar::all(value, grammar::word);
    case HeaderId::cseq: {
      auto cseq = parse_cseq(value);
      if (!cseq) return false;
      message_.cseq = *std::move(cseq);
      return true;
    }
    case HeaderId::content_type: return read_content_type(value);
    case HeaderId::session_expires: return read_session_expires(value);
    case HeaderId::rack: return read_rack(value);
    default: return read_number(id, value);
  }
}

bool HeaderReader::read_number(HeaderId id, std::string_view value) {
  switch (id) {
    case HeaderId::max_forwards:  // 0 to 255 (20.22)
      return assign(message_.max_forwards, grammar::number(value)) && *message_.max_forwards <= 255;
    case HeaderId::expires:
      // Too large is the largest; what is no number is as if it were not there (20.19, RFC 4475 3.1.2.4).
      message_.expires = grammar::number(before_parameters(value), true);
      return true;
    case HeaderId::min_expires: return assign(message_.min_expires, grammar::number(value, true));
    case HeaderId::rseq: return assign(message_.rseq, grammar::number(value));
    case HeaderId::min_se: return assign(message_.min_se, grammar::number(before_parameters(value)));
    case HeaderId::content_length: return assign(content_length_, grammar::number(value));
    default: return false;
  }
}

bool HeaderReader::read_via(std::string_view value) {
  do {
    const std::string_view element = grammar::next_element(value);
    auto via = sofia_.via(element, version_);
    if (!via || message_.via.size() >= max_header_elements) return false;
    message_.via.push_back(*std::move(via));
  } while (!value.empty());
  return true;
}

bool HeaderReader::read_addresses(std::vector<Address>& out, std::string_view value) {
  while (!value.empty()) {
    const std::string_view element = grammar::next_element(value);
    if (element.empty()) continue;
    auto address = sofia_.address(element);
    if (!address || out.size() >= max_header_elements) return false;
    out.push_back(*std::move(address));
  }
  return true;
}

/// "*" stands alone (20.10).
bool HeaderReader::read_contact(std::string_view value) {
  if (value == "*") {
    const bool alone = message_.contact.empty() && !message_.contact_star;
    message_.contact_star = true;
    return alone;
  }
  return read_addresses(message_.contact, value) && !message_.contact_star;
}

bool HeaderReader::read_content_type(std::string_view value) {
  const std::string_view type = before_parameters(value);
  const std::size_t slash = std::min(type.find('/'), type.size());
  const std::string_view major = grammar::trim(type.substr(0, slash));
  const std::string_view minor = grammar::trim(type.substr(std::min(slash + 1, type.size())));
  if (!grammar::is_token(major) || !grammar::is_token(minor)) return false;
  message_.content_type = grammar::lowered(major) + '/' + grammar::lowered(minor);
  const std::size_t parameters = value.find(';');
  if (parameters != std::string_view::npos) message_.content_parameters = kept(value.substr(parameters));
  return true;
}

/// RFC 4028: `1800;refresher=uac`.
bool HeaderReader::read_session_expires(std::string_view value) {
  const auto seconds = grammar::number(before_parameters(value));
  if (!seconds) return false;
  Message::SessionExpires out{.seconds = *seconds, .refresher = {}};
  while (!value.empty()) {
    const std::size_t end = std::min(value.find(';'), value.size());
    const std::string_view part = value.substr(0, end);
    value.remove_prefix(std::min(end + 1, value.size()));
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos ||
        !grammar::same_word(grammar::trim(part.substr(0, equals)), "refresher")) {
      continue;
    }
    const std::string_view who = grammar::trim(part.substr(equals + 1));
    if (!grammar::same_word(who, "uac") && !grammar::same_word(who, "uas")) return false;
    out.refresher = grammar::lowered(who);
  }
  message_.session_expires = std::move(out);
  return true;
}

/// RFC 3262 7.2: `776656 1 INVITE`.
bool HeaderReader::read_rack(std::string_view value) {
  const auto number = grammar::number(take_word(value));
  auto cseq = parse_cseq(value);
  if (!number || !cseq) return false;
  message_.rack.emplace(*number, *std::move(cseq));
  return true;
}

}  // namespace switchroom::sip
