#include "dialplan/plan.hpp"

#include "base/log.hpp"
#include "dialplan/captures.hpp"
#include "dialplan/compiled.hpp"
#include "dialplan/dial_string.hpp"
#include "dialplan/fields.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <optional>

namespace switchroom::dialplan {
namespace {

using log::Level;
using log::Subsystem;

/// A peer's text as people may see it: short, on one line.
std::string shown(std::string_view text) {
  constexpr std::size_t enough = 80;
  std::string out(text.substr(0, enough));
  std::replace_if(
      out.begin(), out.end(), [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 127; }, '?');
  return text.size() > enough ? out + "…" : out;
}

/// One call's way through one context.
class Walk {
 public:
  Walk(const Context& context, const config::Snapshot& snapshot, const Variables& variables,
       const LocalTime& now, const Explain& explain)
      : context_(context),
        snapshot_(snapshot),
        variables_(variables),
        now_(now),
        explain_(explain),
        values_(context.fields.size()) {}

  std::optional<Match> run(std::size_t from);

 private:
  using Verdict = Finding::Verdict;
  Verdict judge(const std::string& name, const Branch& branch, Captures& captures);
  /// `why`: where to write what does not hold, or null.
  bool fits(const std::string& name, const CompiledCondition& condition, Captures& captures,
            std::string* why);
  bool fits_any(const std::string& name, const Branch& branch, Captures& captures, std::string* why);
  void tell(Verdict verdict, const std::string& name, std::string why);
  [[nodiscard]] std::string what_holds(const Branch& branch);
  std::string in_words(const CompiledCondition& condition);
  static void add_steps(Match& match, const std::string& name, const std::vector<config::Action>& actions,
                        const Captures& captures);
  void add_cases(Match& match, const std::string& name, const Branch& branch, const Captures& captures);
  /// Why a condition does not hold, for `explain`.
  [[nodiscard]] std::string reason(Fit fit, const CompiledCondition& condition, std::string_view value) const;
  const std::string& value(std::size_t field);

