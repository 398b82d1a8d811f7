#include "dialplan/compiled.hpp"

#include "base/log.hpp"
#include "dialplan/fields.hpp"

#include <algorithm>

namespace switchroom::dialplan {
namespace {

using log::Level;
using log::Subsystem;

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

class Compiler {
 public:
  Compiler(const config::Snapshot& snapshot, std::vector<std::string>& fields)
      : snapshot_(snapshot), fields_(fields) {}

  CompiledEntry entry(const config::ContextEntry& source) {
    name_ = source.name;
    return {&source, branch(source)};
  }

 private:
  template <class Source>
  Branch branch(const Source& source) {
    Branch compiled;
    for (const auto& one : source.when) {
      compiled.when.push_back(is_time_field(one.field) ? time(one) : pattern(one));
    }
    for (const auto& one : source.any) {
      compiled.any.push_back(is_time_field(one.field) ? time(one) : pattern(one));
    }
    for (const auto& one : source.cases) {
      compiled.cases.push_back(branch(one));
    }
    compiled.captures_from = capturing(compiled.when);
    compiled.actions = &source.actions;
    compiled.otherwise = &source.otherwise;
    return compiled;
  }

  CompiledCondition pattern(const config::Condition& source) {
    CompiledCondition condition;
    condition.source = &source;
    const auto known = std::find(fields_.begin(), fields_.end(), source.field);
    condition.field = static_cast<std::size_t>(known - fields_.begin());
    if (known == fields_.end()) fields_.push_back(source.field);
    if (auto pattern = Pattern::compile(source.pattern)) {
      condition.pattern = std::move(*pattern);
    } else {
      complain(source, "bad pattern: " + pattern.error().what);
    }
    return condition;
  }

  CompiledCondition time(const config::Condition& source) {
    CompiledCondition condition;
    condition.source = &source;
    condition.of_time = true;
    condition.negated = source.field == "hours" && source.pattern.starts_with('!');
    const std::string name = source.pattern.substr(condition.negated ? 1 : 0);
    const auto hours = snapshot_.hours.find(name);
    auto schedule = source.field != "hours"          ? parse_schedule(source.field, source.pattern)
                    : hours != snapshot_.hours.end() ? parse_hours(hours->second)
                                                     : base::Error{"there is no [hours." + name + "]"};
    if (schedule) {
      condition.schedule = std::move(*schedule);
    } else {
      complain(source, schedule.error().what);
    }
    return condition;
  }

  void complain(const config::Condition& source, const std::string& what) const {
    log::line(Level::error, Subsystem::dialplan, "", "{}:{}: entry \"{}\" never matches: {}",
              source.place.file, source.place.line, name_, what);
  }

  const config::Snapshot& snapshot_;
  std::vector<std::string>& fields_;
  std::string name_;
};

}  // namespace

Context compile(const config::Snapshot& snapshot, const std::vector<config::ContextEntry>& entries) {
  Context context;
  for (const auto& entry : entries) {
    context.entries.push_back(Compiler(snapshot, context.fields).entry(entry));
  }
  return context;
}

}  // namespace switchroom::dialplan
