#include "call/digit_actions.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace switchroom::call {
namespace {

constexpr std::string_view all_keys = "0123456789*#ABCD";
constexpr std::size_t most_bindings = 200;
constexpr std::size_t longest = 32;  // digits that are looked at

/// At commas that no backslash stands before.
std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> parts(1);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size() && text[i + 1] == ',') {
      parts.back() += text[++i];
    } else if (text[i] == ',') {
      parts.emplace_back();
    } else {
      parts.back() += text[i];
    }
  }
  return parts;
}

base::result<std::string> application_in(std::string_view action) {
  for (const std::string_view scheme : {"exec:", "exec[i]:"}) {
    if (action.starts_with(scheme) && action.size() > scheme.size()) {
      return base::success(std::string(action.substr(scheme.size())));
    }
  }
  return base::Error{fmt::format("\"{}\" is not an action: exec:APPLICATION", action)};
}

/// The legs at the end of the parts, of which at least three stay.
void take_legs(std::vector<std::string>& parts, DigitBinding& binding) {
  std::vector<Legs> legs;
  while (parts.size() > 3 && legs.size() < 2) {
    const auto last = parse_legs(parts.back());
    if (!last) {
      break;
    }
    legs.insert(legs.begin(), *last);
    parts.pop_back();
  }
  binding.hears = legs.empty() ? binding.hears : legs[0];
  binding.acts = legs.size() < 2 ? binding.acts : legs[1];
}

}  // namespace

std::optional<Legs> parse_legs(std::string_view text) {
  return text == "self"   ? std::optional(Legs{true, false})
         : text == "peer" ? std::optional(Legs{false, true})
         : text == "both" ? std::optional(Legs{true, true})
                          : std::nullopt;
}

base::result<DigitBinding> parse_digit_binding(std::string_view text) {
  auto parts = split(text);
  if (parts.size() < 3 || parts[1].empty()) {
    return base::Error{"it takes REALM,DIGITS,exec:APPLICATION[,ARGUMENT][,self|peer|both[,self|peer|both]]"};
  }
  DigitBinding binding;
  take_legs(parts, binding);
  binding.realm = parts[0].empty() ? "default" : parts[0];
  binding.digits = parts[1];
  if (binding.digits.starts_with('~')) {
    binding.digits.erase(0, 1);
    auto pattern = dialplan::Pattern::compile("^(?:" + binding.digits + ")$");
    if (!pattern) {
      return base::Error{"bad pattern: " + pattern.error().what};
    }
    binding.pattern = std::make_shared<const dialplan::Pattern>(std::move(*pattern));
  } else if (binding.digits.find_first_not_of(all_keys) != std::string::npos ||
             binding.digits.size() > longest) {
    return base::Error{fmt::format("\"{}\" is not a row of keys; a pattern begins with ~", binding.digits)};
  }
  auto application = application_in(parts[2]);
  if (!application) {
    return application.error();
  }
  binding.application = std::move(*application);
  for (std::size_t i = 3; i < parts.size(); ++i) {
    binding.argument += (i == 3 ? "" : ",") + parts[i];
  }
  return binding;
}

DigitActions::DigitActions(base::Timers& timers, std::function<void()> on_action,
                           std::function<void(Side, const std::vector<KeyPress>&)> give_back)
    : timers_(timers), on_action_(std::move(on_action)), give_back_(std::move(give_back)) {}

DigitActions::~DigitActions() {
  for (const Ear& one : ears_) {
    timers_.cancel(one.timer);
  }
}

void DigitActions::bind(DigitBinding binding, Side by) {
  for (const Side side : {Side::caller, Side::callee}) {
    if (!(side == by ? binding.hears.self : binding.hears.peer)) {
      continue;
    }
    Ear& here = ear(side);
    std::erase_if(here.bindings, [&](const DigitBinding& one) {
      return one.realm == binding.realm && one.digits == binding.digits &&
             (one.pattern == nullptr) == (binding.pattern == nullptr);
    });
    if (here.bindings.size() < most_bindings) {
      here.bindings.push_back(binding);
    }
    if (!here.realm) {
      here.realm = binding.realm;
    }
  }
}