  const Context& context_;
  const config::Snapshot& snapshot_;
  const Variables& variables_;
  const LocalTime& now_;
  const Explain& explain_;
  std::vector<std::optional<std::string>> values_;  // of the fields, asked for when first needed
  Search search_;
};

const std::string& Walk::value(std::size_t field) {
  auto& value = values_[field];
  if (!value) {
    const auto& name = context_.fields[field];
    const auto global = [this](std::string_view key) {
      const auto found = snapshot_.vars.find(std::string(key));
      return found == snapshot_.vars.end() ? std::string() : found->second;
    };
    value = is_expression(name) ? expand(name, variables_, global) : variables_(name);
  }
  return *value;
}

std::string Walk::reason(Fit fit, const CompiledCondition& condition, std::string_view value) const {
  const auto& [field, pattern, place] = *condition.source;
  switch (fit) {
    case Fit::too_hard:
      return fmt::format("the search for {} in {} \"{}\" was given up, it takes too many steps", pattern,
                         field, shown(value));
    case Fit::too_long: return fmt::format("{} is longer than {} bytes", field, longest_subject);
    default:
      return value.empty() ? fmt::format("{} is not set or empty, which does not fit {}", field, pattern)
                           : fmt::format("{} is \"{}\", which does not fit {}", field, shown(value), pattern);
  }
}

bool Walk::fits(const std::string& name, const CompiledCondition& condition, Captures& captures,
                std::string* why) {
  if (condition.is_time()) {
    const bool holds = condition.schedule && condition.schedule->holds(now_) != condition.negated;
    if (!holds && why != nullptr) {
      *why = fmt::format("it is not {} {} now", condition.source->field, condition.source->pattern);
    }
    return holds;
  }
  const auto& subject = value(condition.field);
  const auto fit = condition.pattern ? condition.pattern->fit(subject, search_, captures) : Fit::differs;
  if (fit == Fit::fits) return true;
  const bool gave_up = fit == Fit::too_hard || fit == Fit::too_long;
  if (gave_up && log::enabled(Level::warning, Subsystem::dialplan)) {
    log::line(Level::warning, Subsystem::dialplan, variables_("uuid"),
              "entry \"{}\" counts as not matching: {}", name, reason(fit, condition, subject));
  }
  if (why != nullptr) *why = reason(fit, condition, subject);
  return false;
}

/// Captures are those of the one that fits, unless a condition of `when` has some.
bool Walk::fits_any(const std::string& name, const Branch& branch, Captures& captures, std::string* why) {
  std::string all;
  for (const auto& condition : branch.any) {
    Captures of_this;
    if (fits(name, condition, of_this, why)) {
      if (!branch.captures() && condition.pattern && condition.pattern->has_captures()) captures = of_this;
      return true;
    }
    if (why != nullptr) all += (all.empty() ? "none of `any` holds: " : ", and ") + *why;
  }
  if (why != nullptr) *why = std::move(all);
  return branch.any.empty();
}

void Walk::tell(Verdict verdict, const std::string& name, std::string why) {
  if (explain_) explain_({verdict, name, std::move(why)});
}

/// Conditions on time come last: an entry for other numbers says nothing of the time.
Walk::Verdict Walk::judge(const std::string& name, const Branch& branch, Captures& captures) {
  std::string why;
  std::string* const asked = explain_ ? &why : nullptr;
  for (const bool times : {false, true}) {
    for (std::size_t i = 0; i < branch.when.size(); ++i) {
      const auto& condition = branch.when[i];
      if (condition.is_time() != times) continue;
      Captures of_this;
      if (fits(name, condition, of_this, asked)) {
        if (i == branch.captures_from && !times) captures = of_this;
        continue;
      }
      const bool otherwise = times && !branch.otherwise->empty();
      tell(otherwise ? Verdict::at_another_time : Verdict::no, name, std::move(why));
      return otherwise ? Verdict::at_another_time : Verdict::no;
    }
    if (!times && !fits_any(name, branch, captures, asked)) {
      tell(Verdict::no, name, std::move(why));
      return Verdict::no;
    }
  }
  if (explain_) tell(Verdict::yes, name, what_holds(branch));
  return Verdict::yes;
}

std::string Walk::in_words(const CompiledCondition& condition) {
  const auto& [field, pattern, place] = *condition.source;
  return condition.is_time()
             ? fmt::format("it is {} {}", field, pattern)
             : fmt::format("{} is \"{}\", which fits {}", field, shown(value(condition.field)), pattern);
}

std::string Walk::what_holds(const Branch& branch) {
  std::string held;
  for (const auto& condition : branch.when) {
    held += (held.empty() ? "" : ", and ") + in_words(condition);
  }
  for (const auto& condition : branch.any) {
    Captures none;
    if (!fits({}, condition, none, nullptr)) continue;
    held += (held.empty() ? "" : ", and ") + in_words(condition);
    break;
  }
  return held.empty() ? "it has no conditions" : held;
}

void Walk::add_steps(Match& match, const std::string& name, const std::vector<config::Action>& actions,
                     const Captures& captures) {
  for (const auto& action : actions) {
    auto argument = takes_dial_string(action.application)
                        ? with_captures_for_dialling(action.argument, captures)
                        : with_captures(action.argument, captures);
    match.steps.push_back({action.application, std::move(argument), name});
  }
}

void Walk::add_cases(Match& match, const std::string& name, const Branch& branch, const Captures& captures) {
  std::size_t number = 0;
  for (const auto& one : branch.cases) {
    const std::string own_name = fmt::format("{}, case {}", name, ++number);
    Captures own;
    const Verdict verdict = judge(own_name, one, own);
    if (verdict == Verdict::no) continue;
    const bool has_own =
        one.captures() || std::ranges::any_of(one.any, [](const CompiledCondition& condition) {
          return condition.pattern && condition.pattern->has_captures();
        });
    const Captures& taken = has_own ? own : captures;
    add_steps(match, own_name, verdict == Verdict::yes ? *one.actions : *one.otherwise, taken);
    if (verdict == Verdict::yes) add_cases(match, own_name, one, taken);
    return;
  }
}

std::optional<Match> Walk::run(std::size_t from) {
  const auto count = context_.entries.size();
  for (std::size_t i = from; i < count; ++i) {
    const auto& entry = context_.entries[i];
    const std::string& name = entry.source->name;
    Captures captures;
    const Verdict verdict = judge(name, entry.branch, captures);
    if (verdict == Verdict::no) continue;
    Match match{{}, entry.source->continue_after ? i + 1 : count + 1};
    add_steps(match, name, verdict == Verdict::yes ? *entry.branch.actions : *entry.branch.otherwise,
              captures);
    if (verdict == Verdict::yes) add_cases(match, name, entry.branch, captures);
    return match;
  }
  if (from <= count) tell(Verdict::no, {}, "no other entry is left");
  return std::nullopt;
}

}  // namespace

std::string Finding::text() const {
  if (entry.empty()) return why;
  switch (verdict) {
    case Verdict::yes: return fmt::format("\"{}\" matches: {}", entry, why);
    case Verdict::at_another_time:
      return fmt::format("\"{}\" matches at other times: {}, its else runs", entry, why);
    case Verdict::no: break;
  }
  return fmt::format("\"{}\" does not match: {}", entry, why);
}

class Dialplan::Impl {
 public:
  explicit Impl(config::SnapshotPtr snapshot) : snapshot_(std::move(snapshot)) {
    for (const auto& [name, entries] : snapshot_->contexts) {
      contexts_.emplace(name, compile(*snapshot_, entries));
    }
  }
  [[nodiscard]] const Context* find(std::string_view name) const {
    const auto found = contexts_.find(name);
    return found == contexts_.end() ? nullptr : &found->second;
  }
  [[nodiscard]] const config::Snapshot& snapshot() const { return *snapshot_; }

 private:
  config::SnapshotPtr snapshot_;  // shared: the compiled entries point into it
  std::map<std::string, Context, std::less<>> contexts_;
};

Dialplan::Dialplan(config::SnapshotPtr snapshot) : impl_(std::make_unique<Impl>(std::move(snapshot))) {}
Dialplan::~Dialplan() = default;

bool Dialplan::has_context(std::string_view context) const { return impl_->find(context) != nullptr; }

std::optional<Match> Dialplan::match(std::string_view context, const Variables& variables,
                                     const LocalTime& now, std::size_t from, const Explain& explain) const {
  const auto* found = impl_->find(context);
  if (found == nullptr) {
    if (explain)
      explain({Finding::Verdict::no, {}, fmt::format("there is no context \"{}\"", shown(context))});
    return std::nullopt;
  }
  return Walk(*found, impl_->snapshot(), variables, now, explain).run(from);
}

}  // namespace switchroom::dialplan
