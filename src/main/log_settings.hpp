// [log] as the log wants it.
#pragma once

#include "base/log.hpp"
#include "config/snapshot.hpp"

namespace switchroom::main {

inline log::Settings log_settings(const config::Snapshot& config) {
  log::Settings settings;
  settings.file = config.log.file;
  settings.max_bytes = config.log.max_size;
  settings.keep = config.log.keep;
  settings.levels.fill(log::parse_level(config.log.level).value_or(log::Level::info));
  for (const auto& [subsystem, level] : config.log.levels) {
    if (const auto known = log::parse_subsystem(subsystem)) {
      settings.levels.at(static_cast<std::size_t>(*known)) =
          log::parse_level(level).value_or(log::Level::info);
    }
  }
  return settings;
}

}  // namespace switchroom::main
