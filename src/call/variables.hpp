// A call's variables: text by name, as the dialplan sees them.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace switchroom::call {

class Variables {
 public:
  /// Empty when not set.
  [[nodiscard]] std::string value(std::string_view name) const {
    const auto found = values_.find(name);
    return found == values_.end() ? std::string() : found->second;
  }
  /// An empty value unsets.
  void set(std::string_view name, std::string_view value) {
    if (value.empty()) {
      if (const auto found = values_.find(name); found != values_.end()) {
        values_.erase(found);
      }
      return;
    }
    values_.insert_or_assign(std::string(name), std::string(value));
  }
  [[nodiscard]] const std::map<std::string, std::string, std::less<>>& all() const { return values_; }

 private:
  std::map<std::string, std::string, std::less<>> values_;
};

}  // namespace switchroom::call
