#include "tolls/warnings.hpp"

namespace switchroom::tolls {

Level level(std::uint64_t used, std::uint64_t cap, std::uint32_t warn_at) {
  if (cap == 0) {
    return Level::fine;
  }
  if (used >= cap) {
    return Level::reached;
  }
  return used * 100 >= cap * warn_at ? Level::near : Level::fine;
}

bool Warnings::is_due(const Subject& subject, std::string_view measure, Level level, base::Time now) {
  if (level == Level::fine) {
    return false;
  }
  Told& told = told_[{subject, measure}];
  const bool long_ago = told.level != Level::fine && now - told.when >= std::chrono::hours(1);
  if (told.level >= level && !long_ago) {
    return false;
  }
  told = {level, now};
  return true;
}

void Warnings::forget(const Subject& subject) {
  std::erase_if(told_, [&](const auto& one) { return one.first.first == subject; });
}

}  // namespace switchroom::tolls
