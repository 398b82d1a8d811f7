#include "cdr/line.hpp"

#include "base/random.hpp"
#include "cdr/csv.hpp"

#include <catch2/catch.hpp>

using namespace switchroom;
using cdr::Line;
using cdr::LineKind;

namespace {

cdr::Record full() {
  cdr::Record r;
  r.uuid = "u";
  r.bleg_uuid = "b";
  r.caller_id_name = "tab\there\nline \\ back \\t \xff \x01";
  r.sip_from_uri = "sip:a@b";
  r.start = 1;
  r.answer = -5;
  r.end = 9'000'000'000'000'000;
  r.duration_ms = UINT64_MAX;
  r.hangup_cause_q850 = -1;
  r.sip_status = 486;
  r.last_arg = "last";
  r.a_leg = {1, 2, 3, 4.125, 5.5, 6, 4.25};
  r.b_leg = {5, 6, 7, 1e300, 0.5, 8, 1};
  return r;
}

std::string chomp(std::string text) {
  text.pop_back();
  return text;
}

}  // namespace

TEST_CASE("a line is read back as it was written, in every field") {
  const std::string text = cdr::print_line({LineKind::closed, 42, 77, full()});
  CHECK(std::count(text.begin(), text.end(), '\n') == 1);
  const auto line = cdr::parse_line(chomp(text));
  REQUIRE(line);
  CHECK(line->written == 42);
  CHECK(line->number == 77);
  CHECK(line->record.caller_id_name == full().caller_id_name);
  CHECK(line->record.answer == -5);
  CHECK(line->record.duration_ms == UINT64_MAX);
  CHECK(line->record.hangup_cause_q850 == -1);
  CHECK(line->record.last_arg == "last");
  CHECK(line->record.a_leg.jitter_ms == 4.125);
  CHECK(line->record.b_leg.packets_lost == 7);
  CHECK(line->record.b_leg.jitter_ms == 1e300);
  CHECK(line->record.a_leg.round_trip_ms == 5.5);
  CHECK(line->record.a_leg.concealed_ms == 6);
  CHECK(line->record.b_leg.mos == 1);
  CHECK(cdr::print_line(*line) == text);

  Line answer{LineKind::answered, 1, 0, {}};
  answer.record.uuid = "u";
  answer.record.answer = 99;
  const auto read = cdr::parse_line(chomp(cdr::print_line(answer)));
  REQUIRE(read);
  CHECK(read->kind == LineKind::answered);
  CHECK(read->record.answer == 99);
}

TEST_CASE("a torn line, a flipped byte and two lines run together are nobody's") {
  const std::string text = chomp(cdr::print_line({LineKind::closed, 42, 77, full()}));
  for (std::size_t length = 0; length < text.size(); ++length)
    REQUIRE(!cdr::parse_line(text.substr(0, length)));
  for (std::size_t at = 0; at < text.size(); ++at) {
    std::string damaged = text;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    REQUIRE(!cdr::parse_line(damaged));
  }
  CHECK(!cdr::parse_line(text.substr(0, 50) + text));
  CHECK(!cdr::parse_line(""));
}

TEST_CASE("CSV: every field quoted, quotes doubled, as many fields as the header has") {
  std::string line;
  cdr::Record r = full();
  r.caller_id_name = "He said \"hi\", twice";
  cdr::append_csv(line, r);
  CHECK(line.substr(0, 29) == "\"He said \"\"hi\"\", twice\",\"\",\"\"");
  const std::string header = cdr::csv_header();
  CHECK(std::count(header.begin(), header.end(), ',') == std::count(line.begin(), line.end(), ',') - 1);
  CHECK(line.back() == '\n');
}

TEST_CASE("CSV: what a spreadsheet would take for a formula is made text, a telephone number is left alone") {
  const auto field = [](const std::string& name) {
    cdr::Record r;
    r.caller_id_name = name;
    std::string line;
    cdr::append_csv(line, r);
    return line.substr(1, line.find("\",\"") - 1);
  };
  CHECK(field("=cmd|' /C calc'!A0") == "'=cmd|' /C calc'!A0");
  CHECK(field("@SUM(1)") == "'@SUM(1)");
  CHECK(field("+1+cmd") == "'+1+cmd");
  CHECK(field("-2+3") == "'-2+3");
  CHECK(field("+49 30 1234567") == "+49 30 1234567");
  CHECK(field("Anna = Maria") == "Anna = Maria");
  CHECK(field("") == "");
}
