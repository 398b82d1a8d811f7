// Where a value stands in the files.
#pragma once

#include <cstdint>
#include <string>

namespace switchroom::config {

/// "switchroom.toml:12:5".
struct Place {
  std::string file;
  std::uint32_t line = 0;
  std::uint32_t column = 0;
};

/// A text and where it stands.
struct Placed {
  std::string text;
  Place place;
};

}  // namespace switchroom::config
