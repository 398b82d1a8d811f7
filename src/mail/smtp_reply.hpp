// Replies of a mail server: RFC 5321 4.2. What it sends is a stranger's.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace switchroom::mail {

struct SmtpReply {
  int code = 0;
  std::vector<std::string> lines;  // without code; printable
  /// "550 5.1.1 no such user", one line, cut where it is long.
  [[nodiscard]] std::string text() const;
};

/// Takes bytes as they come and gives replies. Never throws; bounded: 100 lines of 2000 bytes.
class SmtpReplyReader {
 public:
  void feed(std::string_view bytes);
  /// The next whole reply; nothing: more is needed, or failed().
  std::optional<SmtpReply> next();
  /// What came was no SMTP; nothing more will be.
  [[nodiscard]] bool failed() const { return failed_; }
  /// Bytes that came beyond the last reply. After STARTTLS there must be none (RFC 3207: someone in between
  /// might have put them there).
  [[nodiscard]] bool has_more() const { return !buffer_.empty() || !reply_.lines.empty(); }

 private:
  bool take_line(std::string_view line);

  std::string buffer_;
  SmtpReply reply_;
  bool complete_ = false;
  bool failed_ = false;
};

}  // namespace switchroom::mail
