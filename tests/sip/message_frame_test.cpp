// Where messages end in a stream.
#include "sip/message/message.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <string>
#include <vector>

using namespace switchroom::sip;
using Kind = Frame::Kind;

namespace {

std::string message(const std::string& length_line, const std::string& body) {
  return "OPTIONS sip:a SIP/2.0\r\nCall-ID: 1\r\n" + length_line + "\r\n" + body;
}

/// Takes `bytes` apart in pieces of `step`.
std::vector<std::pair<Kind, std::size_t>> frames(std::string_view bytes, std::size_t step) {
  std::vector<std::pair<Kind, std::size_t>> out;
  FrameProgress progress;
  std::size_t start = 0;
  std::size_t end = 0;
  while (start < bytes.size()) {
    const Frame frame = next_frame(bytes.substr(start, end - start), 1000, 1000, &progress);
    if (frame.kind == Kind::need_more) {
      if (end == bytes.size()) break;
      end = std::min(end + step, bytes.size());
      continue;
    }
    out.emplace_back(frame.kind, frame.size);
    if (frame.kind == Kind::bad) break;
    start += frame.size;
    progress = {};
  }
  return out;
}

}  // namespace

TEST_CASE("messages and keep-alives in a stream", "[sip][frame]") {
  const std::string one = message("Content-Length: 5\r\n", "hello");
  const std::string two = message("l : 0\r\n", "");
  const std::string stream = "\r\n\r\n" + one + "\r\n" + two + "\r\n\r\n\r\n" + one;
  const std::vector<std::pair<Kind, std::size_t>> expected{{Kind::ping, 4},
                                                           {Kind::message, one.size()},
                                                           {Kind::skip, 2},
                                                           {Kind::message, two.size()},
                                                           {Kind::ping, 4},
                                                           {Kind::skip, 2},
                                                           {Kind::message, one.size()}};
  for (const std::size_t step : {1, 2, 3, 7, 1000}) CHECK(frames(stream, step) == expected);
}

TEST_CASE("half frames", "[sip][frame]") {
  const std::string one = message("Content-Length: 5\r\n", "hello");
  for (std::size_t n = 0; n < one.size(); ++n) {
    const Frame frame = next_frame(one.substr(0, n));
    CHECK(frame.kind == Kind::need_more);
    CHECK(frame.size == (n < one.size() - 5 ? 0 : one.size()));
  }
  CHECK(next_frame("\r").kind == Kind::need_more);
  CHECK(next_frame("\r\n").kind == Kind::need_more);
  CHECK(next_frame("\r\n\r").kind == Kind::need_more);
  CHECK(next_frame("\r\n\rX").kind == Kind::skip);
  CHECK(next_frame("\n").kind == Kind::skip);
  CHECK(next_frame("\rX").kind == Kind::bad);
}

TEST_CASE("what can never be a message", "[sip][frame]") {
  CHECK(next_frame(message("", "")).kind == Kind::bad);
  CHECK(next_frame(message("Content-Length: x\r\n", "")).kind == Kind::bad);
  CHECK(next_frame(message("Content-Length: -1\r\n", "")).kind == Kind::bad);
  CHECK(next_frame(message("Content-Length: 1\r\nContent-Length: 1\r\n", "a")).kind == Kind::bad);
  CHECK(next_frame(message("Content-Length: 4294967296\r\n", "")).kind == Kind::bad);
  CHECK(next_frame(message("Content-Length: 1001\r\n", ""), 1000, 1000).kind == Kind::bad);
  CHECK(next_frame(message("Content-Length: 1000\r\n", ""), 1000, 1000).kind == Kind::need_more);
  CHECK(next_frame(std::string(999, 'a'), 1000, 1000).kind == Kind::need_more);
  CHECK(next_frame(std::string(1000, 'a'), 1000, 1000).kind == Kind::bad);
  CHECK(next_frame("X: " + std::string(1000, 'a') + "\r\n\r\n", 1000, 1000).kind == Kind::bad);
  CHECK(next_frame(message("no colon\r\nContent-Length: 0\r\n", "")).kind ==
        Kind::message);  // parse answers it
}

TEST_CASE("a frame's end is where the parser sees it", "[sip][frame]") {
  // Bare line ends count for both, so that no body can hide a second message.
  const std::string bare = "OPTIONS sip:a SIP/2.0\nContent-Length: 3\n\nabc";
  CHECK(next_frame(bare).size == bare.size());
  CHECK(next_frame("OPTIONS sip:a SIP/2.0\r\nContent-Length: 3\n\r\nabcd").size == 46);
  CHECK(next_frame("OPTIONS sip:a SIP/2.0\r\nX: a\r\n Content-Length: 3\r\n\r\nabcd").kind ==
        Kind::bad);  // folded
}

