#include "cdr/line.hpp"

#include <boost/crc.hpp>

#include <array>
#include <charconv>
#include <cstring>
#include <type_traits>

namespace switchroom::cdr {
namespace {

constexpr std::size_t checksum_size = 8;

// The one list of what is kept of a record; the order is the format. R is Record or const Record.
template <class R, class Visit>
void each_field(R& r, Visit&& visit) {
  visit(r.uuid), visit(r.bleg_uuid), visit(r.caller_id_name), visit(r.caller_id_number);
  visit(r.destination_number), visit(r.context), visit(r.accountcode);
  visit(r.start), visit(r.progress), visit(r.progress_media), visit(r.answer), visit(r.end);
  visit(r.duration_ms), visit(r.billed_ms), visit(r.hangup_cause), visit(r.hangup_cause_q850),
      visit(r.sip_status);
  visit(r.sip_hangup_disposition), visit(r.hung_up_by), visit(r.read_codec), visit(r.write_codec);
  visit(r.sip_from_uri), visit(r.sip_to_uri), visit(r.sip_call_id), visit(r.network_addr),
      visit(r.bridge_channel);
  visit(r.last_app), visit(r.last_arg);
  for (auto* leg : {&r.a_leg, &r.b_leg}) {
    visit(leg->packets_received), visit(leg->packets_sent), visit(leg->packets_lost), visit(leg->jitter_ms);
  }
  for (auto* leg : {&r.a_leg, &r.b_leg}) {
    visit(leg->round_trip_ms), visit(leg->concealed_ms), visit(leg->mos);
  }
  visit(r.recordings), visit(r.recording_trouble);
}

template <class Number>
void append_number(std::string& out, Number value) {
  std::array<char, 32> text{};
  const auto end = [&] {
    if constexpr (std::is_floating_point_v<Number>) {
      return std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::general, 9).ptr;
    } else {
      return std::to_chars(text.data(), text.data() + text.size(), value).ptr;
    }
  }();
  out.append(text.data(), end);
}

void append_text(std::string& out, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '\t': out += "\\t"; break;
      case '\n': out += "\\n"; break;
      case '\\': out += "\\\\"; break;
      default: out += c;
    }
  }
}

std::string unescaped(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    const char c = text[++i];
    out += c == 't' ? '\t' : c == 'n' ? '\n' : c;
  }
  return out;
}

std::uint32_t checksum(std::string_view text) {
  boost::crc_32_type crc;
  crc.process_bytes(text.data(), text.size());
  return crc.checksum();
}

void append_checksum(std::string& out) {
  static constexpr char digits[] = "0123456789abcdef";
  const std::uint32_t crc = checksum(out);
  for (int shift = 28; shift >= 0; shift -= 4) out += digits[crc >> static_cast<unsigned>(shift) & 15U];
}

// Hands out fields one by one; behind the last one there are none, which is no error (an older line).
class Fields {
 public:
  explicit Fields(std::string_view text) : rest_(text) {}

  std::optional<std::string_view> next() {
    if (!left_) return std::nullopt;
    const std::size_t tab = rest_.find('\t');
    const std::string_view field = rest_.substr(0, tab);
    left_ = tab != std::string_view::npos;
    if (left_) rest_.remove_prefix(tab + 1);
    return field;
  }
  void read(std::string& value) {
    if (const auto field = next()) value = unescaped(*field);
  }
  template <class Number>
  void read(Number& value) {
    const auto field = next();
    if (!field) return;
    const auto read = std::from_chars(field->data(), field->data() + field->size(), value);
    good_ = good_ && read.ec == std::errc() && read.ptr == field->data() + field->size();
  }
  [[nodiscard]] bool good() const { return good_; }

 private:
  std::string_view rest_;
  bool left_ = true;
  bool good_ = true;
};

}  // namespace

std::string print_line(const Line& line) {
  std::string out;
  out.reserve(640);
  out += static_cast<char>(line.kind);
  out += '\t';
  append_number(out, line.written);
  out += '\t';
  if (line.kind == LineKind::answered || line.kind == LineKind::ended) {
    append_text(out, line.record.uuid);
    out += '\t';
    append_number(out, line.record.answer);
    out += '\t';
  } else {
    append_number(out, line.number);
    out += '\t';
    each_field(line.record, [&out](const auto& value) {
      if constexpr (std::is_same_v<std::decay_t<decltype(value)>, std::string>) {
        append_text(out, value);
      } else {
        append_number(out, value);
      }
      out += '\t';
    });
  }
  append_checksum(out);
  out += '\n';
  return out;
}

std::optional<Line> parse_line(std::string_view text) {
  if (text.size() < checksum_size + 2 || text[1] != '\t') return std::nullopt;
  const std::string_view body = text.substr(0, text.size() - checksum_size);
  std::string expected(body);
  append_checksum(expected);
  if (expected != text || body.back() != '\t') return std::nullopt;

  Line line;
  line.kind = static_cast<LineKind>(text[0]);
  Fields fields(body.substr(2, body.size() - 3));
  fields.read(line.written);
  switch (line.kind) {
    case LineKind::answered:
    case LineKind::ended:
      fields.read(line.record.uuid);
      fields.read(line.record.answer);
      break;
    case LineKind::opened:
    case LineKind::closed:
      fields.read(line.number);
      each_field(line.record, [&fields](auto& value) { fields.read(value); });
      break;
    default: return std::nullopt;
  }
  if (!fields.good() || line.record.uuid.empty()) return std::nullopt;
  return line;
}

}  // namespace switchroom::cdr
