// A Message as it goes on the wire. Every byte of a value goes through a function of grammar.hpp that
// keeps it inside its place.
#include "sip/message/grammar.hpp"
#include "sip/message/message.hpp"

namespace switchroom::sip {
namespace {

/// A first guess of the whole size, so that most messages take one allocation.
std::size_t estimate(const Message& message) {
  std::size_t size = 512 + 128 * (message.via.size() + message.route.size() + message.record_route.size());
  size += 128 * message.contact.size() + message.body.size();
  for (const Header& header : message.headers) size += header.name.size() + header.value.size() + 4;
  for (const auto* list : {&message.authorization, &message.proxy_authorization, &message.www_authenticate,
                           &message.proxy_authenticate}) {
    for (const std::string& value : *list) size += value.size() + 24;
  }
  return size + 12 * (message.allow.size() + message.supported.size() + message.require.size());
}

void append_token(std::string& out, std::string_view text) {
  grammar::append_escaped(out, text, grammar::token);
}

void append_start_line(std::string& out, const Message& message) {
  if (message.is_request) {
    append_token(
        out, message.method == Method::other ? std::string_view(message.method_token) : name(message.method));
    out += ' ';
    message.request_uri.append_to(out);
    out += " SIP/2.0\r\n";
    return;
  }
  out += "SIP/2.0 ";
  grammar::append_number(out, static_cast<std::uint32_t>(message.status));
  out += ' ';
  grammar::append_clean(out, message.reason);
  out += "\r\n";
}

void append_via(std::string& out, const Via& via) {
  out += "Via: SIP/2.0/";
  append_token(out, via.transport);
  out += ' ';
  const bool brackets = via.host.find(':') != std::string::npos;
  if (brackets) out += '[';
  grammar::append_escaped(out, via.host, brackets ? grammar::bare_value : grammar::host);
  if (brackets) out += ']';
  if (via.port != 0) {
    out += ':';
    grammar::append_number(out, via.port);
  }
  if (via.rport != 0) {
    out += ";rport=";
    grammar::append_number(out, via.rport);
  } else if (via.wants_rport) {
    out += ";rport";
  }
  if (!via.received.empty()) {
    out += ";received=";
    grammar::append_escaped(out, via.received, grammar::bare_value);
  }
  if (!via.branch.empty()) {
    out += ";branch=";
    grammar::append_escaped(out, via.branch, grammar::bare_value);
  }
  via.others.append_to(out);
  out += "\r\n";
}

void append_line(std::string& out, std::string_view name, std::string_view value) {
  append_token(out, name);
  out += ": ";
  grammar::append_clean(out, value);
  out += "\r\n";
}

void append_number_line(std::string& out, std::string_view name, const std::optional<std::uint32_t>& number) {
  if (!number) return;
  out += name;
  grammar::append_number(out, *number);
  out += "\r\n";
}

void append_addresses(std::string& out, std::string_view name, const std::vector<Address>& list) {
  for (const Address& address : list) {
    out += name;
    address.append_to(out);
    out += "\r\n";
  }
}

void append_tokens(std::string& out, std::string_view name, const std::vector<std::string>& list) {
  if (list.empty()) return;
  out += name;
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (i > 0) out += ", ";
    append_token(out, list[i]);
  }
  out += "\r\n";
}

void append_cseq(std::string& out, const CSeq& cseq) {
  grammar::append_number(out, cseq.number);
  out += ' ';
  append_token(out, cseq.method == Method::other ? std::string_view(cseq.method_token) : name(cseq.method));
  out += "\r\n";
}

void append_dialog_headers(std::string& out, const Message& message) {
  for (const Via& via : message.via) append_via(out, via);
  append_number_line(out, "Max-Forwards: ", message.max_forwards);
  append_addresses(out, "Route: ", message.route);
  append_addresses(out, "Record-Route: ", message.record_route);
  out += "From: ";
  message.from.append_to(out);
  out += "\r\nTo: ";
  message.to.append_to(out);
  out += "\r\nCall-ID: ";
  grammar::append_clean(out, message.call_id);
  out += "\r\nCSeq: ";
  append_cseq(out, message.cseq);
  if (message.contact_star) out += "Contact: *\r\n";
  append_addresses(out, "Contact: ", message.contact);
}

void append_extension_headers(std::string& out, const Message& message) {
  append_number_line(out, "Expires: ", message.expires);
  append_number_line(out, "Min-Expires: ", message.min_expires);
  append_tokens(out, "Require: ", message.require);
  append_tokens(out, "Supported: ", message.supported);
  append_tokens(out, "Allow: ", message.allow);
  append_number_line(out, "RSeq: ", message.rseq);
  if (message.rack) {
    out += "RAck: ";
    grammar::append_number(out, message.rack->first);
    out += ' ';
    append_cseq(out, message.rack->second);
  }
  if (message.session_expires) {
    out += "Session-Expires: ";
    grammar::append_number(out, message.session_expires->seconds);
    if (!message.session_expires->refresher.empty()) {
      out += ";refresher=";
      append_token(out, message.session_expires->refresher);
    }
    out += "\r\n";
  }
  append_number_line(out, "Min-SE: ", message.min_se);
}

void append_content(std::string& out, const Message& message) {
  if (!message.content_type.empty()) {
    out += "Content-Type: ";
    grammar::append_clean(out, message.content_type);
    if (!message.content_parameters.empty() && message.content_parameters.front() != ';') out += ';';
    grammar::append_clean(out, message.content_parameters);
    out += "\r\n";
  }
  out += "Content-Length: ";
  grammar::append_number(out, static_cast<std::uint32_t>(message.body.size()));
  out += "\r\n\r\n";
  out += message.body;
}

}  // namespace

std::string Message::text() const {
  std::string out;
  out.reserve(estimate(*this));
  append_start_line(out, *this);
  append_dialog_headers(out, *this);
  append_extension_headers(out, *this);
  for (const std::string& value : authorization) append_line(out, "Authorization", value);
  for (const std::string& value : proxy_authorization) append_line(out, "Proxy-Authorization", value);
  for (const std::string& value : www_authenticate) append_line(out, "WWW-Authenticate", value);
  for (const std::string& value : proxy_authenticate) append_line(out, "Proxy-Authenticate", value);
  for (const Header& header : headers) append_line(out, header.name, header.value);
  append_content(out, *this);
  return out;
}

}  // namespace switchroom::sip
