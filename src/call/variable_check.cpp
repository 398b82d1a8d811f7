#include "call/variable_check.hpp"

#include "dialplan/spellings.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstdint>

namespace switchroom::call {
namespace {

enum class Kind : std::uint8_t { seconds, milliseconds, boolean, early_media };

struct Known {
  std::string_view name;
  Kind kind;
};

// Those whose value is taken for something else, without a word, when it cannot be read.
constexpr std::array known{
    Known{"call_timeout", Kind::seconds},
    Known{"leg_timeout", Kind::seconds},
    Known{"leg_delay_start", Kind::seconds},
    Known{"bind_digit_digit_timeout", Kind::milliseconds},
    Known{"hangup_after_bridge", Kind::boolean},
    Known{"instant_ringback", Kind::boolean},
    Known{"sip_copy_custom_headers", Kind::boolean},
    Known{"ignore_early_media", Kind::early_media},
};

bool is_boolean(std::string_view value) {
  constexpr std::array<std::string_view, 8> no{"false", "no", "off", "0", "f", "n", "disabled", "inactive"};
  std::string lower(value);
  std::ranges::transform(lower, lower.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  return dialplan::is_true(lower) || std::ranges::find(no, std::string_view(lower)) != no.end();
}

bool can_be_read(Kind kind, std::string_view value) {
  switch (kind) {
    case Kind::seconds:
    case Kind::milliseconds: return dialplan::seconds_in(value).has_value();
    case Kind::boolean: return is_boolean(value);
    case Kind::early_media: return is_boolean(value) || value == "ring_ready" || value == "consume";
  }
  return true;
}

std::string_view what_it_takes(Kind kind) {
  switch (kind) {
    case Kind::seconds: return "seconds, as a whole number";
    case Kind::milliseconds: return "milliseconds, as a whole number";
    case Kind::boolean: return "true or false";
    case Kind::early_media: break;
  }
  return "true, false, ring_ready or consume";
}

}  // namespace

std::string check_variable(std::string_view name, std::string_view value) {
  constexpr std::string_view for_others = "nolocal:";
  if (name.starts_with(for_others)) {
    name.remove_prefix(for_others.size());
  }
  const auto found = std::ranges::find(known, name, &Known::name);
  if (found == known.end() || value.empty() || value.find('$') != std::string_view::npos ||
      can_be_read(found->kind, value)) {
    return {};
  }
  return fmt::format("{} cannot be \"{}\": it takes {}", name, value, what_it_takes(found->kind));
}

std::string check_variables(const dialplan::Assignments& variables) {
  for (const auto& [name, value] : variables) {
    if (std::string wrong = check_variable(name, value); !wrong.empty()) {
      return wrong;
    }
  }
  return {};
}

}  // namespace switchroom::call
