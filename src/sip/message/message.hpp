// One SIP request or response as a plain value; sofia-sip never shows outside this folder.
#pragma once

#include "sip/message/uri.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace switchroom::sip {

enum class Method : std::uint8_t {
  invite,
  ack,
  bye,
  cancel,
  options,
  registration,
  prack,
  update,
  info,
  refer,
  subscribe,
  notify,
  publish,
  message,
  other
};
/// "INVITE"; "" for other.
std::string_view name(Method method);
Method method_of(std::string_view token);

struct Via {
  std::string transport;  // "UDP", "TCP", "TLS", "WS", "WSS", upper case
  std::string host;       // IPv6 without brackets
  std::uint16_t port = 0;
  std::string branch;
  std::string received;
  bool wants_rport = false;  // a bare ";rport"
  std::uint16_t rport = 0;
  Parameters others;
};

struct CSeq {
  std::uint32_t number = 0;
  Method method = Method::other;
  std::string method_token;  // as written, also for methods unknown to us
};

struct Header {
  std::string name;  // canonical spelling ("User-Agent"), never compact
  std::string value;
};

/// The headers that call control reads are fields; all others are kept in order in `headers`.
/// A Message that parse() returned has at least one Via, From, To, Call-ID and CSeq, is a request or a
/// response, and its numbers are in range.
struct Message {
  // start line
  bool is_request = true;
  Method method = Method::other;  // of the request, or of the CSeq for a response
  std::string method_token;
  Uri request_uri;
  int status = 0;
  std::string reason;

  std::vector<Via> via;  // the topmost first
  Address from;
  Address to;
  std::string call_id;
  CSeq cseq;
  std::optional<std::uint32_t> max_forwards;
  std::vector<Address> contact;
  bool contact_star = false;  // "Contact: *"
  std::vector<Address> route;
  std::vector<Address> record_route;
  std::optional<std::uint32_t> expires;
  std::optional<std::uint32_t> min_expires;
  std::vector<std::string> require;    // option tags, lower case
  std::vector<std::string> supported;  // option tags, lower case
  std::vector<std::string> allow;      // method tokens
  std::optional<std::uint32_t> rseq;
  std::optional<std::pair<std::uint32_t, CSeq>> rack;
  struct SessionExpires {
    std::uint32_t seconds = 0;
    std::string refresher;  // "uac", "uas" or empty
  };
  std::optional<SessionExpires> session_expires;
  std::optional<std::uint32_t> min_se;
  std::vector<std::string> authorization;        // each whole value: "Digest username=…"
  std::vector<std::string> proxy_authorization;  // likewise
  std::vector<std::string> www_authenticate;     // likewise
  std::vector<std::string> proxy_authenticate;   // likewise
  std::string content_type;                      // lower case type/subtype without parameters
  std::string content_parameters;                // what follows, as written: ";boundary=x"
  std::string body;
  std::vector<Header> headers;  // User-Agent, Reason, Diversion, Privacy, P-Asserted-Identity, X-…

  [[nodiscard]] const std::string* header(std::string_view name) const;  // the first, without case
  void add_header(std::string_view name, std::string_view value);        // CR, LF and NUL become spaces
  [[nodiscard]] bool supports(std::string_view option_tag) const;
  [[nodiscard]] bool requires_option(std::string_view option_tag) const;
  [[nodiscard]] bool allows(Method which) const;

  /// The message as it goes on the wire; Content-Length is computed. Never emits a bare CR or LF that
  /// came from a field's value.
  [[nodiscard]] std::string text() const;
};

/// Why bytes were not a message.
enum class ParseError : std::uint8_t {
  empty,        // keep-alive bytes or nothing
  not_sip,      // not even a start line
  incomplete,   // stream: more bytes are needed
  malformed,    // a request whose Via and CSeq could be read: answer it (see below)
  unanswerable  // malformed beyond an answer (also every malformed response and ACK): drop and count
};

struct Parsed {
  std::optional<Message> message;  // when set, error is meaningless
  ParseError error = ParseError::empty;
  std::string why;   // for the log and the answer's reason phrase; printable ASCII
  int status = 400;  // what malformed is answered with: 400, 414 (URI too long), 505 (not SIP/2.0), 513
  std::optional<Message> reject;  // for malformed requests: enough of a request to build the answer from
};

/// What one message may hold; more is malformed. Bytes beyond max_message are answered with 513.
inline constexpr std::size_t max_message = 65535;
inline constexpr std::size_t max_header_lines = 256;
inline constexpr std::size_t max_header_value = 8192;    // bytes, unfolded
inline constexpr std::size_t max_header_elements = 128;  // of all the headers of one name that hold a list
inline constexpr std::size_t max_parameters = 64;        // of one element or URI

/// Parses one whole datagram. Never throws, never looks a name up, linear in the size. Any thread.
/// Accepts what RFC 4475 section 3.1.1 calls valid; rejects duplicates of single headers, a CSeq that
/// disagrees with the method, numbers out of range, a body shorter than its Content-Length.
Parsed parse_datagram(std::string_view bytes);

/// Stream framing (TCP, TLS): what the bytes at the front of `buffer` are. need_more: read on; bad: it can
/// never be a message (header block over `max_header`, body over `max_body`, no or bad Content-Length),
/// close the connection. A message's keep-alives (RFC 5626) come as ping and skip.
struct Frame {
  enum class Kind : std::uint8_t {
    message,
    ping /* CRLFCRLF: answer CRLF */,
    skip /* stray CRLF */,
    need_more,
    bad
  } kind;
  std::size_t size = 0;  // bytes to consume; for need_more the whole message's size where it is known, else 0
  enum class Fault : std::uint8_t { none, not_sip, headers_too_large, body_too_large, no_length };
  Fault fault = Fault::none;  // of a bad one
};

/// What is known of a frame that is not complete, so that bytes that dribble in are looked at once. One
/// for each connection: hand it in at every call, and set it to {} when bytes were consumed.
struct FrameProgress {
  std::size_t scanned = 0;  // no end of the header block starts before this offset
  std::size_t total = 0;    // the message's size, once its header block is complete
};

/// What a bad frame's bytes say of themselves: parsed as far as they are a header block, malformed where they
/// are a request that can be answered, with the status and the words that `fault` deserves (513 for a body
/// too large).
Parsed parse_bad_frame(std::string_view bytes, Frame::Fault fault, std::size_t max_header = 16384);

/// A lone CRLF is need_more, as it may become a ping; who waits for a pong looks for it in the buffer.
/// Without `progress` each call looks at the header block from its start. Any thread.
Frame next_frame(std::string_view buffer, std::size_t max_header = 16384, std::size_t max_body = 65536,
                 FrameProgress* progress = nullptr);

/// A response to `request` (RFC 3261 8.2.6): Via, From, To, Call-ID and CSeq copied, a To tag added when
/// `to_tag` is given and the request had none. Record-Route is copied into 101 to 299 (12.1.1) and
/// Timestamp into 100. reason empty: the standard phrase.
Message make_response(const Message& request, int status, std::string_view reason = {},
                      std::string_view to_tag = {});
/// "Busy Here"; the class's phrase ("Request Failure") for a status without one.
std::string_view standard_reason(int status);

/// The ACK of a final response other than 2xx (17.1.1.3) and the CANCEL (9.1) of a request that was sent.
Message make_ack(const Message& invite, const Message& final_response);
Message make_cancel(const Message& invite);

}  // namespace switchroom::sip
