#include "apps/argument.hpp"
#include "apps/list.hpp"
#include "base/log.hpp"
#include "call/call.hpp"
#include "call/playing.hpp"
#include "config/recording_checks.hpp"
#include "recording/convert.hpp"
#include "recording/path.hpp"
#include "recording/recorder.hpp"

#include <fmt/core.h>

#include <utility>

namespace switchroom::apps {
namespace {

using switchroom::log::Level;
using switchroom::log::Subsystem;
using namespace std::chrono_literals;

/// "PATH [LIMIT [THRESHOLD [SILENCE]]]".
struct Asked {
  std::string path;
  unsigned limit = 0;      // seconds; 0: none
  unsigned threshold = 0;  // mean size of a sample
  unsigned silence = 0;    // seconds
};

std::optional<Asked> asked_in(std::string_view argument) {
  const auto parts = words(argument);
  Asked asked;
  unsigned* const numbers[] = {&asked.limit, &asked.threshold, &asked.silence};
  if (parts.empty() || parts.size() > 4) {
    return std::nullopt;
  }
  asked.path = parts[0];
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const auto number = is_computed(parts[i]) ? std::optional(0U) : whole_number(parts[i]);
    if (!number || *number > 86400) {
      return std::nullopt;
    }
    *numbers[i - 1] = *number;
  }
  return asked;
}

std::string check_record(std::string_view argument, const config::Snapshot& config) {
  const auto asked = asked_in(argument);
  if (!asked) {
    return "it takes a path, the longest time in seconds, the level below which it is silent (200) and the "
           "seconds of silence that end it: greetings/${caller_id_number}.wav 60 200 5";
  }
  return config::wrong_recording_path(asked->path, config.recording);
}

/// Until a key, silence, the limit, or the end of the call. What pressed it, or 0.
awaitable<char> listen(call::Call& call, recording::Recording& running) {
  constexpr auto pace = 100ms;
  const std::string keys(call::terminators(call.value("playback_terminators")));
  call::Leg& caller = call.caller();
  caller.listen_for_keys(nullptr);
  while (!running.ended() && !call.ending()) {
    while (const auto event = caller.next_event()) {
      call.mind_alone(caller, *event);
    }
    if (const char key = caller.keys().take_first_of(keys)) {
      co_return key;
    }
    (void)co_await call.next_news(base::Clock::now() + pace);
  }
  co_return '\0';
}

void tell(call::Call& call, const std::optional<recording::Outcome>& outcome, char key) {
  const auto length = outcome ? outcome->length : base::Duration{};
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(length).count();
  call.variables().set("record_ms", std::to_string(ms));
  call.variables().set("record_seconds", std::to_string((ms + 500) / 1000));
  call.variables().set("record_file", outcome ? outcome->file.string() : std::string());
  call.variables().set("record_ended_by", key != 0   ? std::string("key")
                                          : !outcome ? std::string("stopped")
                                                     : std::string(describe(outcome->end)));
  call.variables().set("playback_terminator_used", key == 0 ? std::string() : std::string(1, key));
}

awaitable<void> run_record(call::Call& call, std::string argument) {
  const bool as_written = call.expanded(call.written_argument()) == argument;
  const auto asked = asked_in(argument);
  const auto written = asked_in(as_written ? call.written_argument() : argument);
  if (!asked || !written || !co_await call.answer()) {
    co_return;
  }
  const auto& settings = call.config().recording;
  auto file = as_written ? recording::named_file(call, written->path)
                         : recording::below_folder(asked->path, settings);
  media::Port* const port = call.caller().media().port();
  if (!file || port == nullptr) {
    switchroom::log::line(Level::error, Subsystem::dialplan, call.uuid(), "record: {}",
                          file ? "the caller has no sound" : file.error().what);
    co_return;
  }
  recording::RecordingSettings wanted;
  wanted.root = settings.folder;
  wanted.file = *file;
  wanted.channels = recording::Channels::received;
  wanted.rate = settings.rate != 0                            ? settings.rate
                : call.caller().media().sound_rate() >= 16000 ? 16000
                                                              : 8000;
  wanted.quality = recording::quality_in(settings);
  wanted.longest = std::chrono::seconds(asked->limit);
  wanted.silence_level = asked->threshold;
  wanted.silence = std::chrono::seconds(asked->silence);
  wanted.about = {call.uuid(), call.record().caller_id_number, call.record().destination_number, {}};
  call.note_recording(*file, {});
  auto tap = port->tap({.rate = wanted.rate, .received = true, .sent = false});
  const auto running = call.services().sound_recorder.start(std::move(tap), std::move(wanted), {});
  const char key = co_await listen(call, *running);
  running->stop();
  // The worker completes the file; a disk that takes its time does not keep the caller for long.
  const base::Time deadline = base::Clock::now() + 2s;
  while (!running->ended() && !call.ending() && base::Clock::now() < deadline) {
    (void)co_await call.next_news(base::Clock::now() + 20ms);
  }
  if (running->outcome() && !running->outcome()->trouble.empty()) {
    call.note_recording_trouble(running->outcome()->trouble);
  }
  tell(call, running->outcome(), key);
}

}  // namespace

Application record() {
  return {
      "record", "PATH [SECONDS [LEVEL SILENCE]]",
      "Records what the caller says to a file below the recordings folder, until a key of "
      "playback_terminators, the longest time in seconds, or so many seconds below the level (the mean size "
      "of a sample: 200). Leaves record_ms, record_seconds, record_file and record_ended_by (`key`, "
      "`silence`, `longest`, `stopped`, `failed`).",
      check_record, run_record};
}

}  // namespace switchroom::apps
