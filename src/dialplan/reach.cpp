#include "dialplan/reach.hpp"

#include "dialplan/fields.hpp"
#include "dialplan/pattern.hpp"

#include <algorithm>

namespace switchroom::dialplan {
namespace {

bool may_hold(const config::Condition& condition, const std::string& number,
              const config::Snapshot& snapshot) {
  if (condition.field == "${is_extension}") {
    return snapshot.extensions.contains(number);
  }
  if (!is_dialled_number(condition.field)) {
    return true;  // only the call will know
  }
  const auto pattern = Pattern::compile(condition.pattern);
  if (!pattern) {
    return true;  // wrong, which is told elsewhere
  }
  Search search;
  Captures captures;
  return pattern->fit(number, search, captures) != Fit::differs;
}

/// Does a step give the call another number on its way through the context?
bool changes_number(const std::vector<config::Action>& actions) {
  return std::any_of(actions.begin(), actions.end(), [](const config::Action& action) {
    return action.argument.starts_with("destination_number=");
  });
}

/// An entry or one of its cases, at any depth.
template <class Branch>
bool branch_changes_number(const Branch& branch) {
  return changes_number(branch.actions) || changes_number(branch.otherwise) ||
         std::any_of(branch.cases.begin(), branch.cases.end(),
                     [](const config::Case& one) { return branch_changes_number(one); });
}

}  // namespace

bool may_reach(const std::string& context, const std::string& number, const config::Snapshot& snapshot) {
  if (snapshot.emergency.has(number)) {
    return true;
  }
  const auto found = snapshot.contexts.find(context);
  return found != snapshot.contexts.end() &&
         std::any_of(found->second.begin(), found->second.end(), [&](const config::ContextEntry& entry) {
           return branch_changes_number(entry) ||
                  std::all_of(entry.when.begin(), entry.when.end(), [&](const config::Condition& condition) {
                    return may_hold(condition, number, snapshot);
                  });
         });
}

}  // namespace switchroom::dialplan
