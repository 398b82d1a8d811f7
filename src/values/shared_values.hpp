// Texts that all calls share, by realm and key.
#pragma once

#include "base/result.hpp"
#include "values/command.hpp"
#include "values/table.hpp"

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace switchroom::values {

/// One set of them: `hash` without a table, `db` with one. Call thread. Bounded: no more than 100,000 values,
/// and 64 KiB each.
class SharedValues {
 public:
  /// What is forgotten at the end.
  SharedValues() = default;
  /// What is kept in a file.
  static base::result<SharedValues> open(const std::filesystem::path& path);

  /// Does what is asked: the value of select, "true" or "false" of exists, "+OK" of what changes something.
  /// The error is a sentence.
  base::result<std::string> execute(const Command& command);
  /// Empty when there is none.
  [[nodiscard]] std::string value(const std::string& realm, const std::string& key) const;
  [[nodiscard]] const std::map<Name, std::string>& all() const { return values_; }

 private:
  base::result<std::string> insert(const Command& command);
  base::result<std::string> remove(const Command& command);

  std::map<Name, std::string> values_;
  std::unique_ptr<Table> table_;
};

}  // namespace switchroom::values
