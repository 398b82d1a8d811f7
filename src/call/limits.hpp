// How many calls at once, by name.
#pragma once

#include "base/clock.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace switchroom::call {

/// Call thread. Outlives every Hold.
class Limits {
 public:
  struct Wish {
    std::string name;
    std::optional<unsigned> most;  // none: counted only
    base::Duration within{};       // zero: at once; otherwise so many beginnings in this time
  };
  /// One call's place under a limit, for as long as it lives.
  class Hold {
   public:
    Hold(Limits& limits, std::string name) : limits_(limits), name_(std::move(name)) {}
    ~Hold() { limits_.release(name_); }
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;
    [[nodiscard]] const std::string& name() const { return name_; }

   private:
    Limits& limits_;
    std::string name_;
  };

  /// Null: the limit is reached.
  std::unique_ptr<Hold> take(const Wish& wish, base::Time now);

  struct Usage {
    unsigned used = 0;             // at once
    std::optional<unsigned> most;  // as it was asked for last
    std::uint64_t refused = 0;
    std::deque<base::Time> begun;  // lately, where beginnings are limited
  };
  [[nodiscard]] const std::map<std::string, Usage>& all() const { return usages_; }
  [[nodiscard]] unsigned used(const std::string& name) const;

 private:
  void release(const std::string& name);
  void tidy(base::Time now);

  std::map<std::string, Usage> usages_;
};

}  // namespace switchroom::call
