#include "voicemail/voice.hpp"

#include "base/log.hpp"
#include "call/digits.hpp"
#include "call/playing.hpp"
#include "call/sounds.hpp"
#include "recording/recorder.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <memory>
#include <utility>

namespace switchroom::voicemail {
namespace {

using log::Level;
using log::Subsystem;

/// "${play_new}" in a prompt is the key that does it, so that what is said stays right when keys change.
std::string with_keys(std::string text, const config::VoicemailKeys& keys) {
  const std::pair<std::string_view, const std::string*> all[] = {{"terminator", &keys.terminator},
                                                                 {"play_new", &keys.play_new},
                                                                 {"play_saved", &keys.play_saved},
                                                                 {"config_menu", &keys.config_menu},
                                                                 {"exit", &keys.exit},
                                                                 {"record_greeting", &keys.record_greeting},
                                                                 {"choose_greeting", &keys.choose_greeting},
                                                                 {"record_name", &keys.record_name},
                                                                 {"change_pin", &keys.change_pin},
                                                                 {"back", &keys.back},
                                                                 {"listen", &keys.listen},
                                                                 {"save", &keys.save},
                                                                 {"envelope", &keys.envelope},
                                                                 {"call_back", &keys.call_back},
                                                                 {"delete", &keys.remove},
                                                                 {"forward", &keys.forward},
                                                                 {"repeat", &keys.repeat},
                                                                 {"next", &keys.next},
                                                                 {"review_listen", &keys.review_listen},
                                                                 {"review_keep", &keys.review_keep},
                                                                 {"review_again", &keys.review_again},
                                                                 {"review_urgent", &keys.review_urgent}};
  for (const auto& [name, key] : all) {
    const std::string mark = "${" + std::string(name) + "}";
    for (auto at = text.find(mark); at != std::string::npos; at = text.find(mark)) {
      text.replace(at, mark.size(), *key == "#" ? "pound" : *key == "*" ? "star" : *key);
    }
  }
  return text;
}

}  // namespace

std::string said_moment(base::WallMicros when) { return fmt::format("datetime:{}", when / 1'000'000); }
std::string said_length(std::uint32_t length_ms) {
  return fmt::format("duration:{}", (length_ms + 500) / 1000);
}
std::string said_number(std::string_view number) {
  std::string digits(number);
  std::erase(digits, '+');
  const bool plain = !digits.empty() && std::all_of(digits.begin(), digits.end(), [](char c) {
    return (c >= '0' && c <= '9') || c == '*' || c == '#';
  });
  return plain ? "digits:" + digits : std::string();
}

std::string Voice::prompt(std::string_view name) const {
  return with_keys(config::voicemail_prompt(settings_, name), settings_.keys);
}

awaitable<media::PlayList> Voice::load(std::vector<std::string> sounds) {
  media::PlayList whole;
  const std::string language = call::language_of(call_.variables(), call_.config());
  for (const auto& sound : sounds) {
    if (sound.empty()) {
      continue;
    }
    auto names = call::parse_sounds(sound, call_.config(), language);
    auto list = names ? co_await call::load_sounds(call_.services().sounds, std::move(*names),
                                                   call_.caller().media().sound_rate())
                      : base::result<media::PlayList>(names.error());
    if (!list) {
      log::line(Level::warning, Subsystem::voicemail, call_.uuid(), "\"{}\" is left out: {}", sound,
                list.error().what);
      continue;
    }
    std::move(list->begin(), list->end(), std::back_inserter(whole));
  }
  co_return whole;
}

awaitable<char> Voice::say(std::vector<std::string> sounds, std::string keys) {
  auto list = co_await load(std::move(sounds));
  if (over()) {
    co_return '\0';
  }
  const auto played = co_await call::play(call_, call_.caller(), std::move(list), keys);
  co_return played.key;
}

awaitable<char> Voice::ask_key(std::vector<std::string> sounds) {
  auto list = co_await load(std::move(sounds));
  call::DigitRules rules;
  rules.most = 1;
  rules.first = settings_.key_timeout;
  rules.terminators.clear();
  const auto typed = co_await call::collect_digits(call_, std::move(list), std::move(rules));
  co_return typed.over || typed.digits.empty() ? '\0' : typed.digits.front();
}

awaitable<std::string> Voice::ask_digits(std::vector<std::string> sounds, std::size_t most) {
  auto list = co_await load(std::move(sounds));
  call::DigitRules rules;
  rules.most = most;
  rules.first = settings_.key_timeout;
  rules.between = std::chrono::seconds(4);
  rules.terminators = settings_.keys.terminator;
  const auto typed = co_await call::collect_digits(call_, std::move(list), std::move(rules));
  co_return typed.over ? std::string() : typed.digits;
}

awaitable<char> Voice::play_message(std::vector<std::string> sounds) {
  auto list = co_await load(std::move(sounds));
  call::Leg& leg = call_.caller();
  media::Port* const port = leg.media().port();
  if (port == nullptr || list.empty() || over()) {
    co_return '\0';
  }
  leg.listen_for_keys(nullptr);
  bool ended = false;
  bool paused = false;
  const auto playback = port->play(std::move(list), {}, [&] {
    ended = true;
    call_.wake();
  });
  for (;;) {
    while (const auto event = leg.next_event()) {
      call_.mind_alone(leg, *event);
    }
    if (over()) {
      co_return '\0';
    }
    while (const auto press = leg.keys().next()) {
      if (press->phase == call::KeyPress::Phase::ended) {
        continue;
      }
      const std::string key(1, press->key);
      if (key == keys().pause) {
        paused = !paused;
        playback->pause(paused);
      } else if (key == keys().rewind) {
        playback->seek(-settings_.step);
      } else if (key == keys().skip) {
        playback->seek(settings_.step);
      } else {
        co_return press->key;
      }
    }
    if (ended) {
      co_return '\0';
    }
    (void)co_await call_.next_news();
  }
}

awaitable<Recorded> Voice::record(std::filesystem::path file, RecordLimits limits) {
  call::Leg& leg = call_.caller();
  (void)co_await say_prompt("beep");
  leg.keys().clear();  // what was pressed at the greeting is not the end of the message
  media::Port* const port = leg.media().port();
  if (over() || port == nullptr) {
    co_return Recorded{};
  }
  const unsigned rate = leg.media().sound_rate() >= 16000 ? 16000 : 8000;
  media::TapSettings tap;
  tap.rate = rate;
  tap.sent = false;
  recording::RecordingSettings settings;
  settings.root = file.parent_path();
  settings.file = file.filename().string();
  settings.channels = recording::Channels::received;
  settings.rate = rate;
  settings.longest = limits.longest;
  settings.silence_level = limits.silence.count() == 0 ? 0 : limits.silence_level;
  settings.silence = limits.silence;

  // Shared with the end of the recording, which may come after this coroutine is gone.
  struct Fate {
    bool known = false;
    recording::Outcome outcome;
    std::uint32_t length_ms = 0;
    std::function<void(std::uint32_t)> kept;
    call::Call* waits = nullptr;  // not owned; null once nobody waits
  };
  auto fate = std::make_shared<Fate>();
  fate->kept = std::move(limits.kept);
  fate->waits = &call_;
  struct Leaving {
    Fate& fate;
    ~Leaving() { fate.waits = nullptr; }
  } leaving{*fate};
  leg.listen_for_keys(nullptr);
  const auto running = call_.services().sound_recorder.start(
      port->tap(tap), settings, [fate](const recording::Outcome& outcome) {
        fate->known = true;
        fate->outcome = outcome;
        const auto said =
            outcome.end == recording::End::silence ? outcome.length - outcome.silent_tail : outcome.length;
        fate->length_ms = static_cast<std::uint32_t>(
            std::chrono::duration_cast<std::chrono::milliseconds>(std::max(said, base::Duration::zero()))
                .count());
        if (fate->kept) {
          std::exchange(fate->kept, {})(fate->length_ms);
        }
        if (fate->waits != nullptr) {
          fate->waits->wake();
        }
      });
  Recorded result;
  for (;;) {
    while (const auto event = leg.next_event()) {
      call_.mind_alone(leg, *event);
    }
    if (over()) {
      co_return result;  // the recording stops with this frame, and `kept` hears of it
    }
    if (fate->known) {
      break;
    }
    if (result.key == 0) {
      if (const char key = leg.keys().take_first_of(limits.keys)) {
        result.key = key;
        running->stop();
      }
    }
    (void)co_await call_.next_news();
  }
  result.length_ms = fate->length_ms;
  switch (fate->outcome.end) {
    case recording::End::stopped:
      result.how = result.key != 0 ? Recorded::How::key : Recorded::How::over;
      break;
    case recording::End::silence: result.how = Recorded::How::silence; break;
    case recording::End::longest: result.how = Recorded::How::longest; break;
    case recording::End::failed: result.how = Recorded::How::failed; break;
  }
  co_return result;
}

}  // namespace switchroom::voicemail
