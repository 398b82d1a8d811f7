// Loads a text in a test, and finds what was said about it.
#pragma once

#include "config/load.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace switchroom::config {

/// A file without a problem, to which a test adds one.
inline constexpr std::string_view sound = R"(
[profiles.internal]
listen = ["udp:127.0.0.1:5060"]

[extensions.1001]
password = "kV7-tree-lamp"

[[contexts.default]]
name = "colleagues"
when = { destination_number = '^(10\d\d)$' }
do   = ["set call_timeout=30", "bridge user/$1"]
)";

inline Loaded load_with(std::string_view more, std::string_view rest = sound) {
  return load_text(std::string(more) + std::string(rest), "t.toml", {});
}

inline std::vector<std::string> texts(const Loaded& loaded) {
  std::vector<std::string> out;
  for (const Problem& problem : loaded.problems) {
    out.push_back(problem.text());
  }
  return out;
}

inline std::string all(const Loaded& loaded) {
  std::string out;
  for (const std::string& text : texts(loaded)) {
    out += text + "\n";
  }
  return out;
}

/// The snapshot of a text that has to be right.
inline SnapshotPtr right(const Loaded& loaded) {
  INFO(all(loaded));
  REQUIRE(loaded.problems.empty());
  REQUIRE(loaded.snapshot);
  return loaded.snapshot;
}

/// The text's only problem.
inline std::string only(const Loaded& loaded) {
  INFO(all(loaded));
  REQUIRE(loaded.problems.size() == 1);
  REQUIRE_FALSE(loaded.snapshot);
  return loaded.problems.front().text();
}

}  // namespace switchroom::config
