#include "mail/smtp_reply.hpp"

#include <algorithm>
#include <utility>

namespace switchroom::mail {
namespace {

constexpr std::size_t most_lines = 100;
constexpr std::size_t longest_line = 2000;
constexpr std::size_t longest_buffer = most_lines * longest_line;

bool digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

std::string SmtpReply::text() const {
  std::string out = std::to_string(code);
  for (const auto& line : lines) {
    out += " " + line;
  }
  if (out.size() > 300) {
    out.resize(300);
    out += "…";
  }
  return out;
}

void SmtpReplyReader::feed(std::string_view bytes) {
  if (failed_) {
    return;
  }
  if (buffer_.size() + bytes.size() > longest_buffer) {
    failed_ = true;
    return;
  }
  buffer_ += bytes;
}

bool SmtpReplyReader::take_line(std::string_view line) {
  const bool whole = line.size() >= 3 && digit(line[0]) && digit(line[1]) && digit(line[2]);
  if (!whole || line[0] < '2' || line[0] > '5' || (line.size() > 3 && line[3] != ' ' && line[3] != '-')) {
    return false;
  }
  const int code = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
  if (!reply_.lines.empty() && code != reply_.code) {
    return false;
  }
  reply_.code = code;
  std::string text(line.substr(std::min<std::size_t>(4, line.size())));
  std::replace_if(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c >= 0x7F; }, '?');
  reply_.lines.push_back(std::move(text));
  complete_ = line.size() == 3 || line[3] == ' ';
  return reply_.lines.size() <= most_lines;
}

std::optional<SmtpReply> SmtpReplyReader::next() {
  while (!failed_) {
    const auto end = buffer_.find('\n');
    if (end == std::string::npos ? buffer_.size() > longest_line : end > longest_line) {
      failed_ = true;
      break;
    }
    if (end == std::string::npos) {
      break;
    }
    std::string line = buffer_.substr(0, end);
    buffer_.erase(0, end + 1);
    if (line.ends_with('\r')) {
      line.pop_back();
    }
    if (!take_line(line)) {
      failed_ = true;
      break;
    }
    if (complete_) {
      complete_ = false;
      return std::exchange(reply_, {});
    }
  }
  return std::nullopt;
}

}  // namespace switchroom::mail
