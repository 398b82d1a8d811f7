// pbxctl route, regex, dialplan show: the rules explain themselves.
#include "config/suggestions.hpp"
#include "dialplan/pattern.hpp"
#include "main/commands.hpp"
#include "main/route.hpp"
#include "main/server.hpp"

#include <boost/json.hpp>
#include <fmt/core.h>

#include <optional>
#include <utility>

namespace switchroom::main {
namespace {

namespace json = boost::json;
using control::Answer;

constexpr std::size_t most_words = 64;

base::Error no_context(const std::string& name, const config::Snapshot& config) {
  return base::Error{fmt::format("there is no context \"{}\"{}", name,
                                 config::did_you_mean(name, config::names_of(config.contexts)))};
}

// -- route -----------------------------------------------------------------------------------------

constexpr std::string_view route_usage =
    "usage: route NUMBER [--from NUMBER] [--context NAME] [--at \"Sat 10:00\"] [--var NAME=VALUE]…";

/// "--from 1001" and "--from=1001" alike.
std::optional<std::string> option(const Arguments& words, std::size_t& at, std::string_view name) {
  const std::string& word = words[at];
  if (word == name) {
    return at + 1 < words.size() ? std::optional(words[++at]) : std::nullopt;
  }
  return word.substr(name.size() + 1);
}

bool is_option(const std::string& word, std::string_view name) {
  return word == name || (word.starts_with(name) && word.substr(name.size()).starts_with("="));
}

/// Empty when it was understood.
std::string read_option(RouteQuestion& question, const Arguments& words, std::size_t& at) {
  for (const auto& [name, place] :
       {std::pair{"--from", &question.from}, std::pair{"--context", &question.context}}) {
    if (is_option(words[at], name)) {
      auto text = option(words, at, name);
      *place = text.value_or("");
      return text && !text->empty() ? std::string() : fmt::format("{} wants a value", name);
    }
  }
  if (is_option(words[at], "--at")) {
    const auto text = option(words, at, "--at");
    const auto when = text ? dialplan::moment(*text, base::wall_now()) : std::nullopt;
    question.at = when.value_or(0);
    return when ? std::string()
                : "--at wants a moment: \"Sat 10:00\", 10:00, 2026-12-25 or \"2026-12-25 10:00\"";
  }
  if (is_option(words[at], "--var")) {
    const auto text = option(words, at, "--var");
    const auto equals = text ? text->find('=') : std::string::npos;
    if (equals == std::string::npos || equals == 0) {
      return "--var wants NAME=VALUE";
    }
    question.variables.emplace_back(text->substr(0, equals), text->substr(equals + 1));
    return {};
  }
  return fmt::format("\"{}\" is not understood; {}", words[at], route_usage);
}

base::result<RouteQuestion> read_question(const Arguments& words, const config::Snapshot& config) {
  RouteQuestion question;
  question.at = base::wall_now();
  for (std::size_t at = 0; at < words.size(); ++at) {
    if (!words[at].starts_with("--") && question.number.empty()) {
      question.number = words[at];
    } else if (auto wrong = read_option(question, words, at); !wrong.empty()) {
      return base::Error{std::move(wrong)};
    }
  }
  if (question.number.empty()) {
    return base::Error{std::string(route_usage)};
  }
  if (!question.context.empty() && !config.contexts.contains(question.context)) {
    return no_context(question.context, config);
  }
  return question;
}

Reply route(Server& server, const Arguments& words) {
  const auto question = read_question(words, server.config());
  if (!question) {
    return question.error();
  }
  RouteWalk walk(server.config(), server.dialplan(), server.registrar());
  return Answer{walk.run(*question), {"context", "number", "entry", "result", "about"}};
}

// -- regex -----------------------------------------------------------------------------------------

Reply regex(const Arguments& words) {
  const auto pattern = dialplan::Pattern::compile(words[1]);
  if (!pattern) {
    return base::Error{"bad pattern: " + pattern.error().what};
  }
  dialplan::Search search;
  dialplan::Captures captures;
  const auto fit = pattern->fit(words[0], search, captures);
  if (fit == dialplan::Fit::too_hard) {
    return base::Error{"the search was given up, it takes too many steps: in a rule it would never match"};
  }
  if (fit == dialplan::Fit::too_long) {
    return base::Error{fmt::format("the text is longer than {} bytes: in a rule it would never match",
                                   dialplan::longest_subject)};
  }
  json::object data{{"matches", fit == dialplan::Fit::fits}};
  if (fit == dialplan::Fit::fits) {
    std::size_t last = captures.size();
    while (last > 1 && captures[last - 1].empty()) --last;
    for (std::size_t i = 0; i < last; ++i) {
      data[fmt::format("${}", i)] = captures[i];
    }
  }
  return Answer{std::move(data), {}};
}

// -- dialplan show ---------------------------------------------------------------------------------

std::string in_words(const std::vector<config::Condition>& conditions, std::string_view between) {
  std::string text;
  for (const auto& one : conditions) {
    text += (text.empty() ? "" : std::string(between)) + one.field + " " + one.pattern;
  }
  return text;
}

std::string in_words(const std::vector<config::Action>& actions) {
  std::string text;
  for (const auto& one : actions) {
    text += (text.empty() ? "" : "; ") + one.application + (one.argument.empty() ? "" : " " + one.argument);
  }
  return text;
}

template <class Branch>
void add_rows(json::array& rows, const std::string& context, const std::string& name, const Branch& branch) {
  std::string when = in_words(branch.when, " and ");
  if (!branch.any.empty()) {
    when += (when.empty() ? "" : " and ") + ("(" + in_words(branch.any, " or ") + ")");
  }
  const auto add = [&](std::string condition, std::string does) {
    const std::string place =
        branch.place.line == 0 ? "" : fmt::format("{}:{}", branch.place.file, branch.place.line);
    rows.emplace_back(json::object{{"context", context},
                                   {"entry", name},
                                   {"when", std::move(condition)},
                                   {"do", std::move(does)},
                                   {"place", place}});
  };
  add(when.empty() ? "always" : when, in_words(branch.actions));
  if (!branch.otherwise.empty()) {
    add("else", in_words(branch.otherwise));
  }
  std::size_t number = 0;
  for (const auto& one : branch.cases) {
    add_rows(rows, context, fmt::format("{}, case {}", name, ++number), one);
  }
}

Reply show_dialplan(const config::Snapshot& config, const Arguments& words) {
  if (!words.empty() && !config.contexts.contains(words[0])) {
    return no_context(words[0], config);
  }
  json::array rows;
  for (const auto& [context, entries] : config.contexts) {
    if (!words.empty() && context != words[0]) {
      continue;
    }
    for (const auto& entry : entries) {
      add_rows(rows, context, entry.name + (entry.continue_after ? " (continue)" : ""), entry);
    }
  }
  return Answer{std::move(rows), {"context", "entry", "when", "do"}};
}

}  // namespace

void add_dialplan_commands(control::CommandTable& table, Server& server) {
  table.add({"route", "NUMBER [--from N] [--context C] [--at WHEN] [--var N=V]…",
             "what the rules would do with a call, entry by entry, and why",
             now([&](const Arguments& words) { return route(server, words); }), 1, most_words});
  table.add({"regex", "TEXT PATTERN", "whether a pattern fits, and its captures", now(regex), 2, 2});
  table.add({"dialplan show", "[CONTEXT]", "the contexts in reading order, with what short sections became",
             now([&](const Arguments& words) { return show_dialplan(server.config(), words); }), 0, 1});
}

}  // namespace switchroom::main
