// Answers of HTTP servers, as they come.
#include "mail/http_reply.hpp"

#include <catch2/catch.hpp>

using namespace switchroom;
using mail::HttpReplyReader;
using mail::HttpVerdict;
using namespace std::chrono_literals;

TEST_CASE("an answer comes in pieces") {
  const std::string whole =
      "HTTP/1.1 503 Out of Order\r\nRetry-After: 7\r\nTransfer-Encoding: "
      "chunked\r\n\r\n5\r\nsorry\r\n0\r\n\r\n";
  for (std::size_t piece = 1; piece <= whole.size(); ++piece) {
    HttpReplyReader reader;
    for (std::size_t at = 0; at < whole.size(); at += piece) {
      reader.feed(std::string_view(whole).substr(at, piece));
    }
    INFO(piece);
    REQUIRE_FALSE(reader.failed());
    REQUIRE(reader.complete());
    CHECK(reader.status() == 503);
    CHECK(reader.reason() == "Out of Order");
    CHECK(reader.retry_after() == "7");
    CHECK(reader.body() == "sorry");
  }
}

TEST_CASE("whatever is promised, little is kept") {
  HttpReplyReader reader;
  reader.feed("HTTP/1.1 500 x\r\nContent-Length: 18446744073709551615\r\n\r\n");
  CHECK(reader.has_status());
  CHECK_FALSE(reader.complete());
  reader.feed(std::string(10000, 'x'));
  CHECK(reader.complete());
  CHECK(reader.body() == std::string(512, 'x'));
}

TEST_CASE("chunks and what is wrong with them decide nothing") {
  // The second is one that Boost 1.81 would abort at.
  for (const std::string body :
       {"5\r\nsorry\r\n0\r\n\r\n", "0\r\ns\xad\x01orN10__c]]]\r\n0\r\n\r\n", "zz\r\n"}) {
    HttpReplyReader reader;
    reader.feed("HTTP/1.1 503 x\r\nTransfer-Encoding: chunked\r\n\r\n" + body);
    CHECK(reader.has_status());
    CHECK_FALSE(reader.failed());
    reader.end();
    CHECK(reader.complete());
    CHECK(reader.body() == body);
  }
}

TEST_CASE("the end of a connection ends an answer that has begun") {
  HttpReplyReader open;
  open.feed("HTTP/1.0 404 Not Found\r\n\r\nnobody");
  CHECK_FALSE(open.complete());
  open.end();
  CHECK(open.complete());
  CHECK(open.body() == "nobody");

  HttpReplyReader broken;
  broken.feed("HTTP/1.1 404 Not Found\r\nContent-Length: 100\r\n\r\nno");
  broken.end();
  CHECK(broken.complete());
  CHECK_FALSE(broken.failed());

  HttpReplyReader half;
  half.feed("HTTP/1.1 200 OK\r\nContent-");
  half.end();
  CHECK(half.failed());
  CHECK_FALSE(half.has_status());

  HttpReplyReader nothing;
  nothing.end();
  CHECK(nothing.failed());
}

TEST_CASE("interim answers are passed over, but not for ever") {
  HttpReplyReader reader;
  reader.feed("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n");
  CHECK_FALSE(reader.has_status());
  CHECK_FALSE(reader.failed());
  reader.feed("HTTP/1.1 204 No Content\r\n\r\n");
  CHECK(reader.complete());
  CHECK(reader.status() == 204);

  HttpReplyReader endless;
  for (int i = 0; i < 6; ++i) endless.feed("HTTP/1.1 100 Continue\r\n\r\n");
  CHECK(endless.failed());
  HttpReplyReader switching;
  switching.feed("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n");
  CHECK(switching.failed());
}

TEST_CASE("what is no HTTP is said to be none") {
  for (const std::string bytes :
       {"SSH-2.0-OpenSSH\r\n", "220 mail.example ESMTP\r\n", "HTTP/1.1 2x0 OK\r\n\r\n",
        "HTTP/9.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nA B: c\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"}) {
    INFO(bytes);
    HttpReplyReader reader;
    reader.feed(bytes);
    CHECK(reader.failed());
    CHECK_FALSE(reader.why().empty());
  }
  HttpReplyReader reader;
  reader.feed("HTTP/1.1 200 OK\r\n");
  for (int i = 0; i < 200 && !reader.failed(); ++i)
    reader.feed("X-Header: " + std::string(100, 'x') + "\r\n");
  CHECK(reader.failed());
}

TEST_CASE("what follows from a status") {
  for (const unsigned status : {200U, 202U, 204U}) CHECK(mail::verdict_of(status) == HttpVerdict::delivered);
  for (const unsigned status : {301U, 302U, 304U, 400U, 401U, 404U, 410U, 413U, 600U, 999U}) {
    CHECK(mail::verdict_of(status) == HttpVerdict::refused);
  }
  for (const unsigned status : {408U, 425U, 429U, 500U, 503U, 599U}) {
    CHECK(mail::verdict_of(status) == HttpVerdict::later);
  }
}

TEST_CASE("Retry-After in seconds and as a date") {
  const auto now = std::chrono::system_clock::from_time_t(784111777 - 60);  // RFC 9110's example
  CHECK(mail::parse_retry_after("120", now) == 120s);
  CHECK(mail::parse_retry_after("Sun, 06 Nov 1994 08:49:37 GMT", now) == 60s);
  CHECK(mail::parse_retry_after("Sun, 06 Nov 1994 08:40:37 GMT", now) == 0s);
  for (const auto* value :
       {"", "-1", "1x", "soon", "99999999999", "Sun, 06 Nov 1994", "Sun, 06 Nov 9994 08:49:37 GMT x"}) {
    CHECK_FALSE(mail::parse_retry_after(value, now));
  }
}
