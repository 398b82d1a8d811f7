// Bindings in SQLite. Used by one thread at a time: the opener first, then the writer's.
#pragma once

#include "base/result.hpp"
#include "base/sqlite.hpp"
#include "registrar/registrar.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace switchroom::registrar {

/// What a row is known by: extension and contact.
using Key = std::pair<std::string, std::string>;
struct KeyHash {
  std::size_t operator()(const Key& key) const {
    const std::hash<std::string> hash;
    return hash(key.first) * 31 + hash(key.second);
  }
};
/// The state that rows shall have; nullopt: gone. The last change wins, so this never holds more
/// than one entry for each binding.
using Changes = std::unordered_map<Key, std::optional<Binding>, KeyHash>;

class Store {
 public:
  /// Opens or creates. A damaged file is moved aside, with a line in the log, and a new one begun.
  static base::result<Store> open(const std::filesystem::path& path);

  /// Bindings that expire after `now`. Rows that make no sense are left out.
  base::result<std::vector<Binding>> load(base::WallMicros now);
  /// All or nothing.
  base::result<void> save(const Changes& changes);
  /// The last failure was a damaged file: open() anew to have it moved aside.
  [[nodiscard]] bool damaged() const { return !database_ || database_.damaged(); }

 private:
  base::result<void> prepare(const std::filesystem::path& path);
  base::result<void> write_row(const Binding& binding);

  base::sqlite::Database database_;
  base::sqlite::Statement insert_;
  base::sqlite::Statement erase_;
};

}  // namespace switchroom::registrar
