// Where one message ends in a stream of bytes. RFC 3261 18.3, RFC 5626 4.4.1.
#include "sip/message/grammar.hpp"
#include "sip/message/message.hpp"
#include "sip/message/scan.hpp"

#include <fmt/core.h>

#include <utility>

namespace switchroom::sip {
namespace {

Frame keep_alive(std::string_view buffer) {
  if (buffer.front() == '\n') return {Frame::Kind::skip, 1};
  if (buffer.size() >= 2 && buffer[1] != '\n') return {Frame::Kind::bad, 0, Frame::Fault::not_sip};
  if (buffer.size() < 3) return {Frame::Kind::need_more, 0};
  if (buffer[2] != '\r') return {Frame::Kind::skip, 2};
  if (buffer.size() < 4) return {Frame::Kind::need_more, 0};
  return buffer[3] == '\n' ? Frame{Frame::Kind::ping, 4} : Frame{Frame::Kind::skip, 2};
}

/// The one Content-Length of a header block; nullopt when there is none, more than one, or no number.
std::optional<std::uint32_t> content_length(std::string_view headers) {
  const Scan parts = scan(headers);
  std::optional<std::uint32_t> length;
  for (const HeaderLine& line : parts.headers) {
    if (line.name.id != HeaderId::content_length) continue;
    const auto number = grammar::number(line.value);
    if (length || !number) return std::nullopt;
    length = number;
  }
  return length;  // whatever else is wrong: parse_datagram answers it
}

}  // namespace

Frame next_frame(std::string_view buffer, std::size_t max_header, std::size_t max_body,
                 FrameProgress* progress) {
  if (buffer.empty()) return {Frame::Kind::need_more, 0};
  if (buffer.front() == '\r' || buffer.front() == '\n') return keep_alive(buffer);
  FrameProgress local;
  FrameProgress& known = progress != nullptr ? *progress : local;
  if (known.total == 0) {
    const std::size_t end = end_of_headers(buffer.substr(0, max_header), known.scanned);
    if (end == std::string_view::npos) {
      // The last line end may be the first half of the blank line: look at its three bytes again.
      known.scanned = buffer.size() > 3 ? buffer.size() - 3 : 0;
      if (buffer.size() < max_header) return {Frame::Kind::need_more, 0};
      return {Frame::Kind::bad, 0, Frame::Fault::headers_too_large};
    }
    const auto length = content_length(buffer.substr(0, end));
    if (!length) return {Frame::Kind::bad, 0, Frame::Fault::no_length};
    if (*length > max_body) return {Frame::Kind::bad, 0, Frame::Fault::body_too_large};
    known.total = end + *length;
  }
  if (buffer.size() < known.total) return {Frame::Kind::need_more, known.total};
  return {Frame::Kind::message, known.total};
}

Parsed parse_bad_frame(std::string_view bytes, Frame::Fault fault, std::size_t max_header) {
  const std::string_view block = bytes.substr(0, max_header);
  const std::size_t end = end_of_headers(block);
  Parsed parsed = parse_datagram(end == std::string_view::npos ? block : block.substr(0, end));
  if (parsed.message) {  // well-formed as a datagram, but not by its Content-Length
    parsed.error = ParseError::unanswerable;
    if (parsed.message->is_request && parsed.message->method != Method::ack) {
      parsed.error = ParseError::malformed;
      parsed.reject = std::move(parsed.message);
    }
    parsed.message.reset();
    parsed.why =
        fault == Frame::Fault::not_sip ? "Bare CR before the request line" : "No usable Content-Length";
  }
  if (parsed.error == ParseError::not_sip || parsed.status != 400) return parsed;  // worse than its size
  if (fault == Frame::Fault::headers_too_large) {
    parsed.why = fmt::format("Header block of more than {} bytes", max_header);
  } else if (fault == Frame::Fault::body_too_large) {
    parsed.status = 513;
    parsed.why = "Message Too Large";
  }
  return parsed;
}

}  // namespace switchroom::sip
