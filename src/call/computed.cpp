#include "call/computed.hpp"

#include "base/clock.hpp"
#include "sounds/tones.hpp"

#include <array>
#include <time.h>

namespace switchroom::call {
namespace {

constexpr std::string_view time_call = "strftime(";

std::string formatted_time(std::string_view format) {
  const auto now = static_cast<std::time_t>(base::wall_now() / 1'000'000);
  std::tm parts{};
  (void)::localtime_r(&now, &parts);
  std::array<char, 256> text{};
  return {text.data(), std::strftime(text.data(), text.size(), std::string(format).c_str(), &parts)};
}

}  // namespace

std::optional<std::string> computed_value(std::string_view name, const Variables& variables,
                                          const config::Snapshot& config) {
  if (name.starts_with(time_call) && name.ends_with(')')) {
    return formatted_time(name.substr(time_call.size(), name.size() - time_call.size() - 1));
  }
  if (name == "strepoch") {
    return std::to_string(base::wall_now() / 1'000'000);
  }
  if (name == "recordings_dir") {
    return config.recording.folder.string();
  }
  if (name == "is_extension") {
    return config.extensions.contains(variables.value("destination_number")) ? "true" : "";
  }
  if (const auto tone = sounds::tone_variable(name)) {
    return std::string(*tone);
  }
  return std::nullopt;
}

}  // namespace switchroom::call
