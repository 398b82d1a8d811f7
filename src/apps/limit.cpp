#include "apps/argument.hpp"
#include "apps/list.hpp"
#include "base/log.hpp"
#include "call/call.hpp"
#include "call/events.hpp"
#include "call/limits.hpp"
#include "call/shared.hpp"

#include <fmt/core.h>

namespace switchroom::apps {
namespace {

constexpr unsigned longest_interval = 7U * 24 * 3600;  // s

struct Question {
  call::Limits::Wish wish;
  std::string transfer;
};

/// "10", "10/60" (in so many seconds), "-1" for no limit.
bool read_most(std::string_view text, call::Limits::Wish& wish) {
  if (text == "-1") {
    return true;
  }
  const auto slash = std::min(text.find('/'), text.size());
  const auto most = whole_number(text.substr(0, slash));
  if (!most) {
    return false;
  }
  wish.most = most;
  if (slash < text.size()) {
    const auto seconds = whole_number(text.substr(slash + 1));
    wish.within = std::chrono::seconds(seconds.value_or(0));
    return seconds && *seconds > 0 && *seconds <= longest_interval;
  }
  return true;
}

base::result<Question> question_in(std::string_view argument) {
  const auto part = words(argument);
  const bool is_long = !part.empty() && (part[0] == "hash" || part[0] == "db") && part.size() > 2;
  const std::size_t at = is_long ? 3 : 1;
  Question question;
  if (part.empty() || part.size() < (is_long ? 3 : 2) ||
      (part.size() > at && !read_most(part[at], question.wish))) {
    return base::Error{
        "it takes NAME MAX [TRANSFER] or hash REALM ID MAX [TRANSFER]; MAX is calls at once, or "
        "CALLS/SECONDS"};
  }
  question.wish.name = is_long ? part[1] + "_" + part[2] : part[0];
  for (std::size_t i = at + 1; i < part.size(); ++i) {
    question.transfer += (question.transfer.empty() ? "" : " ") + part[i];
  }
  return question;
}

std::string check_limit(std::string_view argument, const config::Snapshot& /*config*/) {
  const auto question = question_in(argument);
  return question || is_computed(argument) ? std::string() : question.error().what;
}

void refuse(call::Call& call, const Question& question) {
  switchroom::log::line(
      switchroom::log::Level::warning, switchroom::log::Subsystem::dialplan, call.uuid(),
      "limit {} is reached: {}{}", question.wish.name, question.wish.most.value_or(0),
      question.wish.within == base::Duration::zero() ? " calls at once" : " calls in its time");
  call.services().events.publish("limit.reached", {{"call", call.uuid()}, {"limit", question.wish.name}});
  call.variables().set("limit_exceeded", question.wish.name);
  if (question.transfer.empty()) {
    call.end_with({call::cause_by_name("NORMAL_CIRCUIT_CONGESTION"), 0, {}, "switchroom"});
  } else {
    call.transfer(call::destination(question.transfer));
  }
}

awaitable<void> run_limit(call::Call& call, std::string argument) {
  const auto question = question_in(argument);
  if (!question) {
    switchroom::log::line(switchroom::log::Level::error, switchroom::log::Subsystem::dialplan, call.uuid(),
                          "limit: {}", question.error().what);
    co_return;
  }
  auto& limits = call.services().shared.limits;
  auto hold = limits.take(question->wish, call.services().timers.now());
  if (hold == nullptr) {
    refuse(call, *question);
    co_return;
  }
  call.keep(std::move(hold));
  const std::string usage = std::to_string(limits.used(question->wish.name));
  call.variables().set("limit_usage", usage);
  call.variables().set("limit_usage_" + question->wish.name, usage);
}

}  // namespace

Application limit() {
  return {"limit", "NAME MAX [TRANSFER] or hash REALM ID MAX [TRANSFER]",
          "Counts this call until it ends under NAME (or REALM_ID). When MAX are counted already, the call "
          "goes on at TRANSFER (`NUMBER [CONTEXT]`), or ends with NORMAL_CIRCUIT_CONGESTION. `5/60` is five "
          "calls that begin in 60 seconds, `-1` only counts; `limit_usage` is the number, "
          "`${limit_usage(NAME)}` reads any.",
          check_limit, run_limit};
}

}  // namespace switchroom::apps
