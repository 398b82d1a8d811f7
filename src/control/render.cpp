#include "base/utf8.hpp"
#include "control/command.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdint>

namespace switchroom::control {
namespace {

namespace json = boost::json;

struct Cell {
  std::string text;
  bool number = false;
};

std::string words(const json::value& value);

std::string list(const json::array& array) {
  std::string text;
  for (const auto& item : array) text += (text.empty() ? "" : ", ") + words(item);
  return text;
}

// On one line; a stranger's bytes cannot steer the terminal.
std::string words(const json::value& value) {
  switch (value.kind()) {
    case json::kind::null: return "-";
    case json::kind::bool_: return value.get_bool() ? "yes" : "no";
    case json::kind::int64: return std::to_string(value.get_int64());
    case json::kind::uint64: return std::to_string(value.get_uint64());
    case json::kind::double_: return fmt::format("{:.6g}", value.get_double());
    case json::kind::string: return base::printable(std::string(value.get_string()));
    case json::kind::array: return list(value.get_array());
    case json::kind::object: break;
  }
  std::string text;
  for (const auto& [key, item] : value.get_object()) {
    text += (text.empty() ? "" : " ") + base::printable(std::string(key)) + "=" + words(item);
  }
  return text;
}

// Keys end in their unit, which people see at the value: "uptime_s": 65 is "uptime: 0:01:05".
enum class Unit : std::uint8_t { none, seconds, milliseconds, kilobytes };

Unit unit_of(std::string_view key) {
  return key.ends_with("_s")    ? Unit::seconds
         : key.ends_with("_ms") ? Unit::milliseconds
         : key.ends_with("_kb") ? Unit::kilobytes
                                : Unit::none;
}

std::string label(std::string_view key) {
  if (unit_of(key) != Unit::none) key = key.substr(0, key.rfind('_'));
  std::string text = base::printable(std::string(key));
  std::replace(text.begin(), text.end(), '_', ' ');
  return text;
}

std::string heading(std::string_view key) {
  std::string text = label(key);
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

std::string clock_text(std::int64_t seconds) {
  const auto days = seconds / 86'400;
  return (days == 0 ? "" : fmt::format("{} d ", days)) +
         fmt::format("{}:{:02}:{:02}", seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
}

std::string measured(std::string_view key, const json::value& value) {
  if (!value.is_number()) return words(value);
  const double number = value.to_number<double>();
  switch (unit_of(key)) {
    case Unit::seconds: return number < 0 ? words(value) : clock_text(static_cast<std::int64_t>(number));
    case Unit::milliseconds: return fmt::format("{:.1f} ms", number);
    case Unit::kilobytes: return fmt::format("{:.1f} MB", number / 1024);
    case Unit::none: break;
  }
  return words(value);
}

void append_cell(std::string& line, const Cell& cell, std::size_t width) {
  const std::size_t own = base::display_width(cell.text);
  const std::string space(width - std::min(own, width), ' ');
  line += cell.number ? space + cell.text : cell.text + space;
}

std::vector<std::string> all_columns(const json::array& rows) {
  std::vector<std::string> columns;
  for (const auto& row : rows) {
    for (const auto& [key, value] : row.get_object()) {
      if (std::find(columns.begin(), columns.end(), key) == columns.end()) columns.emplace_back(key);
    }
  }
  return columns;
}

std::string table(const json::array& rows, const std::vector<std::string>& columns) {
  std::vector<std::vector<Cell>> lines(1);
  for (const auto& column : columns) lines[0].push_back({heading(column), true});
  for (const auto& row : rows) {
    auto& line = lines.emplace_back();
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const json::value* value = row.get_object().if_contains(columns[i]);
      const bool number = value != nullptr && value->is_number();
      line.push_back({value == nullptr ? "" : measured(columns[i], *value), number});
      // A heading stands like its column: to the right where there is nothing but numbers.
      lines[0][i].number =
          lines[0][i].number && (number || line.back().text.empty() || line.back().text == "-");
    }
  }
  std::vector<std::size_t> widths(columns.size());
  for (const auto& line : lines) {
    for (std::size_t i = 0; i < line.size(); ++i)
      widths[i] = std::max(widths[i], base::display_width(line[i].text));
  }
  std::string text;
  for (auto& line : lines) {
    std::string one;
    for (std::size_t i = 0; i < line.size(); ++i) {
      if (i != 0) one += "  ";
      line[i].number = lines[0][i].number;
      append_cell(one, line[i], widths[i]);
    }
    one.erase(one.find_last_not_of(' ') + 1);
    text += one + '\n';
  }
  return text;
}

/// How an object's keys are shown: as words, or as they are, since people type a variable's name.
enum class Keys : std::uint8_t { words, exact };

std::string pairs(const json::object& object, const std::vector<std::string>& columns, std::size_t indent = 0,
                  Keys shown = Keys::words);

// What stands behind "name:"; its lines after the first begin at `column`.
std::string value_text(const std::string& key, const json::value& value, std::size_t column,
                       std::size_t indent) {
  if (value.is_object() && !value.get_object().empty()) {
    return '\n' + pairs(value.get_object(), {}, indent + 2, key == "variables" ? Keys::exact : Keys::words);
  }
  if (!value.is_array() || value.get_array().size() < 2) return ' ' + measured(key, value) + '\n';
  std::string text;  // a list has a line for each item
  for (const auto& item : value.get_array()) {
    text += (text.empty() ? " " : std::string(column + 1, ' ')) + words(item) + '\n';
  }
  return text;
}

std::string pairs(const json::object& object, const std::vector<std::string>& columns, std::size_t indent,
                  Keys shown) {
  const auto name = [shown](const std::string& key) {
    return shown == Keys::exact ? base::printable(key) : label(key);
  };
  std::vector<std::string> keys = columns;
  if (keys.empty()) {
    for (const auto& [key, value] : object) keys.emplace_back(key);
  }
  std::size_t width = 0;
  for (const auto& key : keys) width = std::max(width, base::display_width(name(key)) + 1);
  std::string text;
  for (const auto& key : keys) {
    const json::value* value = object.if_contains(key);
    if (value == nullptr) continue;
    text.append(indent, ' ');
    append_cell(text, {name(key) + ":", false}, value->is_object() ? 0 : width);
    text +=
        shown == Keys::exact ? ' ' + words(*value) + '\n' : value_text(key, *value, indent + width, indent);
  }
  return text;
}

// As it is, line by line.
std::string lines_of(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    out += base::printable(std::string(text.substr(0, end))) + '\n';
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

}  // namespace

std::string render(const Answer& answer) {
  const json::value& data = answer.data;
  if (data.is_null()) return {};
  if (data.is_string()) return lines_of(std::string_view(data.get_string().data(), data.get_string().size()));
  if (data.is_object()) return pairs(data.get_object(), answer.columns);
  if (!data.is_array()) return words(data) + '\n';
  const json::array& rows = data.get_array();
  if (rows.empty()) return "none\n";
  if (std::all_of(rows.begin(), rows.end(), [](const json::value& row) { return row.is_object(); })) {
    return table(rows, answer.columns.empty() ? all_columns(rows) : answer.columns);
  }
  std::string text;
  for (const auto& row : rows) text += words(row) + '\n';
  return text;
}

}  // namespace switchroom::control
