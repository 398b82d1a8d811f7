// URIs, name-addrs and their parameters: read, compared and printed.
#include "sip/message/uri.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace switchroom::sip;

TEST_CASE("SIP URIs are taken apart", "[sip][uri]") {
  const auto uri =
      parse_uri("SIPS:Alice%20B:pa%3Ass@Example.COM:5071;transport=TCP;lr?Subject=x&Priority=urgent");
  REQUIRE(uri);
  CHECK(uri->scheme == "sips");
  CHECK(uri->user == "Alice B");
  CHECK(uri->password == "pa:ss");
  CHECK(uri->host == "example.com");
  CHECK(uri->port == 5071);
  CHECK(uri->parameters.value("TRANSPORT") == "TCP");
  CHECK(uri->parameters.has("lr"));
  CHECK_FALSE(uri->parameters.has("maddr"));
  CHECK(uri->headers == "Subject=x&Priority=urgent");
  CHECK(uri->text() == "sips:Alice%20B:pa%3Ass@example.com:5071;transport=TCP;lr?Subject=x&Priority=urgent");
  CHECK(uri->is_sip());
}

TEST_CASE("URIs that print as they should", "[sip][uri]") {
  struct Case {
    std::string_view text, printed;
  };
  constexpr Case cases[] = {
      {"sip:1002@192.0.2.1", "sip:1002@192.0.2.1"},
      {"sip:192.0.2.1:5060", "sip:192.0.2.1:5060"},
      {"sip:1002@[2001:DB8::1]:5060;transport=udp", "sip:1002@[2001:db8::1]:5060;transport=udp"},
      {"sip:[::ffff:192.0.2.1]", "sip:[::ffff:192.0.2.1]"},
      {"sip:1002@host:0", "sip:1002@host"},
      {"sip:1002@host:", "sip:1002@host"},
      {"sip:@host", "sip:host"},
      {"sip:*21#@host", "sip:*21%23@host"},
      {"sip:+1-212-555;phone-context=+1@host;user=phone", "sip:+1-212-555;phone-context=+1@host;user=phone"},
      {"sip:J\xc3\xb6rg@host", "sip:J%C3%B6rg@host"},
      {"sip:a_b.c-d@my_host.example", "sip:a_b.c-d@my_host.example"},
      {"sip:host;;lr", "sip:host;lr"},
      {"sip:h;x=%0d%0aEvil:", "sip:h;x=%0D%0AEvil:"},
      {"sip:%0d%0aEvil@h", "sip:%0D%0AEvil@h"},
      {"tel:+1-201-555-0123;phone-context=example.com", "tel:+1-201-555-0123;phone-context=example.com"},
      {"TEL:*21#", "tel:*21#"},
      {"urn:service:sos", "urn:service:sos"},
      {"mailto:a@b.example?subject=x", "mailto:a@b.example?subject=x"},
      {"http://[2001:db8::1]/x;y?z#f", "http://[2001:db8::1]/x;y?z#f"},
  };
  for (const Case& test : cases) {
    INFO(test.text);
    const auto uri = parse_uri(test.text);
    REQUIRE(uri);
    CHECK(uri->text() == test.printed);
    const auto again = parse_uri(uri->text());
    REQUIRE(again);
    CHECK(again->text() == test.printed);
  }
}

