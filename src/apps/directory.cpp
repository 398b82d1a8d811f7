// directory: people by their names, spelled on the keys.
#include "apps/argument.hpp"
#include "apps/list.hpp"
#include "base/log.hpp"
#include "call/call.hpp"
#include "call/digits.hpp"
#include "call/playing.hpp"
#include "dialplan/keypad.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

namespace switchroom::apps {
namespace {

using namespace std::chrono_literals;

constexpr unsigned most_searches = 5;
constexpr std::size_t most_found = 20;
constexpr std::size_t longest_entry = 32;

struct Request {
  bool by_last_name = true;
  std::string context;  // empty: where the call is
};

/// "[last|first] [CONTEXT]"; FreeSWITCH's "PROFILE DOMAIN [CONTEXT]" means the same.
Request request_in(std::string_view argument) {
  auto part = words(argument);
  Request request;
  if (!part.empty() && (part[0] == "first" || part[0] == "last")) {
    request.by_last_name = part[0] == "last";
    part.erase(part.begin());
  }
  if (part.size() == 1 || part.size() == 3) {
    request.context = part.back();
  }
  return request;
}

std::string check_directory(std::string_view argument, const config::Snapshot& config) {
  const Request request = request_in(argument);
  if (words(argument).size() > 4) {
    return "it takes last or first, and a context if it is another one";
  }
  return request.context.empty() || is_computed(request.context) || config.contexts.contains(request.context)
             ? ""
             : "there is no context \"" + request.context + "\"";
}

/// A caller who looks for somebody. Lives in the frame of run_directory().
class Search {
 public:
  Search(call::Call& call, Request request) : call_(call), request_(std::move(request)) {}

  awaitable<void> run() {
    for (unsigned search = 0; search < most_searches && !call_.leaving(); ++search) {
      const call::Typed typed = co_await ask_for_letters();
      if (typed.over || (typed.digits.empty() && typed.terminator != '*')) {
        break;
      }
      if (typed.digits.empty()) {
        request_.by_last_name = !request_.by_last_name;
        continue;
      }
      const auto found = matches(typed.digits);
      if (found.empty()) {
        (void)co_await call::play_sounds(call_, "directory/dir-nomatch.wav", "");
        continue;
      }
      if (const auto* chosen = co_await choose(found)) {
        call_.variables().set("directory_result", chosen->number);
        call_.transfer(call::Destination{chosen->number, request_.context});
        co_return;
      }
    }
    call_.variables().set("directory_result", "");
  }

 private:
  awaitable<call::Typed> ask_for_letters() {
    call::DigitRules rules;
    rules.most = longest_entry;
    rules.between = 3s;
    rules.terminators = "#*";
    co_return co_await call::ask_for_digits(
        call_, request_.by_last_name ? "directory/dir-intro.wav" : "directory/dir-intro-fn.wav",
        std::move(rules));
  }

  [[nodiscard]] std::vector<const config::Extension*> matches(const std::string& keys) const {
    std::vector<const config::Extension*> found;
    for (const auto& [number, extension] : call_.config().extensions) {
      if (!extension.listed || extension.name.empty() || found.size() == most_found) {
        continue;
      }
      const std::string name =
          request_.by_last_name ? dialplan::last_name_first(extension.name) : extension.name;
      if (dialplan::keys_of(name).starts_with(keys)) {
        found.push_back(&extension);
      }
    }
    std::ranges::sort(found, {}, [](const auto* one) { return one->name; });
    return found;
  }

  /// 1 is the one, *, 6 or silence the next, 4 the one before, # another search. Null: none of them.
  awaitable<const config::Extension*> choose(std::vector<const config::Extension*> found) {
    for (std::size_t at = 0; at < found.size() && !call_.leaving();) {
      std::string name = found[at]->name;
      std::ranges::replace(name, '!', '.');
      call::DigitRules rules;
      rules.first = 4s;
      rules.terminators = "";
      const call::Typed typed = co_await call::ask_for_digits(
          call_,
          fmt::format("say:{}!directory/dir-multi3.wav!digits:{}!directory/dir-instr.wav", name,
                      found[at]->number),
          std::move(rules));
      if (typed.over || typed.digits == "#") {
        break;
      }
      if (typed.digits == "1") {
        co_return found[at];
      }
      at = typed.digits == "4" ? at - std::min<std::size_t>(at, 1) : at + 1;
    }
    if (!call_.leaving()) {
      (void)co_await call::play_sounds(call_, "directory/dir-nomore.wav", "");
    }
    co_return nullptr;
  }

  call::Call& call_;
  Request request_;
};

awaitable<void> run_directory(call::Call& call, std::string argument) {
  if (!call.hear_early()) {
    co_return;
  }
  Search search(call, request_in(argument));
  co_await search.run();
}

}  // namespace

Application directory() {
  return {
      "directory", "[last|first] [CONTEXT]",
      "Finds an extension by its `name`, of which the caller types the first letters on the keys (`#` ends "
      "them, `*` changes between last and first names). Of those that fit each is said with its number: "
      "`1` calls it, `*` or `6` goes on, `4` back, `#` begins anew. The next step runs when nobody was "
      "chosen. "
      "`listed = false` hides an extension.",
      check_directory, run_directory};
}

}  // namespace switchroom::apps
