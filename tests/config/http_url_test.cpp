// Addresses of webhooks, taken apart.
#include "config/http_url.hpp"

#include "support/print_result.hpp"

#include <catch2/catch.hpp>

using namespace switchroom;
using config::parse_http_url;

TEST_CASE("addresses of webhooks") {
  const auto plain = parse_http_url("http://Hooks.Example.COM");
  REQUIRE(plain);
  CHECK_FALSE(plain->tls);
  CHECK(plain->host == "hooks.example.com");
  CHECK(plain->port == 80);
  CHECK(plain->target == "/");
  CHECK(plain->host_header() == "hooks.example.com");

  const auto full = parse_http_url("HTTPS://a-b.example:8443/x/y%2F?token=a=b&c");
  REQUIRE(full);
  CHECK(full->tls);
  CHECK(full->port == 8443);
  CHECK(full->target == "/x/y%2F?token=a=b&c");
  CHECK(full->host_header() == "a-b.example:8443");
  CHECK(full->origin() == "https://a-b.example:8443");

  const auto query = parse_http_url("https://192.0.2.1?x");
  REQUIRE(query);
  CHECK(query->target == "/?x");
  CHECK(query->port == 443);
  CHECK(query->origin() == "https://192.0.2.1");

  const auto six = parse_http_url("https://[2001:DB8::1]:443/");
  REQUIRE(six);
  CHECK(six->host == "2001:db8::1");
  CHECK(six->host_header() == "[2001:db8::1]");
}

TEST_CASE("what is no address of a webhook says why, and keeps its secrets") {
  const std::pair<const char*, const char*> wrong[] = {
      {"", "https://"},
      {"hooks.example.com/x", "https://"},
      {"ftp://hooks.example.com/", "https://"},
      {"https://", "no host"},
      {"https://:80/", "no host"},
      {"https://user:secret@hooks.example.com/", "user name"},
      {"https://hooks.example.com/#secret", "fragment"},
      {"https://hooks.example.com/se cret", "%"},
      {"https://hooks.example.com/secret\r\nX: y", "%"},
      {"https://hooks.example.com/secret%2", "hexadecimal"},
      {"https://hooks.example.com/secret%zz", "hexadecimal"},
      {"https://hooks.example.com\r\nX: y/", "its host"},
      {"https://höoks.example/", "xn--"},
      {"https://-a.example/", "its host"},
      {"https://a..example/", "its host"},
      {"https://1.2.3.400/", "IPv4"},
      {"https://127.1/", "IPv4"},
      {"https://a.example:0/", "port"},
      {"https://a.example:65536/", "port"},
      {"https://a.example:/", "port"},
      {"https://a.example:80x/", "port"},
      {"https://a.example:-1/", "port"},
      {"https://2001:db8::1/", "brackets"},
      {"https://[2001:db8::1/", "bracket"},
      {"https://[2001:db8::1]x/", "port"},
      {"https://[192.0.2.1]/", "IPv6"},
      {"https://[fe80::1%eth0]/", "IPv6"},
  };
  for (const auto& [text, why] : wrong) {
    INFO(text);
    const auto parsed = parse_http_url(text);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().what.find(why) != std::string::npos);
    CHECK(parsed.error().what.find("secret") == std::string::npos);
  }
  CHECK_FALSE(parse_http_url(std::string_view("https://[::1\0]/", 15)));
  CHECK_FALSE(parse_http_url(std::string_view("https://a.example\0/", 19)));
  CHECK_FALSE(parse_http_url("https://a.example/" + std::string(3000, 'x')));
}
