#include "sip/session/reason.hpp"

#include "sip/cause.hpp"

#include <algorithm>
#include <charconv>

namespace switchroom::sip {
namespace {

constexpr std::size_t max_text = 128;
constexpr std::size_t max_redirects = 8;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool equals(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trim(std::string_view s) {
  const auto first = s.find_first_not_of(" \t");
  return first == std::string_view::npos ? std::string_view{}
                                         : s.substr(first, s.find_last_not_of(" \t") - first + 1);
}

// Cuts the text up to the next `stop` outside quotes off `rest`.
std::string_view take(std::string_view& rest, char stop) {
  bool quoted = false;
  std::size_t i = 0;
  for (; i < rest.size(); ++i) {
    if (quoted && rest[i] == '\\') {
      ++i;
    } else if (rest[i] == '"') {
      quoted = !quoted;
    } else if (!quoted && rest[i] == stop) {
      break;
    }
  }
  const auto piece = rest.substr(0, i);
  rest.remove_prefix(std::min(rest.size(), i + 1));
  return trim(piece);
}

std::optional<std::uint32_t> number(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (ec != std::errc{} || end == text.data()) return std::nullopt;
  return value;
}

std::string unquoted(std::string_view text) {
  if (text.size() < 2 || text.front() != '"' || text.back() != '"')
    return std::string(text.substr(0, max_text));
  std::string out;
  for (std::size_t i = 1; i + 1 < text.size() && out.size() < max_text; ++i) {
    if (text[i] == '\\' && i + 2 < text.size()) ++i;
    out += text[i];
  }
  return out;
}

void read_one(std::string_view value, Reason& into) {
  const auto protocol = take(value, ';');
  int cause = 0;
  std::string text;
  while (!value.empty()) {
    auto parameter = take(value, ';');
    const auto name = take(parameter, '=');
    if (equals(name, "cause")) {
      const auto n = number(trim(parameter));
      cause = n && *n <= 999 ? static_cast<int>(*n) : 0;
    } else if (equals(name, "text")) {
      text = unquoted(trim(parameter));
    }
  }
  if (equals(protocol, "Q.850") && into.q850 == 0 && cause <= 127) {
    into.q850 = cause;
    if (!text.empty()) into.text = text;
  } else if (equals(protocol, "SIP") && into.sip == 0) {
    into.sip = cause;
    if (into.text.empty()) into.text = text;
  }
}

}  // namespace

Reason parse_reason(const Message& message) {
  Reason reason;
  for (const Header& header : message.headers) {
    if (!equals(header.name, "Reason")) continue;
    std::string_view rest = header.value;
    while (!rest.empty()) read_one(take(rest, ','), reason);
  }
  return reason;
}

std::string reason_value(int q850, std::string_view sip_reason) {
  std::string value(sip_reason);
  if (q850 > 0) {
    const Cause& cause = cause_of_q850(q850);
    const int wire = q850 > 127 ? cause.q850 : q850;
    if (!value.empty()) value += ", ";
    value += "Q.850;cause=" + std::to_string(wire) + ";text=\"" + std::string(cause.name) + '"';
  }
  return value;
}

std::optional<std::uint32_t> parse_retry_after(const Message& message) {
  const std::string* value = message.header("Retry-After");
  return value == nullptr ? std::nullopt : number(trim(*value));
}

SessionEnd end_by_response(const Message& response) {
  SessionEnd end;
  end.how = SessionEnd::How::received_refusal;
  end.status = response.status;
  end.reason_phrase = response.reason;
  end.q850 = parse_reason(response).q850;
  end.retry_after = parse_retry_after(response);
  if (response.status >= 300 && response.status < 400) {
    const auto count = std::min(response.contact.size(), max_redirects);
    end.redirects.assign(response.contact.begin(),
                         response.contact.begin() + static_cast<std::ptrdiff_t>(count));
  }
  return end;
}

std::string_view disposition(SessionEnd::How how) {
  switch (how) {
    case SessionEnd::How::sent_bye: return "send_bye";
    case SessionEnd::How::received_bye: return "recv_bye";
    case SessionEnd::How::sent_cancel: return "send_cancel";
    case SessionEnd::How::received_cancel: return "recv_cancel";
    case SessionEnd::How::sent_refusal: return "send_refuse";
    case SessionEnd::How::received_refusal: return "recv_refuse";
    case SessionEnd::How::no_response: return "no_response";
    case SessionEnd::How::no_ack: return "no_ack";
    case SessionEnd::How::expired: return "session_expired";
    case SessionEnd::How::transport: return "transport_failure";
  }
  return "send_bye";
}

}  // namespace switchroom::sip