TEST_CASE("what is no URI", "[sip][uri]") {
  const std::string nul("sip:a\0b@host", 12);
  const std::string long_host = "sip:" + std::string(256, 'a');
  const std::string too_long = "sip:" + std::string(5000, 'a') + "@host";
  std::string many = "sip:host";
  for (int i = 0; i < 65; ++i) many += ";p" + std::to_string(i);
  for (const std::string& text : {std::string(""),
                                  std::string("1002@host"),
                                  std::string("host"),
                                  std::string(":"),
                                  std::string("sip:"),
                                  std::string("sip"),
                                  std::string("*"),
                                  std::string("1sip:a@b"),
                                  std::string("s p:a@b"),
                                  std::string("sip:a b@host"),
                                  std::string("sip:a@host "),
                                  std::string(" sip:a@host"),
                                  std::string("<sip:a@host>"),
                                  std::string("sip:a@ho>st"),
                                  std::string("sip:a@ho\"st"),
                                  std::string("sip:a@host\r\nX: y"),
                                  std::string("sip:a@host:65536"),
                                  std::string("sip:a@host:99999999999999999999"),
                                  std::string("sip:a@host:50x"),
                                  std::string("sip:a@host:-1"),
                                  std::string("sip:a@host:*"),
                                  std::string("sip:a@[::1"),
                                  std::string("sip:a@::1"),
                                  std::string("sip:a@[1.2.3.4]"),
                                  std::string("sip:a@[::g]"),
                                  std::string("sip:a@[]"),
                                  std::string("sip:a@[::1]x"),
                                  std::string("sip:a@"),
                                  std::string("sip:%@host"),
                                  std::string("sip:%4@host"),
                                  std::string("sip:%zz@host"),
                                  std::string("sip:a@ho%41st%20"),
                                  std::string("sip:a@h\xc3\xb6st"),
                                  std::string("sip:a@host/path"),
                                  std::string("sip:a@host#f"),
                                  std::string("sip:a@host;=x"),
                                  std::string("tel:"),
                                  std::string("tel:;x=y"),
                                  std::string("urn:a b"),
                                  nul,
                                  long_host,
                                  too_long,
                                  many}) {
    INFO(text);
    CHECK_FALSE(parse_uri(text));
  }
}

TEST_CASE("the same target", "[sip][uri]") {
  const auto same = [](std::string_view a, std::string_view b) {
    return parse_uri(a)->same_target(*parse_uri(b));
  };
  CHECK(same("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtlanTa.CoM;Transport=tcp"));
  CHECK(same("sip:a@b;lr", "sip:a@b;x=y"));
  CHECK_FALSE(same("sip:a@b", "sips:a@b"));
  CHECK_FALSE(same("sip:a@b", "sip:A@b"));
  CHECK_FALSE(same("sip:a@b", "sip:a@b:5060"));
  CHECK_FALSE(same("sip:a@b", "sip:a@b;transport=udp"));
  CHECK_FALSE(same("sip:a@b", "sip:a@c"));
}

TEST_CASE("parameters are set, replaced and erased", "[sip][uri]") {
  Parameters list;
  list.set("expires", "60");
  list.set("Expires", "3600");
  list.set_bare("lr");
  list.set("x", "1");
  list.erase("X");
  list.set("+sip.instance", "<urn:uuid:1>");
  list.set("t", "a\"b\\c\r\nd");
  std::string out;
  list.append_to(out);
  CHECK(out == ";expires=3600;lr;+sip.instance=\"<urn:uuid:1>\";t=\"a\\\"b\\\\c  d\"");
  CHECK(list.size() == 4);
  list.set("lr", "on");
  CHECK(list.value("lr") == "on");
  out.clear();
  Parameters evil;
  evil.set("a>\r\nX", "b>\r\nEvil: 1;c");
  evil.append_to_uri(out);
  CHECK(out == ";a%3E%0D%0AX=b%3E%0D%0AEvil:%201%3Bc");
}

