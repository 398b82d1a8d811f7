// A parsed TOML file as a plain tree that knows where everything stands. The only door to toml++: its
// header costs seconds to compile, so it stays in document.cpp.
#pragma once

#include "config/load.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace switchroom::config {

/// A value of the file. Tables keep their entries in the order of the file.
struct Node {
  enum class Kind : std::uint8_t { text, integer, real, boolean, date, list, table };
  struct Entry;

  Kind kind = Kind::table;
  Place place;
  std::string text;            // Kind::text
  std::int64_t number = 0;     // Kind::integer
  bool flag = false;           // Kind::boolean
  std::vector<Node> items;     // Kind::list
  std::vector<Entry> entries;  // Kind::table

  [[nodiscard]] const Entry* find(std::string_view key) const;
  /// A list that holds tables alone: [[contexts.default]].
  [[nodiscard]] bool is_table_list() const;
};

struct Node::Entry {
  std::string key;
  Place place;  // of the key; the value has its own
  Node value;
};

/// "text", "a number", "a table" …, for sentences.
std::string_view kind_name(Node::Kind kind);

/// Largest file that is read, in bytes.
inline constexpr std::size_t max_file_bytes = 4U << 20U;

/// Pure. Adds a problem and returns nothing when `text` is not TOML, not UTF-8, too large, or nested so
/// deep that reading it would cost the stack. A sentence never quotes a line that sets a password.
std::optional<Node> parse_document(std::string_view text, const std::string& file,
                                   std::vector<Problem>& problems);

}  // namespace switchroom::config
