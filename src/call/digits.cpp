#include "call/digits.hpp"

#include "base/log.hpp"
#include "call/call.hpp"
#include "call/sounds.hpp"

#include <utility>

namespace switchroom::call {
namespace {

/// One collection. Lives in the frame of collect_digits().
class Collection {
 public:
  Collection(Call& call, DigitRules rules) : call_(call), rules_(std::move(rules)) {}

  /// Takes in what was typed; true: that is all.
  bool take_keys() {
    while (const auto press = call_.caller().keys().next()) {
      if (press->phase == KeyPress::Phase::ended) {
        continue;
      }
      if (rules_.terminators.find(press->key) != std::string::npos) {
        typed_.terminator = press->key;
        return true;
      }
      typed_.digits += press->key;
      waiting_since_ = base::Clock::now();
      if (typed_.digits.size() >= rules_.most || (rules_.complete && rules_.complete(typed_.digits))) {
        return true;
      }
    }
    return false;
  }
  void begin_to_wait() { waiting_since_ = base::Clock::now(); }
  [[nodiscard]] bool has_digits() const { return !typed_.digits.empty(); }
  [[nodiscard]] base::Time deadline() const {
    return waiting_since_ + (has_digits() ? rules_.between : rules_.first);
  }
  Typed result() { return std::move(typed_); }
  Typed over() { return {{}, 0, true}; }

 private:
  Call& call_;
  DigitRules rules_;
  Typed typed_;
  base::Time waiting_since_ = base::Clock::now();
};

void mind_caller(Call& call) {
  while (const auto event = call.caller().next_event()) {
    call.mind_alone(call.caller(), *event);
  }
}

}  // namespace

awaitable<Typed> collect_digits(Call& call, media::PlayList prompt, DigitRules rules) {
  Collection collection(call, std::move(rules));
  call.caller().listen_for_keys(nullptr);
  if (collection.take_keys()) {  // typed ahead
    co_return collection.result();
  }
  media::Port* const port = call.caller().media().port();
  bool played = prompt.empty() || port == nullptr || collection.has_digits();
  std::unique_ptr<media::Playback> playback;
  if (!played) {
    playback = port->play(std::move(prompt), {}, [&] {
      played = true;
      collection.begin_to_wait();
      call.wake();
    });
  }
  const unsigned interruptions = call.interruptions();
  for (;;) {
    mind_caller(call);
    if (call.leaving()) {
      co_return collection.over();
    }
    if (collection.take_keys()) {
      co_return collection.result();
    }
    if (!played && (collection.has_digits() || call.interruptions() != interruptions)) {
      played = true;
      collection.begin_to_wait();
      playback.reset();
    }
    const bool in_time = co_await call.next_news(played ? collection.deadline() : base::Time::max());
    if (!in_time && !collection.take_keys()) {
      co_return collection.result();
    }
  }
}

awaitable<Typed> ask_for_digits(Call& call, std::string sounds, DigitRules rules) {
  media::PlayList prompt;
  if (!sounds.empty()) {
    auto names = parse_sounds(sounds, call.config(), language_of(call.variables(), call.config()));
    auto list = names ? co_await load_sounds(call.services().sounds, std::move(*names),
                                             call.caller().media().sound_rate())
                      : base::result<media::PlayList>(names.error());
    if (list) {
      prompt = std::move(*list);
    } else {
      log::line(log::Level::error, log::Subsystem::dialplan, call.uuid(), "a prompt cannot be played: {}",
                list.error().what);
    }
  }
  co_return co_await collect_digits(call, std::move(prompt), std::move(rules));
}

}  // namespace switchroom::call
