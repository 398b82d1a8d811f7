// What a condition may look at. Private to this room.
#pragma once

#include <string>
#include <string_view>

namespace switchroom::dialplan {

/// Whether a field is an expression to expand ("${my_var}") and not a variable's name.
inline bool is_expression(std::string_view field) { return field.find("${") != std::string_view::npos; }
/// "destination_number" and "${destination_number}" alike.
inline bool is_dialled_number(std::string_view field) {
  return field == "destination_number" || field == "${destination_number}";
}
/// Why a field cannot be matched on, or empty.
std::string field_problem(std::string_view field);

}  // namespace switchroom::dialplan
