#include "call/limits.hpp"

#include <utility>

namespace switchroom::call {
namespace {

constexpr std::size_t worth_tidying = 1000;

}  // namespace

std::unique_ptr<Limits::Hold> Limits::take(const Wish& wish, base::Time now) {
  if (usages_.size() > worth_tidying) {
    tidy(now);
  }
  Usage& usage = usages_[wish.name];
  usage.most = wish.most;
  while (!usage.begun.empty() && now - usage.begun.front() >= wish.within) {
    usage.begun.pop_front();
  }
  const bool by_rate = wish.within > base::Duration::zero();
  const std::size_t counted = by_rate ? usage.begun.size() : usage.used;
  if (wish.most && counted >= *wish.most) {
    ++usage.refused;
    return nullptr;
  }
  ++usage.used;
  if (by_rate) {
    usage.begun.push_back(now);
  }
  return std::make_unique<Hold>(*this, wish.name);
}

unsigned Limits::used(const std::string& name) const {
  const auto found = usages_.find(name);
  return found == usages_.end() ? 0 : found->second.used;
}

void Limits::release(const std::string& name) {
  const auto found = usages_.find(name);
  if (found != usages_.end() && found->second.used > 0) {
    --found->second.used;
  }
}

// A name may hold what a caller chose (his number): those that nobody uses are forgotten.
void Limits::tidy(base::Time now) {
  std::erase_if(usages_, [now](const auto& one) {
    const Usage& usage = one.second;
    return usage.used == 0 && (usage.begun.empty() || now - usage.begun.back() > std::chrono::hours(1));
  });
}

}  // namespace switchroom::call
