#include "dialplan/plan.hpp"

#include "base/log.hpp"
#include "dialplan/captures.hpp"
#include "dialplan/fields.hpp"
#include "dialplan/pattern.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <optional>

namespace switchroom::dialplan {
namespace {

using log::Level;
using log::Subsystem;

struct CompiledCondition {
  const config::Condition* source;  // in the snapshot, not owned
  std::size_t field;                // its place in Context::fields
  std::optional<Pattern> pattern;   // none: it did not compile, and never fits
};

struct CompiledEntry {
  const config::ContextEntry* source;  // in the snapshot, not owned
  std::vector<CompiledCondition> when;
  std::size_t captures_from = 0;  // the condition whose groups are $1 to $9
};

struct Context {
  std::vector<std::string> fields;  // each once, so that a call is asked for each once
  std::vector<CompiledEntry> entries;
};

/// The dialled number's condition if it has groups, else the first that has, else the dialled number's,
/// else the first: $1 is there whenever any condition has one, and $0 is what was dialled.
std::size_t capturing(const std::vector<CompiledCondition>& when) {
  const auto groups = [](const CompiledCondition& c) { return c.pattern && c.pattern->has_captures(); };
  const auto dialled = [](const CompiledCondition& c) { return is_dialled_number(c.source->field); };
  auto found = std::find_if(when.begin(), when.end(),
                            [&](const CompiledCondition& c) { return groups(c) && dialled(c); });
  if (found == when.end()) found = std::find_if(when.begin(), when.end(), groups);
  if (found == when.end()) found = std::find_if(when.begin(), when.end(), dialled);
  return found == when.end() ? 0 : static_cast<std::size_t>(found - when.begin());
}

CompiledEntry compile(const config::ContextEntry& entry, std::vector<std::string>& fields) {
  CompiledEntry compiled{&entry, {}, 0};
  for (const auto& condition : entry.when) {
    const auto known = std::find(fields.begin(), fields.end(), condition.field);
    const auto field = static_cast<std::size_t>(known - fields.begin());
    if (known == fields.end()) fields.push_back(condition.field);
    auto pattern = Pattern::compile(condition.pattern);
    if (!pattern) {
      log::line(Level::error, Subsystem::dialplan, "", "{}:{}: entry \"{}\" never matches: bad pattern: {}",
                condition.place.file, condition.place.line, entry.name, pattern.error().what);
    }
    compiled.when.push_back(
        {&condition, field, pattern ? std::optional<Pattern>(std::move(*pattern)) : std::nullopt});
  }
  compiled.captures_from = capturing(compiled.when);
  return compiled;
}

/// A peer's text as people may see it: short, on one line.
std::string shown(std::string_view text) {
  constexpr std::size_t enough = 80;
  std::string out(text.substr(0, enough));
  std::replace_if(
      out.begin(), out.end(), [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 127; }, '?');
  return text.size() > enough ? out + "…" : out;
}

using Explain = std::function<void(const std::string&)>;

/// One call's way through one context.
class Walk {
 public:
  Walk(const Context& context, const config::Snapshot& snapshot, const Variables& variables,
       const Explain& explain)
      : context_(context),
        snapshot_(snapshot),
        variables_(variables),
        explain_(explain),
        values_(context.fields.size()) {}

  std::optional<Match> run(std::size_t from);

 private:
  bool fits(const CompiledEntry& entry, Captures& captures);
  bool fits(const CompiledEntry& entry, const CompiledCondition& condition, Captures& captures);
  [[nodiscard]] static std::vector<Step> steps_of(const CompiledEntry& entry, const Captures& captures);
  /// Why a condition does not hold, for `explain`.
  [[nodiscard]] std::string reason(Fit fit, const CompiledCondition& condition, std::string_view value) const;
  const std::string& value(std::size_t field);

  const Context& context_;
  const config::Snapshot& snapshot_;
  const Variables& variables_;
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

bool Walk::fits(const CompiledEntry& entry, const CompiledCondition& condition, Captures& captures) {
  const auto& subject = value(condition.field);
  const auto fit = condition.pattern ? condition.pattern->fit(subject, search_, captures) : Fit::differs;
  if (fit == Fit::fits) return true;
  const bool gave_up = fit == Fit::too_hard || fit == Fit::too_long;
  if (gave_up && log::enabled(Level::warning, Subsystem::dialplan)) {
    log::line(Level::warning, Subsystem::dialplan, variables_("uuid"),
              "entry \"{}\" counts as not matching: {}", entry.source->name, reason(fit, condition, subject));
  }
  if (explain_) {
    explain_(fmt::format("\"{}\" does not match: {}", entry.source->name, reason(fit, condition, subject)));
  }
  return false;
}

bool Walk::fits(const CompiledEntry& entry, Captures& captures) {
  for (std::size_t i = 0; i < entry.when.size(); ++i) {
    Captures of_this;
    if (!fits(entry, entry.when[i], of_this)) return false;
    if (i == entry.captures_from) captures = of_this;
  }
  if (explain_) {
    std::string held;
    for (const auto& condition : entry.when) {
      held += fmt::format("{}{} is \"{}\", which fits {}", held.empty() ? ": " : ", and ",
                          condition.source->field, shown(value(condition.field)), condition.source->pattern);
    }
    explain_(
        fmt::format("\"{}\" matches{}", entry.source->name, held.empty() ? ": it has no conditions" : held));
  }
  return true;
}

std::vector<Step> Walk::steps_of(const CompiledEntry& entry, const Captures& captures) {
  std::vector<Step> steps;
  for (const auto& action : entry.source->actions) {
    steps.push_back({action.application, with_captures(action.argument, captures), entry.source->name});
  }
  return steps;
}

std::optional<Match> Walk::run(std::size_t from) {
  const auto count = context_.entries.size();
  for (std::size_t i = from; i < count; ++i) {
    const auto& entry = context_.entries[i];
    Captures captures;
    if (fits(entry, captures)) {
      return Match{steps_of(entry, captures), entry.source->continue_after ? i + 1 : count + 1};
    }
  }
  if (from <= count && explain_) explain_("no other entry is left");
  return std::nullopt;
}

}  // namespace

class Dialplan::Impl {
 public:
  explicit Impl(config::SnapshotPtr snapshot) : snapshot_(std::move(snapshot)) {
    for (const auto& [name, entries] : snapshot_->contexts) {
      auto& context = contexts_[name];
      for (const auto& entry : entries) {
        context.entries.push_back(compile(entry, context.fields));
      }
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

std::optional<Match> Dialplan::match(std::string_view context, const Variables& variables, std::size_t from,
                                     const Explain& explain) const {
  const auto* found = impl_->find(context);
  if (found == nullptr) {
    if (explain) explain(fmt::format("there is no context \"{}\"", shown(context)));
    return std::nullopt;
  }
  return Walk(*found, impl_->snapshot(), variables, explain).run(from);
}

}  // namespace switchroom::dialplan