TEST_CASE("bytes that dribble in are looked at once", "[sip][frame]") {
  // 16 KB of headers and 64 KB of body, a byte at a time: the work of a quadratic scan would be minutes
  // under a sanitizer; this bound is far above the linear one and far below that.
  const std::string all =
      message("X: " + std::string(16000, 'a') + "\r\nContent-Length: 65536\r\n", std::string(65536, '\n'));
  const auto begin = std::chrono::steady_clock::now();
  FrameProgress progress;
  for (std::size_t n = 1; n < all.size(); ++n) {
    REQUIRE(next_frame(std::string_view(all).substr(0, n), 16384, 65536, &progress).kind == Kind::need_more);
  }
  CHECK(next_frame(all, 16384, 65536, &progress).size == all.size());
  CHECK(progress.total == all.size());
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(2));
}

TEST_CASE("why it can never be a message", "[sip][frame]") {
  using Fault = Frame::Fault;
  CHECK(next_frame(message("", "")).fault == Fault::no_length);
  CHECK(next_frame(message("Content-Length: 1001\r\n", ""), 1000, 1000).fault == Fault::body_too_large);
  CHECK(next_frame(std::string(1000, 'a'), 1000, 1000).fault == Fault::headers_too_large);
  CHECK(next_frame("\rX").fault == Fault::not_sip);
  CHECK(next_frame(message("Content-Length: 0\r\n", "")).fault == Fault::none);
}

TEST_CASE("a bad frame is answered with a status and words that are true", "[sip][frame]") {
  using Fault = Frame::Fault;
  const auto request = [](const std::string& more, const std::string& method = "OPTIONS",
                          const std::string& uri = "sip:b@c", const std::string& version = "SIP/2.0") {
    return method + " " + uri + " " + version +
           "\r\nVia: SIP/2.0/TCP 192.0.2.1;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:b@c>\r\n"
           "Call-ID: 1\r\nCSeq: 1 " +
           method + "\r\n" + more + "\r\n";
  };
  const auto body = parse_bad_frame(request("Content-Length: 70000\r\n") + "xxx", Fault::body_too_large);
  CHECK(body.error == ParseError::malformed);
  CHECK(body.status == 513);
  REQUIRE(body.reject.has_value());
  CHECK(body.reject->call_id == "1");
  CHECK_FALSE(body.message.has_value());

  const auto none = parse_bad_frame(request(""), Fault::no_length);
  CHECK(none.status == 400);
  CHECK(none.why == "No usable Content-Length");
  CHECK(none.reject.has_value());
  const auto word = parse_bad_frame(request("Content-Length: many\r\n"), Fault::no_length);
  CHECK(word.status == 400);
  CHECK(word.why == "Bad Content-Length header");

  // Its blank line stands behind the limit, in bytes that have come already.
  const auto block = parse_bad_frame(request("X: " + std::string(900, 'y') + "\r\nContent-Length: 0\r\n"),
                                     Fault::headers_too_large, 600);
  CHECK(block.status == 400);
  CHECK(block.why == "Header block of more than 600 bytes");
  CHECK(block.reject.has_value());

  // What is worse than the size is told first.
  CHECK(parse_bad_frame(request("Content-Length: 70000\r\n", "OPTIONS", "sip:b@c", "SIP/7.0"),
                        Fault::body_too_large)
            .status == 505);
  CHECK(parse_bad_frame(request("", "OPTIONS", "sip:" + std::string(5000, 'b') + "@c"), Fault::no_length)
            .status == 414);
  CHECK(parse_bad_frame("GET / HTTP/1.1\r\n\r\n", Fault::no_length).error == ParseError::not_sip);
  CHECK(parse_bad_frame("\r" + request("Content-Length: 0\r\n"), Fault::not_sip).why ==
        "Bare CR before the request line");
  // Never answered: an ACK, a response.
  CHECK(parse_bad_frame(request("", "ACK"), Fault::no_length).error == ParseError::unanswerable);
  CHECK(parse_bad_frame("SIP/2.0 200 OK\r\nContent-Length: 70000\r\n\r\n", Fault::body_too_large).error ==
        ParseError::unanswerable);
}
