#include "tolls/ledger.hpp"

#include <algorithm>
#include <utility>

namespace switchroom::tolls {
namespace {

constexpr std::int64_t kept = 60;             // minutes
constexpr std::size_t remembered_calls = 50;  // a call's tries follow each other closely

std::int64_t minute_of(base::Time time) {
  return std::chrono::floor<std::chrono::minutes>(time.time_since_epoch()).count();
}
base::Time begin_of(std::int64_t minute) { return base::Time(std::chrono::minutes(minute)); }

}  // namespace

std::string Subject::text() const {
  if (name.empty()) {
    return "callers without an extension";
  }
  return (kind == Kind::extension ? "extension " : "trunk ") + name;
}

Ledger::Bucket& Ledger::Account::at(std::int64_t minute) {
  // The clock may have begun less than an hour ago, when minutes of before a restart are added.
  Bucket& bucket = buckets[static_cast<std::size_t>((minute % kept + kept) % kept)];
  if (bucket.minute != minute) {
    bucket = {.minute = minute};
  }
  return bucket;
}

void Ledger::placed(const Subject& subject, const std::string& call, base::Time now) {
  Account& account = accounts_[subject];
  if (std::ranges::find(account.calls, call) != account.calls.end()) {
    return;
  }
  account.calls.push_back(call);
  if (account.calls.size() > remembered_calls) {
    account.calls.pop_front();
  }
  ++account.at(minute_of(now)).calls;
}

Ledger::RunId Ledger::answered(std::vector<Subject> subjects, base::Time now) {
  for (const Subject& subject : subjects) {
    ++accounts_[subject].running;
  }
  runs_[++last_run_] = {std::move(subjects), now};
  return last_run_;
}

void Ledger::ended(RunId run, base::Time now) {
  const auto found = runs_.find(run);
  if (found == runs_.end()) {
    return;
  }
  count(found->second, now);
  for (const Subject& subject : found->second.subjects) {
    --accounts_[subject].running;
  }
  runs_.erase(found);
}

/// To each minute what was talked in it.
void Ledger::count(Run& run, base::Time now) {
  const base::Time oldest = begin_of(minute_of(now) - kept + 1);
  run.counted = std::max(run.counted, oldest);
  while (run.counted < now) {
    const std::int64_t minute = minute_of(run.counted);
    const base::Time end = std::min(now, begin_of(minute + 1));
    for (const Subject& subject : run.subjects) {
      accounts_[subject].at(minute).talk += end - run.counted;
    }
    run.counted = end;
  }
}

void Ledger::count_all(base::Time now) {
  if (std::exchange(counted_, now) == now) {
    return;  // asked for one subject after the other
  }
  for (auto& [id, run] : runs_) {
    count(run, now);
  }
}

Usage Ledger::sum(const Account& account, base::Time now) {
  Usage usage;
  usage.running = account.running;
  const std::int64_t minute = minute_of(now);
  for (const Bucket& bucket : account.buckets) {
    if (bucket.minute > minute - kept && bucket.minute <= minute) {
      usage.calls += bucket.calls;
      usage.talk += bucket.talk;
    }
  }
  return usage;
}

Usage Ledger::usage(const Subject& subject, base::Time now) {
  count_all(now);
  const auto found = accounts_.find(subject);
  return found == accounts_.end() ? Usage() : sum(found->second, now);
}

std::vector<std::pair<Subject, Usage>> Ledger::all(base::Time now) {
  count_all(now);
  std::vector<std::pair<Subject, Usage>> rows;
  for (const auto& [subject, account] : accounts_) {
    const Usage usage = sum(account, now);
    if (usage.calls != 0 || usage.talk != base::Duration::zero() || usage.running != 0) {
      rows.emplace_back(subject, usage);
    }
  }
  return rows;
}

void Ledger::reset(const Subject& subject, base::Time now) {
  count_all(now);
  if (const auto found = accounts_.find(subject); found != accounts_.end()) {
    found->second.buckets = {};
    found->second.calls.clear();
  }
}

std::vector<Ledger::Minute> Ledger::minutes(const Subject& subject, base::Time now) {
  count_all(now);
  std::vector<Minute> all;
  const std::int64_t present = minute_of(now);
  const auto found = accounts_.find(subject);
  if (found == accounts_.end()) {
    return all;
  }
  for (const Bucket& bucket : found->second.buckets) {
    if (bucket.minute > present - kept && bucket.minute <= present) {
      all.push_back({std::chrono::minutes(present - bucket.minute), bucket.calls, bucket.talk});
    }
  }
  return all;
}

void Ledger::add(const Subject& subject, const Minute& minute, base::Time now) {
  if (minute.age.count() < 0 || minute.age.count() >= kept) {
    return;
  }
  Bucket& bucket = accounts_[subject].at(minute_of(now) - minute.age.count());
  bucket.calls += minute.calls;
  bucket.talk += minute.talk;
}

}  // namespace switchroom::tolls
