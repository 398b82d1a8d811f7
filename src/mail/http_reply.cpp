// The one file that sees Boost.Beast, of which it uses the parser alone.
#include "mail/http_reply.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>

#include <array>
#include <charconv>
#include <ctime>

namespace switchroom::mail {
namespace {

namespace http = boost::beast::http;

constexpr std::uint32_t header_limit = 8192;
constexpr std::size_t body_kept = 512;
constexpr unsigned most_interim = 4;  // answers of 1xx before the final one

}  // namespace

// buffer_body: others make room for as much as the server's Content-Length promises.
struct HttpReplyReader::Parser {
  Parser() {
    parser.header_limit(header_limit);
    parser.body_limit(boost::none);
    parser.eager(true);
    parser.get().body().data = kept.data();
    parser.get().body().size = kept.size();
  }
  [[nodiscard]] std::size_t size() { return kept.size() - parser.get().body().size; }

  std::array<char, body_kept> kept{};
  http::response_parser<http::buffer_body> parser;
};

HttpReplyReader::HttpReplyReader() { begin(); }
HttpReplyReader::~HttpReplyReader() = default;

void HttpReplyReader::begin() { parser_ = std::make_unique<Parser>(); }

void HttpReplyReader::feed(std::string_view bytes) {
  if (complete_ || failed()) {
    return;
  }
  pending_.append(bytes);
  while (!pending_.empty() && !complete_ && !failed()) {
    boost::system::error_code wrong;
    const std::size_t used = parser_->parser.put(boost::asio::buffer(pending_), wrong);
    pending_.erase(0, used);
    if (wrong == http::error::need_buffer) {
      complete_ = true;
    } else if (wrong && wrong != http::error::need_more) {
      why_ = wrong.message();
    } else if (parser_->parser.is_done()) {
      if (status() >= 200) {
        complete_ = true;
      } else if (status() == 101 || ++interim_ > most_interim) {
        why_ = "nothing but interim answers";
      } else {
        begin();
      }
    } else if (used == 0 || wrong == http::error::need_more) {
      break;  // for more bytes
    }
  }
  if (complete_) {
    pending_.clear();
  }
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
std::string_view HttpReplyReader::body() const { return {parser_->kept.data(), parser_->size()}; }
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
  if (rest == nullptr || *rest != '\0' || moment.tm_year > 1100) {
    return std::nullopt;
  }
  const auto then = std::chrono::system_clock::from_time_t(::timegm(&moment));
  return std::max(std::chrono::duration_cast<std::chrono::seconds>(then - now), std::chrono::seconds(0));
}

}  // namespace switchroom::mail
