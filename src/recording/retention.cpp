#include "recording/retention.hpp"

#include <fmt/core.h>

#include <fnmatch.h>
#include <functional>

namespace switchroom::recording {
namespace {

std::string in_words(std::chrono::seconds age) {
  const auto count = age.count();
  const auto plural = [](auto number, const char* unit) {
    return fmt::format("{} {}{}", number, unit, number == 1 ? "" : "s");
  };
  if (count % 86400 == 0) {
    return plural(count / 86400, "day");
  }
  return count % 3600 == 0 ? plural(count / 3600, "hour") : plural(count, "second");
}

class Plan {
 public:
  Plan(const std::vector<Entry>& entries, const config::Recording& settings)
      : entries_(entries), settings_(settings), goes_(entries.size(), false) {}

  void by_age(base::WallMicros now) {
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      const auto* rule = rule_for(entries_[i].file, settings_);
      const std::chrono::seconds keep = rule != nullptr ? rule->keep : settings_.keep;
      if (keep.count() > 0 && now - entries_[i].ended > keep.count() * 1'000'000) {
        take(i, "older than " + in_words(keep));
      }
    }
  }

  void by_size() {
    for (const auto& [name, rule] : settings_.rules) {
      if (rule.max_size > 0) {
        shrink_to(
            rule.max_size, fmt::format("over max_size of recording.rules.{}", name),
            [&, wanted = &rule](const Entry& entry) { return rule_for(entry.file, settings_) == wanted; });
      }
    }
    if (settings_.max_size > 0) {
      shrink_to(settings_.max_size, "over max_size", [](const Entry&) { return true; });
    }
  }

  void by_free_space(std::uint64_t free) {
    if (settings_.min_free == 0) {
      return;
    }
    free += freed_;
    for (std::size_t i = 0; i < entries_.size() && free < settings_.min_free; ++i) {
      free += take(i, "less than min_free on the disk");
    }
  }

  std::vector<Doomed> result;

 private:
  std::uint64_t take(std::size_t i, const std::string& reason) {
    if (goes_[i] || entries_[i].state == "running") {
      return 0;
    }
    goes_[i] = true;
    result.push_back({entries_[i], reason});
    freed_ += static_cast<std::uint64_t>(entries_[i].bytes);
    return static_cast<std::uint64_t>(entries_[i].bytes);
  }

  void shrink_to(std::uint64_t size, const std::string& reason,
                 const std::function<bool(const Entry&)>& counts) {
    std::uint64_t total = 0;
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      total += !goes_[i] && counts(entries_[i]) ? static_cast<std::uint64_t>(entries_[i].bytes) : 0;
    }
    for (std::size_t i = 0; i < entries_.size() && total > size; ++i) {
      total -= counts(entries_[i]) ? take(i, reason) : 0;
    }
  }

  const std::vector<Entry>& entries_;
  const config::Recording& settings_;
  std::vector<bool> goes_;
  std::uint64_t freed_ = 0;
};

}  // namespace

const config::RetentionRule* rule_for(const std::string& file, const config::Recording& settings) {
  const config::RetentionRule* best = nullptr;
  for (const auto& [name, rule] : settings.rules) {
    if (::fnmatch(rule.match.c_str(), file.c_str(), 0) == 0 &&
        (best == nullptr || rule.match.size() > best->match.size())) {
      best = &rule;
    }
  }
  return best;
}

std::vector<Doomed> doomed(const std::vector<Entry>& entries, const config::Recording& settings,
                           base::WallMicros now, std::uint64_t free) {
  Plan plan(entries, settings);
  plan.by_age(now);
  plan.by_size();
  plan.by_free_space(free);
  return std::move(plan.result);
}

}  // namespace switchroom::recording