void DigitActions::choose_realm(const std::string& realm, Side side) {
  ear(side).realm = realm.empty() ? "default" : realm;
  ear(side).typed.clear();
}

void DigitActions::clear(const std::string& realm, Side side) {
  std::erase_if(ear(side).bindings,
                [&](const DigitBinding& one) { return realm == "all" || one.realm == realm; });
}

bool DigitActions::listens_to(Side side) const {
  const Ear& here = ears_[static_cast<std::size_t>(side)];
  return std::ranges::any_of(here.bindings, [&](const auto& one) { return one.realm == here.realm; });
}

const DigitBinding* DigitActions::match(const Ear& here) const {
  dialplan::Search search;
  const auto found = std::ranges::find_if(here.bindings, [&](const DigitBinding& one) {
    dialplan::Captures captures;
    return one.realm == here.realm &&
           (one.pattern ? one.pattern->fit(here.typed, search, captures) == dialplan::Fit::fits
                        : one.digits == here.typed);
  });
  return found == here.bindings.end() ? nullptr : &*found;
}

/// Could one more key, or none, make an action out of what was typed?
bool DigitActions::may_follow(const Ear& here) const {
  dialplan::Search search;
  return std::ranges::any_of(here.bindings, [&](const DigitBinding& one) {
    if (one.realm != here.realm) {
      return false;
    }
    if (!one.pattern) {
      return one.digits.size() > here.typed.size() && one.digits.starts_with(here.typed);
    }
    return here.typed.size() < longest &&
           std::ranges::any_of(
               all_keys, [&](char key) { return one.pattern->may_begin(here.typed + key, search); });
  });
}

bool DigitActions::hear(Side side, const KeyPress& press, bool hold) {
  if (!listens_to(side)) {
    return false;
  }
  Ear& here = ear(side);
  timers_.cancel(here.timer);
  here.timer = 0;
  here.typed += press.key;
  if (hold) {
    here.held.push_back(press);
  }
  while (!here.typed.empty()) {
    const auto* const found = match(here);
    if (may_follow(here)) {
      here.timer = timers_.after(digit_timeout_, [this, side] { on_timeout(side); });
      return hold;
    }
    if (found != nullptr) {
      fire(side, *found);
      return hold;
    }
    if (here.typed.size() == 1 && hold) {  // it never was ours: the caller of this keeps it in its place
      here.typed.clear();
      here.held.clear();
      return false;
    }
    forget_first(side);
  }
  return false;
}

/// A row that leads nowhere: the next key may begin one that does.
void DigitActions::forget_first(Side side) {
  Ear& here = ear(side);
  here.typed.erase(0, 1);
  if (!here.held.empty()) {
    const KeyPress first = here.held.front();
    here.held.erase(here.held.begin());
    give_back_(side, {first});
  }
}

void DigitActions::fire(Side side, const DigitBinding& binding) {
  Ear& here = ear(side);
  actions_.push_back({side, binding.acts, here.typed, binding.application, binding.argument});
  here.typed.clear();
  here.held.clear();
  on_action_();
}

void DigitActions::on_timeout(Side side) {
  Ear& here = ear(side);
  here.timer = 0;
  if (const auto* const found = match(here)) {
    fire(side, *found);
    return;
  }
  here.typed.clear();
  if (auto held = std::exchange(here.held, {}); !held.empty()) {
    give_back_(side, held);
  }
}

std::optional<DigitAction> DigitActions::next() {
  if (actions_.empty()) {
    return std::nullopt;
  }
  DigitAction action = std::move(actions_.front());
  actions_.pop_front();
  return action;
}

}  // namespace switchroom::call
