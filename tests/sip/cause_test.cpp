#include "sip/cause.hpp"

#include "sip/session/reason.hpp"

#include <catch2/catch.hpp>

#include <set>

using namespace switchroom::sip;

TEST_CASE("Every cause can be found by its name and number, and may stand in a Reason header") {
  std::set<std::string_view> names;
  std::set<int> numbers;
  for (const Cause& cause : causes()) {
    INFO(cause.name);
    CHECK(names.insert(cause.name).second);
    CHECK(numbers.insert(cause.number).second);
    CHECK((cause.q850 >= 1 && cause.q850 <= 127));
    CHECK((cause.sip_status >= 400 && cause.sip_status <= 699));
    CHECK(cause_named(cause.name) == &cause);
    CHECK(&cause_of_q850(cause.number) == &cause);
  }
  CHECK(cause_named("user_busy")->q850 == 17);
  CHECK(cause_named("USER") == nullptr);
  CHECK(cause_named("") == nullptr);
  CHECK(cause_of_q850(12345).name == "NORMAL_UNSPECIFIED");
}

TEST_CASE("A status has its cause, and a cause its status") {
  CHECK(cause_of_status(200).name == "NORMAL_CLEARING");
  CHECK(cause_of_status(302).name == "REDIRECTION_TO_NEW_DESTINATION");
  CHECK(cause_of_status(404).name == "UNALLOCATED_NUMBER");
  CHECK(cause_of_status(408).name == "RECOVERY_ON_TIMER_EXPIRE");
  CHECK(cause_of_status(480).name == "NO_USER_RESPONSE");
  CHECK(cause_of_status(482).name == "EXCHANGE_ROUTING_ERROR");
  CHECK(cause_of_status(486).name == "USER_BUSY");
  CHECK(cause_of_status(487).name == "ORIGINATOR_CANCEL");
  CHECK(cause_of_status(488).name == "INCOMPATIBLE_DESTINATION");
  CHECK(cause_of_status(603).name == "CALL_REJECTED");
  CHECK(cause_of_status(699).name == "NORMAL_UNSPECIFIED");
  for (int status = 400; status < 700; ++status) CHECK_FALSE(cause_of_status(status).name.empty());
  CHECK(cause_named("USER_BUSY")->sip_status == 486);
  CHECK(cause_named("NO_ANSWER")->sip_status == 480);
  CHECK(cause_named("UNALLOCATED_NUMBER")->sip_status == 404);
  CHECK(cause_named("USER_NOT_REGISTERED")->sip_status == 480);
}

TEST_CASE("Reason headers are read, whatever is in them") {
  auto read = [](std::initializer_list<const char*> values) {
    Message m;
    for (const char* value : values) m.add_header("Reason", value);
    return parse_reason(m);
  };
  CHECK(read({"Q.850;cause=16;text=\"bye, now; really\""}).text == "bye, now; really");
  CHECK(read({"Q.850;cause=16;text=\"bye, now; really\""}).q850 == 16);
  CHECK(read({"SIP ;cause=200 ;text=\"Call completed elsewhere\" , q.850 ; cause=26"}).q850 == 26);
  CHECK(read({"SIP;cause=200", "Q.850;cause=17"}).sip == 200);
  CHECK(read({"Q.850;cause=17", "Q.850;cause=18"}).q850 == 17);
  for (const char* bad : {"", ";", ",", "Q.850", "Q.850;cause", "Q.850;cause=", "Q.850;cause=x",
                          "Q.850;cause=999", "Q.850;cause=99999999999999", "Q.850;text=\"", "Q.850;text=\"\\",
                          "Foo;cause=3", "\"\\\"", "Q.850;cause=-1"}) {
    INFO(bad);
    CHECK(read({bad}).q850 == 0);
  }
  CHECK(read({("Q.850;cause=1;text=\"" + std::string(5000, 'x') + "\"").c_str()}).text.size() == 128);
}

TEST_CASE("Reason headers are written") {
  CHECK(reason_value(0, "") == "");
  CHECK(reason_value(17, "") == "Q.850;cause=17;text=\"USER_BUSY\"");
  CHECK(reason_value(502, "") == "Q.850;cause=26;text=\"LOSE_RACE\"");
  CHECK(reason_value(16, "SIP;cause=200") == "SIP;cause=200, Q.850;cause=16;text=\"NORMAL_CLEARING\"");
}

TEST_CASE("Retry-After is a number with decorations") {
  auto read = [](const char* value) {
    Message m;
    m.add_header("Retry-After", value);
    return parse_retry_after(m);
  };
  CHECK(read("120") == 120U);
  CHECK(read(" 5 (soon);duration=3") == 5U);
  CHECK_FALSE(read("soon"));
  CHECK_FALSE(read("99999999999"));
  CHECK_FALSE(parse_retry_after(Message{}));
}
