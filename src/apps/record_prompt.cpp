// record_prompt: a prompt of one's own, spoken into the phone.
#include "apps/argument.hpp"
#include "apps/list.hpp"
#include "base/log.hpp"
#include "base/random.hpp"
#include "call/call.hpp"
#include "call/digits.hpp"
#include "call/events.hpp"
#include "call/own_prompts.hpp"
#include "call/playing.hpp"
#include "call/shared.hpp"
#include "voicemail/voice.hpp"

#include <memory>
#include <utility>

namespace switchroom::apps {
namespace {

using namespace std::chrono_literals;
using switchroom::log::Level;
using switchroom::log::Subsystem;

constexpr unsigned most_tries = 3;           // PINs in one call
constexpr std::size_t most_wrong_pins = 10;  // of all calls, lately
constexpr auto lately = 10min;
constexpr std::size_t longest_pin = 32;
constexpr auto longest_prompt = 10min;
constexpr unsigned most_recordings = 20;  // in one call
const std::string wrong_pins = "record_prompt: wrong PINs";

bool is_pin(std::string_view pin) {
  return pin.size() >= 4 && pin.size() <= longest_pin &&
         pin.find_first_not_of("0123456789") == std::string_view::npos;
}

std::string check_record(std::string_view argument, const config::Snapshot& config) {
  if (!is_pin(config.prompts.pin)) {
    return config.prompts.pin.empty() ? "it needs the pin of [prompts]"
                                      : "the pin of [prompts] is not 4 to 32 digits";
  }
  const auto file = call::prompt_file(argument);
  return file || is_computed(argument) ? std::string() : file.error().what;
}

void complain(call::Call& call, const std::string& why) {
  switchroom::log::line(Level::warning, Subsystem::dialplan, call.uuid(), "record_prompt: {}", why);
}

/// Compares all of it, whatever the first difference is.
bool same(const std::string& typed, const std::string& pin) {
  unsigned differences = typed.size() == pin.size() ? 0 : 1;
  for (std::size_t i = 0; i < typed.size() && i < pin.size(); ++i) {
    differences |= static_cast<unsigned>(typed[i] ^ pin[i]);
  }
  return differences == 0;
}

bool is_locked(call::Call& call) {
  const auto& limits = call.services().shared.limits.all();
  const auto found = limits.find(wrong_pins);
  return found != limits.end() && found->second.begun.size() >= most_wrong_pins &&
         call.services().timers.now() - found->second.begun.front() < lately;
}

awaitable<bool> knows_pin(call::Call& call) {
  for (unsigned tries = 0; tries < most_tries && !call.leaving(); ++tries) {
    if (is_locked(call)) {
      complain(call, "too many wrong PINs lately: nobody may try for a while");
      co_return false;
    }
    call::DigitRules rules;
    rules.most = longest_pin;
    const auto typed = co_await call::ask_for_digits(call, "ivr/ivr-enter_pin.wav", std::move(rules));
    if (typed.over) {
      co_return false;
    }
    if (is_pin(typed.digits) && same(typed.digits, call.config().prompts.pin)) {
      co_return true;
    }
    (void)call.services().shared.limits.take({wrong_pins, most_wrong_pins, lately},
                                             call.services().timers.now());
    complain(call, "wrong PIN from " + call.caller().label());
    call.services().events.publish("prompt.denied",
                                   {{"call", call.uuid()}, {"caller", call.record().caller_id_number}});
  }
  (void)co_await call::play_sounds(call, "ivr/ivr-goodbye.wav", "");
  co_return false;
}

/// The file that is being made: removed unless it is kept, also when the caller hangs up over it.
class Draft {
 public:
  explicit Draft(call::Call& call)
      : prompts_(*call.services().shared.prompts),
        file_(call.config().media.sounds / (".new-" + base::random_uuid() + ".wav")) {}
  ~Draft() {
    if (!kept_) {
      prompts_.forget(file_);
    }
  }
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;
  [[nodiscard]] const std::filesystem::path& file() const { return file_; }
  void mark_kept() { kept_ = true; }

