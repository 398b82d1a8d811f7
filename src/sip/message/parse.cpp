// parse_datagram: the start line, then each header, then what must hold between them.
#include "sip/message/grammar.hpp"
#include "sip/message/header_reader.hpp"
#include "sip/message/message.hpp"
#include "sip/message/reject.hpp"
#include "sip/message/scan.hpp"

#include <fmt/core.h>

namespace switchroom::sip {
namespace {

/// A request line or a status line, cut but not yet understood.
struct StartLine {
  enum class Kind : std::uint8_t { none, request, response } kind = Kind::none;
  std::string_view method;
  std::string_view uri;
  std::string_view version;
  int status = 0;
  std::string_view reason;
  bool well_formed = false;
};

bool is_version(std::string_view text) { return grammar::same_word(text, "SIP/2.0"); }

/// Where the last "SIP/" stands, in any case (7.1); npos when there is none.
std::size_t find_version(std::string_view line) {
  for (std::size_t at = line.rfind('/'); at != std::string_view::npos && at >= 3;
       at = line.rfind('/', at - 1)) {
    if (grammar::same_word(line.substr(at - 3, 3), "SIP")) return at - 3;
  }
  return std::string_view::npos;
}

/// Method SP Request-URI SP SIP-Version, with exactly these two spaces (25.1).
StartLine cut_request_line(std::string_view line) {
  StartLine out;
  const std::size_t space = line.find(' ');
  const std::size_t version = find_version(line);
  if (space == std::string_view::npos || version == std::string_view::npos || version < space) return out;
  out.method = line.substr(0, space);
  if (!grammar::is_token(out.method)) return out;
  out.kind = StartLine::Kind::request;
  out.version = line.substr(version);
  if (version < space + 3 || line[version - 1] != ' ') return out;
  out.uri = line.substr(space + 1, version - space - 2);
  out.well_formed = out.uri.find(' ') == std::string_view::npos && grammar::trim(out.version) == out.version;
  return out;
}

/// SIP-Version SP three digits SP reason; the last space may be missing with an empty reason.
StartLine cut_status_line(std::string_view line) {
  StartLine out{.kind = StartLine::Kind::response};
  out.version = line.substr(0, line.find(' '));
  const std::string_view rest = line.substr(std::min(out.version.size() + 1, line.size()));
  const auto status = grammar::number(rest.substr(0, rest.find(' ')));
  if (!is_version(out.version) || !status || *status < 100 || *status > 699) return out;
  out.status = static_cast<int>(*status);
  out.reason = rest.substr(std::min<std::size_t>(4, rest.size()));
  out.well_formed = rest.size() == 3 || rest[3] == ' ';
  return out;
}

StartLine cut_start_line(std::string_view line) {
  return grammar::same_word(line.substr(0, 4), "SIP/") ? cut_status_line(line) : cut_request_line(line);
}

class Parser {
 public:
  explicit Parser(std::string_view bytes) : scan_(scan(bytes)), start_(cut_start_line(scan_.start_line)) {
    parsed_.message.emplace();
    reader_.emplace(*parsed_.message);
  }

  Parsed run(bool too_large) {
    if (start_.kind == StartLine::Kind::none) {
      parsed_.message.reset();
      parsed_.error = ParseError::not_sip;
      parsed_.why = "no SIP start line";
      return std::move(parsed_);
    }
    if (too_large) fail(513, "Message Too Large");
    const bool good = !too_large && read_start_line() && read_headers() && check_headers() && read_body();
    if (!good) reject();
    return std::move(parsed_);
  }

 private:
  bool fail(int status, std::string why) {
    parsed_.status = status;
    parsed_.why = std::move(why);
    return false;
  }
  bool read_start_line();
  bool read_headers();
  bool check_headers();
  bool read_body();
  void reject();

  Scan scan_;
  StartLine start_;
  Parsed parsed_;
  std::optional<HeaderReader> reader_;  // of the message in parsed_
};

bool Parser::read_start_line() {
  Message& message = *parsed_.message;
  message.is_request = start_.kind == StartLine::Kind::request;
  if (message.is_request && !is_version(grammar::trim(start_.version)))
    return fail(505, "Version Not Supported");
  if (!start_.well_formed) return fail(400, message.is_request ? "Bad request line" : "Bad status line");
  if (!message.is_request) {
    message.status = start_.status;
    message.reason = start_.reason;
    return true;
  }
  message.method_token = start_.method;
  message.method = method_of(start_.method);
  if (start_.uri.size() > max_uri) return fail(414, "Request-URI Too Long");
  auto uri = reader_->sofia().uri(start_.uri);
  if (!uri) return fail(400, "Bad Request-URI");
  if (!uri->headers.empty() && uri->is_sip()) return fail(400, "Headers in the Request-URI");  // 19.1.1
  message.request_uri = *std::move(uri);
  return true;
}

bool Parser::read_headers() {
  for (const HeaderLine& line : scan_.headers) {
    if (reader_->read(line.name, line.value)) continue;
    return fail(400,
                fmt::format("{} {} header", reader_->twice() ? "More than one" : "Bad", line.name.canonical));
  }
  if (scan_.problem != nullptr) return fail(400, fmt::format("Malformed: {}", scan_.problem));
  return reader_->version() || fail(400, "Bad Via header");
}

bool Parser::check_headers() {
  constexpr std::array needed{std::pair{HeaderId::via, "Via"}, std::pair{HeaderId::from, "From"},
                              std::pair{HeaderId::to, "To"}, std::pair{HeaderId::call_id, "Call-ID"},
                              std::pair{HeaderId::cseq, "CSeq"}};
  for (const auto& [id, name] : needed) {
    if (!reader_->has(id)) return fail(400, fmt::format("Missing {} header", name));
  }
  Message& message = *parsed_.message;
  if (!message.is_request) {
    message.method = message.cseq.method;
    message.method_token = message.cseq.method_token;
  } else if (message.cseq.method_token != message.method_token) {
    return fail(400, "CSeq does not match the method");
  }
  return true;
}

bool Parser::read_body() {
  const auto length = reader_->content_length();
  if (length && *length > scan_.body.size()) return fail(400, "Content-Length larger than the body");
  parsed_.message->body = scan_.body.substr(0, length.value_or(scan_.body.size()));
  return true;
}

void Parser::reject() {
  if (start_.kind == StartLine::Kind::request) {
    parsed_.reject = salvage_request(scan_, start_.method, reader_->sofia());
  }
  reader_.reset();
  parsed_.message.reset();
  parsed_.error = parsed_.reject ? ParseError::malformed : ParseError::unanswerable;
}

}  // namespace

Parsed parse_datagram(std::string_view bytes) {
  // Keep-alives: line ends, a zero byte, and what sound like both. RFC 3261 7.5 lets line ends stand before
  // a message.
  while (!bytes.empty() && (bytes.front() == '\r' || bytes.front() == '\n' || bytes.front() == '\0')) {
    bytes.remove_prefix(1);
  }
  if (bytes.empty()) return {};
  return Parser(bytes.substr(0, max_message)).run(bytes.size() > max_message);
}

}  // namespace switchroom::sip
