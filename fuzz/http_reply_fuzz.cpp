// Answers of HTTP servers as strangers may write them, in pieces, to a webhook; and addresses of webhooks.
#include "config/http_url.hpp"
#include "mail/http_reply.hpp"

#include <cstdlib>
#include <string>

namespace mail = switchroom::mail;
namespace config = switchroom::config;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) {
    return 0;
  }
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t piece = data[0] % 64 + 1U;
  mail::HttpReplyReader reader;
  for (std::size_t at = 0; at < text.size(); at += piece) {
    reader.feed(std::string_view(text).substr(at, piece));
  }
  if (data[0] % 2 == 0) {
    reader.end();
    if (!reader.failed() && !reader.complete()) {
      std::abort();  // the end leaves nothing open
    }
  }
  if (reader.failed() && reader.has_status() && reader.status() < 200) {
    std::abort();
  }
  if (reader.has_status()) {
    (void)mail::verdict_of(reader.status());
    (void)mail::parse_retry_after(reader.retry_after(), {});
    if (reader.body().size() > 512) {
      std::abort();
    }
  }
  if (const auto url = config::parse_http_url(text)) {
    // What is written into a request has no line of its own, and is read back as the same.
    const std::string whole = url->origin() + url->target;
    const auto again = config::parse_http_url(whole);
    if (whole.find_first_of("\r\n ") != std::string::npos || !again || again->host != url->host ||
        again->port != url->port || again->target != url->target || again->tls != url->tls) {
      std::abort();
    }
  }
  return 0;
}
