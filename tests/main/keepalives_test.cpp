#include "main/keepalives.hpp"

#include <catch2/catch.hpp>

using switchroom::main::wants_keepalive;
using switchroom::registrar::Binding;
namespace asio = switchroom::asio;

namespace {

Binding bound(std::string transport, std::string contact) {
  Binding binding;
  binding.transport = std::move(transport);
  binding.contact = std::move(contact);
  binding.source = {asio::ip::make_address("192.0.2.7"), 5062};
  return binding;
}

}  // namespace

TEST_CASE("a phone behind NAT is one whose contact is not where its REGISTER came from") {
  CHECK_FALSE(wants_keepalive(bound("UDP", "sip:1001@192.0.2.7:5062")));
  CHECK(wants_keepalive(bound("UDP", "sip:1001@10.0.0.7:5062")));
  CHECK(wants_keepalive(bound("UDP", "sip:1001@192.0.2.7:5060")));
  CHECK(wants_keepalive(bound("UDP", "sip:1001@192.0.2.7")));  // that is 5060
  CHECK(wants_keepalive(bound("UDP", "sip:1001@phone.example")));
  CHECK_FALSE(wants_keepalive(bound("UDP", "not a URI")));
}

TEST_CASE("a phone on TCP is kept while its connection lasts") {
  Binding binding = bound("TCP", "sip:1001@192.0.2.7:5062;transport=tcp");
  CHECK_FALSE(wants_keepalive(binding));
  binding.connection = 7;
  CHECK(wants_keepalive(binding));
}
