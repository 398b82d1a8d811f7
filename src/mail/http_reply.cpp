// The one file that sees Boost.Beast, of which it uses the parser alone.
#include "mail/http_reply.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>

#include <algorithm>
#include <charconv>
#include <ctime>
#include <utility>

namespace switchroom::mail {
namespace {

namespace http = boost::beast::http;

constexpr std::uint32_t header_limit = 8192;
constexpr std::size_t body_kept = 512;
constexpr unsigned most_interim = 4;  // answers of 1xx before the final one

}  // namespace

// The header alone: of a body nothing follows, and Boost 1.81's reader of chunks aborts (n >= 5) at a trailer
// that it does not expect.
struct HttpReplyReader::Parser {
  Parser() {
    parser.header_limit(header_limit);
    parser.skip(true);
  }
  http::response_parser<http::empty_body> parser;
};

HttpReplyReader::HttpReplyReader() { begin(); }
HttpReplyReader::~HttpReplyReader() = default;

void HttpReplyReader::begin() { parser_ = std::make_unique<Parser>(); }

void HttpReplyReader::feed(std::string_view bytes) {
  if (complete_ || failed()) {
    return;
  }
  if (has_status()) {
    keep(bytes);
    return;
  }
  pending_.append(bytes);
  while (!pending_.empty() && !failed()) {
    boost::system::error_code wrong;
    const std::size_t used = parser_->parser.put(boost::asio::buffer(pending_), wrong);
    pending_.erase(0, used);
    if (wrong && wrong != http::error::need_more) {
      why_ = wrong.message();
    } else if (!parser_->parser.is_done()) {
      return;  // for more bytes
    } else if (has_status()) {
      keep(std::exchange(pending_, {}));
      return;
    } else if (status() == 101 || ++interim_ > most_interim) {
      why_ = "nothing but interim answers";
    } else {
      begin();
    }
  }
}

/// Of the body; that its chunks, where there are any, have their sizes among them is good enough for people.
void HttpReplyReader::keep(std::string_view bytes) {
  const bool bodiless = status() == 204 || status() == 304;
  const auto length = parser_->parser.content_length();
  const std::size_t wanted = bodiless ? 0
                             : length ? static_cast<std::size_t>(std::min<std::uint64_t>(*length, body_kept))
                                      : body_kept;
  body_.append(bytes.substr(0, wanted - body_.size()));
  complete_ = body_.size() >= wanted;
}

void HttpReplyReader::end() {
  if (complete_ || failed()) {
    return;
  }
  // A body that breaks off changes nothing: its beginning is for people alone.
  if (has_status()) {
    complete_ = true;
  } else {
    why_ = pending_.empty() && !parser_->parser.got_some()
               ? "the server closed the connection"
               : "the server closed the connection amid its header";
  }
}

bool HttpReplyReader::has_status() const { return parser_->parser.is_header_done() && status() >= 200; }
bool HttpReplyReader::complete() const { return complete_; }
unsigned HttpReplyReader::status() const { return parser_->parser.get().result_int(); }
std::string HttpReplyReader::reason() const { return std::string(parser_->parser.get().reason()); }
std::string HttpReplyReader::retry_after() const {
  return std::string(parser_->parser.get()[http::field::retry_after]);
}

HttpVerdict verdict_of(unsigned status) {
  if (status >= 200 && status < 300) {
    return HttpVerdict::delivered;
  }
  const bool passing = status == 408 || status == 425 || status == 429 || (status >= 500 && status < 600);
  return passing ? HttpVerdict::later : HttpVerdict::refused;
}

std::optional<std::chrono::seconds> parse_retry_after(std::string_view value,
                                                      std::chrono::system_clock::time_point now) {
  std::uint32_t seconds = 0;
  const auto [end, failed] = std::from_chars(value.data(), value.data() + value.size(), seconds);
  if (failed == std::errc() && end == value.data() + value.size()) {
    return std::chrono::seconds(seconds);
  }
  // "Sun, 06 Nov 1994 08:49:37 GMT"; the process's locale is "C".
  std::tm moment{};
  const std::string text(value);
  const char* const rest = ::strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &moment);
  if (rest == nullptr || *rest != '\0') {
    return std::nullopt;
  }
  // In whole seconds: the clock's own unit does not reach the years that a server may name.
  const std::int64_t left = std::int64_t{::timegm(&moment)} - std::chrono::system_clock::to_time_t(now);
  return std::chrono::seconds(std::max<std::int64_t>(left, 0));
}

}  // namespace switchroom::mail
