// The packs that the build puts into the executable.
#pragma once

#include <string_view>

namespace switchroom::sounds {

/// The pack of a language ("en", "es") or "music"; empty: there is none. Defined by cmake/Sounds.cmake.
std::string_view embedded_pack(std::string_view name);

}  // namespace switchroom::sounds