TEST_CASE("addresses are taken apart", "[sip][uri]") {
  struct Case {
    std::string_view text, display, uri, tag, printed;
  };
  constexpr Case cases[] = {
      {"\"Alice\" <sip:a@h>;tag=1", "Alice", "sip:a@h", "1", "\"Alice\" <sip:a@h>;tag=1"},
      {"<sip:a@h;lr>;tag=1", "", "sip:a@h;lr", "1", "<sip:a@h;lr>;tag=1"},
      {"sip:a@h;tag=1", "", "sip:a@h", "1", "<sip:a@h>;tag=1"},
      {"sip:a@h ; tag = 1", "", "sip:a@h", "1", "<sip:a@h>;tag=1"},
      {"Alice Example<sip:a@h>", "Alice Example", "sip:a@h", "", "\"Alice Example\" <sip:a@h>"},
      {"J\xc3\xb6rg <sip:a@h>", "J\xc3\xb6rg", "sip:a@h", "", "\"J\xc3\xb6rg\" <sip:a@h>"},
      {"\"a \\\"b\\\\ <,;>\" <sip:a@h>", "a \"b\\ <,;>", "sip:a@h", "", "\"a \\\"b\\\\ <,;>\" <sip:a@h>"},
      {"\"\" <sip:a@h>", "", "sip:a@h", "", "<sip:a@h>"},
      {"\"a\"<sip:a@h>;x=\"q;,\\\"r\";tag=z", "a", "sip:a@h", "z", "\"a\" <sip:a@h>;x=\"q;,\\\"r\";tag=z"},
      {"<sip:a@h>;+sip.instance=\"<urn:uuid:00000000-0000-1000-8000-000A95A0E128>\";q=0.5", "", "sip:a@h", "",
       "<sip:a@h>;+sip.instance=\"<urn:uuid:00000000-0000-1000-8000-000A95A0E128>\";q=0.5"},
      {"sip:a@h;x=\"<b>\";tag=2", "", "sip:a@h", "2", "<sip:a@h>;x=\"<b>\";tag=2"},
      {"<tel:+1201;phone-context=x>;tag=9", "", "tel:+1201;phone-context=x", "9",
       "<tel:+1201;phone-context=x>;tag=9"},
      {"<sip:a@h?X=y>", "", "sip:a@h?X=y", "", "<sip:a@h?X=y>"},
      {"  <sip:a@h>  ", "", "sip:a@h", "", "<sip:a@h>"},
      {"<sip:a@h>;lr;text=\"abc\"", "", "sip:a@h", "", "<sip:a@h>;lr;text=\"abc\""},
  };
  for (const Case& test : cases) {
    INFO(test.text);
    const auto address = parse_address(test.text);
    REQUIRE(address);
    CHECK(address->display == test.display);
    CHECK(address->uri.text() == test.uri);
    CHECK(address->tag() == test.tag);
    CHECK(address->text() == test.printed);
  }
}

TEST_CASE("what is no address", "[sip][uri]") {
  const std::string nul("<sip:a@h>;x=\"a\0b\"", 17);
  const std::string long_name = "\"" + std::string(9000, 'a') + "\" <sip:a@h>";
  std::string many = "<sip:a@h>";
  for (int i = 0; i < 65; ++i) many += ";p" + std::to_string(i);
  for (const std::string& text : {std::string(""),
                                  std::string("*"),
                                  std::string("alice"),
                                  std::string("<>"),
                                  std::string("<sip:a@h"),
                                  std::string("\"Alice <sip:a@h>"),
                                  std::string("\"Alice\" sip:a@h"),
                                  std::string("\"Alice\" x <sip:a@h>"),
                                  std::string("Bell, Alexander <sip:a@h>"),
                                  std::string("< sip:a@h >"),
                                  std::string("<sip:a@h>;"),
                                  std::string("<sip:a@h>;;tag=1"),
                                  std::string("<sip:a@h>;tag="),
                                  std::string("<sip:a@h>;x=\"y"),
                                  std::string("<sip:a@h> x"),
                                  std::string("<sip:a@h>, <sip:b@h>"),
                                  std::string("sip:a@h, sip:b@h"),
                                  std::string("sip:a@h?X=y"),
                                  std::string("<sip:a@h>;=x"),
                                  std::string("<sip:a@h>;a b"),
                                  nul,
                                  long_name,
                                  many}) {
    INFO(text);
    CHECK_FALSE(parse_address(text));
  }
}

TEST_CASE("values never leave their place in an address", "[sip][uri]") {
  Address address;
  address.display = "x\"\r\nEvil: 1";
  address.uri.user = "a@b>\r\nEvil: 1";
  address.uri.host = "h>\r\nEvil: 1";
  address.parameters.set("tag", "1\r\nEvil: 1");
  CHECK(address.text() ==
        "\"x\\\"  Evil: 1\" <sip:a%40b%3E%0D%0AEvil%3A%201@[h%3E%0D%0AEvil:%201]>;tag=\"1  Evil: 1\"");
}
