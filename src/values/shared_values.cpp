#include "values/shared_values.hpp"

#include <utility>

namespace switchroom::values {
namespace {

constexpr std::size_t most_values = 100'000;
constexpr std::size_t longest = 64U << 10U;  // bytes of realm, key and value
const std::string done = "+OK";

}  // namespace

base::result<SharedValues> SharedValues::open(const std::filesystem::path& path) {
  SharedValues values;
  auto table = Table::open(path, values.values_);
  if (!table) {
    return table.error();
  }
  values.table_ = std::move(*table);
  return values;
}

std::string SharedValues::value(const std::string& realm, const std::string& key) const {
  const auto found = values_.find({realm, key});
  return found == values_.end() ? std::string() : found->second;
}

base::result<std::string> SharedValues::execute(const Command& command) {
  switch (command.verb) {
    case Command::Verb::select: return base::success(value(command.realm, command.key));
    case Command::Verb::exists:
      return base::success(std::string(values_.contains({command.realm, command.key}) ? "true" : "false"));
    case Command::Verb::insert_ifempty:
      if (values_.contains({command.realm, command.key})) {
        return base::Error{"there is one already"};
      }
      return insert(command);
    case Command::Verb::insert: return insert(command);
    case Command::Verb::remove_ifmatch:
      if (value(command.realm, command.key) != command.value) {
        return base::Error{"it has another value"};
      }
      return remove(command);
    case Command::Verb::remove: return remove(command);
  }
  return base::Error{"unknown"};
}

base::result<std::string> SharedValues::insert(const Command& command) {
  Name name{command.realm, command.key};
  if (name.first.size() + name.second.size() + command.value.size() > longest) {
    return base::Error{"it is longer than 64 KiB"};
  }
  if (values_.size() >= most_values && !values_.contains(name)) {
    return base::Error{"there are 100000 values already: delete some"};
  }
  values_.insert_or_assign(name, command.value);
  if (table_ != nullptr) {
    table_->put(std::move(name), command.value);
  }
  return base::success(done);
}

base::result<std::string> SharedValues::remove(const Command& command) {
  Name name{command.realm, command.key};
  if (values_.erase(name) == 0) {
    return base::Error{"there is no " + command.key + " in " + command.realm};
  }
  if (table_ != nullptr) {
    table_->put(std::move(name), std::nullopt);
  }
  return base::success(done);
}

}  // namespace switchroom::values