 private:
  call::OwnPrompts& prompts_;
  std::filesystem::path file_;
  bool kept_ = false;
};

/// Records once; false: there is nothing.
awaitable<bool> record_attempt(call::Call& call, std::shared_ptr<Draft> draft) {
  voicemail::Voice voice(call);
  voicemail::RecordLimits limits;
  limits.longest = longest_prompt;
  // A recording that is stopped by a hang-up is complete a moment later: only then is it removed.
  limits.kept = [draft](std::uint32_t) {};
  const auto recorded = co_await voice.record(draft->file(), std::move(limits));
  co_return recorded.how != voicemail::Recorded::How::failed&& recorded.length_ms > 0;
}

enum class Wish : std::uint8_t { keep, again, leave };

/// 1 keeps it, 2 plays it, 3 records again, * leaves without it.
awaitable<Wish> ask(call::Call& call, const Draft& draft) {
  for (unsigned turn = 0; turn < most_recordings && !call.leaving(); ++turn) {
    call::DigitRules rules;
    rules.terminators = "";
    const auto typed = co_await call::ask_for_digits(call, "voicemail/vm-review.wav", std::move(rules));
    if (typed.digits == "1") {
      co_return Wish::keep;
    }
    if (typed.digits == "2") {
      (void)co_await call::play_sounds(call, draft.file().string(), "#*");
    } else if (typed.digits == "3") {
      co_return Wish::again;
    } else if (typed.digits == "*") {
      break;
    }
  }
  co_return Wish::leave;
}

awaitable<void> keep(call::Call& call, std::shared_ptr<Draft> draft, std::string name) {
  const std::string why =
      co_await call.services().shared.prompts->keep(draft->file(), call.config().media.sounds / name);
  if (!why.empty()) {
    complain(call, why);
    co_return;
  }
  draft->mark_kept();
  call.variables().set("record_prompt_result", "kept");
  switchroom::log::line(Level::info, Subsystem::dialplan, call.uuid(), "{} has recorded the prompt {}",
                        call.caller().label(), name);
  call.services().events.publish("prompt.recorded", {{"call", call.uuid()}, {"prompt", name}});
  (void)co_await call::play_sounds(call, "voicemail/vm-msgsaved.wav", "");
}

awaitable<void> run_record(call::Call& call, std::string argument) {
  call.variables().set("record_prompt_result", "left");
  auto name = call::prompt_file(argument);
  const bool invited = call.variables().value("record_prompt_invited") == "true";  // by pbxctl
  if (!name || call.services().shared.prompts == nullptr ||
      (!invited && !is_pin(call.config().prompts.pin))) {
    complain(call, name ? "there is no pin in [prompts]" : name.error().what);
    co_return;
  }
  if (!co_await call.answer()) {
    co_return;
  }
  if (!invited && !co_await knows_pin(call)) {
    call.variables().set("record_prompt_result", "denied");
    co_return;
  }
  for (unsigned turn = 0; turn < most_recordings && !call.leaving(); ++turn) {
    const auto draft = std::make_shared<Draft>(call);  // shared with the end of its recording
    const bool something = co_await record_attempt(call, draft);
    const Wish wish = something && !call.leaving() ? co_await ask(call, *draft) : Wish::again;
    if (wish == Wish::keep) {
      co_await keep(call, draft, *name);
      co_return;
    }
    if (wish == Wish::leave) {
      co_return;
    }
  }
}

}  // namespace

Application record_prompt() {
  return {
      "record_prompt", "NAME",
      "Records a prompt by phone into `[media] sounds`, as NAME.wav: asks for the `pin` of `[prompts]`, "
      "records after the tone up to `#`, then `1` keeps it, `2` plays it, `3` records it again, `*` leaves "
      "everything as it was. `record_prompt_result` is `kept`, `left` or `denied`.",
      check_record, run_record};
}

}  // namespace switchroom::apps
