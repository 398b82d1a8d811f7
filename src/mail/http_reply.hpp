// What an HTTP server answers to one request. RFC 9112, without I/O.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace switchroom::mail {

/// Takes the bytes as they come. Holds 8 KiB of a header and the first 512 bytes of a body, whatever the
/// server says of its length. Answers that are not final (1xx) are passed over.
class HttpReplyReader {
 public:
  HttpReplyReader();
  ~HttpReplyReader();
  HttpReplyReader(const HttpReplyReader&) = delete;
  HttpReplyReader& operator=(const HttpReplyReader&) = delete;

  void feed(std::string_view bytes);
  /// The server has closed the connection.
  void end();

  /// The status is known, and with it all that decides.
  [[nodiscard]] bool has_status() const;
  /// As much of the body as is kept, or all of it.
  [[nodiscard]] bool complete() const;
  /// It is no HTTP; why() says what is wrong.
  [[nodiscard]] bool failed() const { return !why_.empty(); }
  [[nodiscard]] const std::string& why() const { return why_; }

  [[nodiscard]] unsigned status() const;                           // 200 to 999
  [[nodiscard]] std::string reason() const;                        // the server's word for it; may be empty
  [[nodiscard]] const std::string& body() const { return body_; }  // its beginning
  [[nodiscard]] std::string retry_after() const;                   // that header; empty: none

 private:
  struct Parser;
  void begin();
  void keep(std::string_view bytes);

  std::unique_ptr<Parser> parser_;
  std::string pending_;  // of a header that is not whole
  std::string body_;
  std::string why_;
  unsigned interim_ = 0;
  bool complete_ = false;
};

/// What becomes of a message after an answer with this status.
enum class HttpVerdict : std::uint8_t { delivered, refused, later };
HttpVerdict verdict_of(unsigned status);

/// Retry-After (RFC 9110 10.2.3) in either form; nothing where it is neither. A moment that has passed is 0.
std::optional<std::chrono::seconds> parse_retry_after(std::string_view value,
                                                      std::chrono::system_clock::time_point now);

}  // namespace switchroom::mail
