// play_and_get_digits and read: what a caller types, into a variable.
#include "call/digits.hpp"

#include "apps/argument.hpp"
#include "apps/list.hpp"
#include "base/log.hpp"
#include "call/call.hpp"
#include "call/playing.hpp"
#include "call/sounds.hpp"
#include "dialplan/pattern.hpp"

#include <fmt/core.h>

namespace switchroom::apps {
namespace {

constexpr std::size_t most_digits = 128;
constexpr unsigned most_tries = 100;

/// What both applications read from their arguments.
struct Question {
  std::size_t least = 0;
  std::size_t most = 1;
  unsigned tries = 1;
  std::chrono::milliseconds timeout{0};
  std::chrono::milliseconds digit_timeout{0};  // 0: as timeout
  std::string terminators;
  std::string prompt;
  std::string invalid;
  std::string variable;
  std::string pattern;
  std::string on_failure;
};

std::string own_terminators(const std::string& text) { return text == "none" ? std::string() : text; }

/// "none", "silence" or a file that is not there at all: nothing is played.
std::string own_sound(const std::string& text) {
  return text == "none" || text == "silence" ? std::string() : text;
}

bool read_number(const std::string& word, unsigned& value) {
  const auto number = whole_number(word);
  value = number.value_or(0);
  return number.has_value();
}

constexpr std::string_view full_usage =
    "it takes MIN MAX TRIES TIMEOUT TERMINATORS PROMPT INVALID VARIABLE PATTERN [DIGIT_TIMEOUT "
    "[TRANSFER_TO]], as "
    "in 5 5 3 10000 # enter.wav wrong.wav account \\d{5}";

base::result<Question> full_question(std::string_view argument) {
  const auto part = words(argument);
  unsigned least = 0;
  unsigned most = 0;
  unsigned timeout = 0;
  unsigned between = 0;
  Question question;
  if (part.size() < 9 || !read_number(part[0], least) || !read_number(part[1], most) ||
      !read_number(part[2], question.tries) || !read_number(part[3], timeout)) {
    return base::Error{std::string(full_usage)};
  }
  question.least = least, question.most = most;
  question.timeout = std::chrono::milliseconds(timeout);
  question.terminators = own_terminators(part[4]);
  question.prompt = own_sound(part[5]);
  question.invalid = own_sound(part[6]);
  question.variable = part[7];
  question.pattern = part[8];
  if (part.size() > 9 && !read_number(part[9], between)) {
    return base::Error{fmt::format("\"{}\" is not the milliseconds between two digits", part[9])};
  }
  question.digit_timeout = std::chrono::milliseconds(between);
  for (std::size_t i = 10; i < part.size(); ++i) {
    question.on_failure += (i == 10 ? "" : " ") + part[i];
  }
  return question;
}

base::result<Question> short_question(std::string_view argument) {
  const auto part = words(argument);
  unsigned least = 0;
  unsigned most = 0;
  unsigned timeout = 0;
  if (part.size() < 5 || part.size() > 6 || !read_number(part[0], least) || !read_number(part[1], most) ||
      !read_number(part[4], timeout)) {
    return base::Error{
        "it takes MIN MAX PROMPT VARIABLE TIMEOUT [TERMINATORS], as in 4 4 enter.wav pin 10000 #"};
  }
  Question question;
  question.least = least, question.most = most;
  question.prompt = own_sound(part[2]);
  question.variable = part[3];
  question.timeout = std::chrono::milliseconds(timeout);
  question.terminators = part.size() > 5 ? own_terminators(part[5]) : "#";
  return question;
}

std::string check_question(const base::result<Question>& question, const config::Snapshot& config) {
  if (!question) {
    return question.error().what;
  }
  if (question->most < 1 || question->most > most_digits || question->least > question->most) {
    return fmt::format("the numbers of digits are 0 to {}, the least before the most", most_digits);
  }
  if (question->tries < 1 || question->tries > most_tries) {
    return fmt::format("the tries are 1 to {}", most_tries);
  }
  if (const auto pattern = dialplan::Pattern::compile(question->pattern); !pattern) {
    return "bad pattern: " + pattern.error().what;
  }
  for (const auto& sound : {question->prompt, question->invalid}) {
    if (std::string wrong = sound.empty() ? std::string() : call::check_sounds(sound, config);
        !wrong.empty()) {
      return wrong;
    }
  }
  return {};
}

std::string check_full(std::string_view argument, const config::Snapshot& config) {
  return is_computed(argument) ? std::string() : check_question(full_question(argument), config);
}
std::string check_short(std::string_view argument, const config::Snapshot& config) {
  return is_computed(argument) ? std::string() : check_question(short_question(argument), config);
}

/// The whole of what was typed must fit.
bool fits(const std::string& pattern, const std::string& digits) {
  const auto compiled = dialplan::Pattern::compile(pattern.empty() ? ".*" : "^(?:" + pattern + ")$");
  dialplan::Search search;
  dialplan::Captures captures;
  return compiled && compiled->fit(digits, search, captures) == dialplan::Fit::fits;
}

awaitable<void> ask(call::Call& call, Question question) {
  call.variables().set(question.variable, "");
  if (!call.hear_early()) {
    co_return;
  }
  for (unsigned attempt = 0; attempt < question.tries; ++attempt) {
    call::DigitRules rules;
    rules.most = question.most;
    rules.first = question.timeout;
    rules.between = question.digit_timeout.count() != 0 ? question.digit_timeout : question.timeout;
    rules.terminators = question.terminators;
    const call::Typed typed = co_await call::ask_for_digits(call, question.prompt, std::move(rules));
    if (typed.over) {
      co_return;
    }
    if (typed.digits.size() >= question.least && fits(question.pattern, typed.digits)) {
      call.variables().set(question.variable, typed.digits);
      call.variables().set("read_result", "success");
      co_return;
    }
    if (!question.invalid.empty()) {
      (void)co_await call::play_sounds(call, question.invalid, "");
    }
  }
  call.variables().set("read_result", "failure");
  if (!question.on_failure.empty() && !call.leaving()) {
    call.transfer(call::destination(question.on_failure));
  }
}

void complain(call::Call& call, std::string_view application, const std::string& why) {
  switchroom::log::line(switchroom::log::Level::error, switchroom::log::Subsystem::dialplan, call.uuid(),
                        "{}: {}", application, why);
}

awaitable<void> run_full(call::Call& call, std::string argument) {
  auto question = full_question(argument);
  if (const auto wrong = check_question(question, call.config()); !wrong.empty() && !question) {
    complain(call, "play_and_get_digits", wrong);
    co_return;
  }
  co_await ask(call, std::move(*question));
}

awaitable<void> run_short(call::Call& call, std::string argument) {
  auto question = short_question(argument);
  if (!question) {
    complain(call, "read", question.error().what);
    co_return;
  }
  co_await ask(call, std::move(*question));
}

}  // namespace

Application play_and_get_digits() {
  return {
      "play_and_get_digits",
      "MIN MAX TRIES TIMEOUT TERMINATORS PROMPT INVALID VARIABLE PATTERN [DIGIT_TIMEOUT [TRANSFER_TO]]",
      "Plays PROMPT and collects MIN to MAX digits into VARIABLE; a key ends the prompt, one of TERMINATORS "
      "(or `none`) the digits. Times are milliseconds: to the first digit from the end of the prompt, and "
      "between two. What does not fit the PATTERN as a whole, or is too short, is followed by INVALID "
      "(`none`) "
      "and asked for again, TRIES times in all; then VARIABLE is unset, read_result is `failure` and the "
      "call goes to TRANSFER_TO if that is given.",
      check_full, run_full};
}

Application read() {
  return {"read", "MIN MAX PROMPT VARIABLE TIMEOUT [TERMINATORS]",
          "The same in short: one try, any digits, `#` ends them.", check_short, run_short};
}

}  // namespace switchroom::apps
