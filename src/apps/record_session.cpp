#include "apps/argument.hpp"
#include "apps/list.hpp"
#include "base/log.hpp"
#include "call/call.hpp"
#include "config/recording_checks.hpp"
#include "recording/call_recordings.hpp"

#include <utility>

namespace switchroom::apps {
namespace {

using switchroom::log::Level;
using switchroom::log::Subsystem;

constexpr unsigned longest = 7U * 24 * 3600;

/// "PATH +LIMIT at_answer": the path, and what stands behind it.
struct Asked {
  std::string path;
  std::optional<unsigned> limit;
  bool at_answer = false;
  bool wrong_limit = false;
};

Asked asked_in(std::string_view argument) {
  Asked asked;
  for (;;) {
    const auto blank = argument.rfind(' ');
    const std::string_view last = blank == std::string_view::npos ? argument : argument.substr(blank + 1);
    if (last == "at_answer") {
      asked.at_answer = true;
    } else if (last.starts_with('+') && last.size() > 1) {
      asked.limit = whole_number(last.substr(1));
      asked.wrong_limit = !is_computed(last) && (!asked.limit || *asked.limit > longest);
    } else if (!last.empty() || blank == std::string_view::npos) {
      asked.path = argument;
      return asked;
    }
    argument = blank == std::string_view::npos ? std::string_view() : argument.substr(0, blank);
  }
}

std::string check_record_session(std::string_view argument, const config::Snapshot& config) {
  const Asked asked = asked_in(argument);
  if (asked.wrong_limit) {
    return "it takes a path and, behind it, the longest time in seconds: a.wav +3600";
  }
  return asked.path.empty() ? std::string() : config::wrong_recording_path(asked.path, config.recording);
}

bool is_true(const std::string& text) { return text == "true" || text == "1" || text == "yes"; }

awaitable<void> run_record_session(call::Call& call, std::string argument) {
  recording::CallRecordings* const recordings = call.services().recordings;
  if (recordings == nullptr) {
    co_return;
  }
  // The path's variables are replaced once more, so that what a caller says of himself makes no folders.
  const bool as_written = call.expanded(call.written_argument()) == argument;
  const Asked asked = asked_in(as_written ? call.written_argument() : argument);
  recording::Request request;
  request.path = asked.path;
  request.replaced = !as_written;
  if (asked.limit) {
    request.longest = std::chrono::seconds(*asked.limit);
  }
  request.at_answer = asked.at_answer || is_true(call.value("media_bug_answer_req")) ||
                      is_true(call.value("RECORD_ANSWER_REQ"));
  if (recordings->start(call, request)) {
    co_await recordings->announced(call);
  }
}

std::string check_stop(std::string_view argument, const config::Snapshot& config) {
  return argument.empty() || argument == "all" ? std::string()
                                               : config::wrong_recording_path(argument, config.recording);
}

awaitable<void> run_stop(call::Call& call, std::string argument) {
  recording::CallRecordings* const recordings = call.services().recordings;
  if (recordings != nullptr && recordings->stop(call, argument) == 0) {
    switchroom::log::line(Level::info, Subsystem::dialplan, call.uuid(),
                          "stop_record_session: nothing is recorded to {}", argument);
  }
  co_return;
}

std::string check_all(std::string_view argument, const config::Snapshot& /*config*/) {
  return argument.empty() || argument == "all" ? std::string()
                                               : "it takes nothing: all recordings of the call";
}

template <bool on>
awaitable<void> run_pause(call::Call& call, std::string /*argument*/) {
  if (recording::CallRecordings* const recordings = call.services().recordings) {
    (void)recordings->pause(call, on);
  }
  co_return;
}

}  // namespace

Application record_session() {
  return {
      "record_session", "[PATH] [+SECONDS] [at_answer]",
      "Records the call to a file below the recordings folder, both parties, until it ends or is stopped. "
      "The ending is the format: .wav, .flac, .opus, .mp3. Without a path that of `[recording]`. "
      "RECORD_STEREO=true puts the caller left and the other party right; at_answer, or "
      "media_bug_answer_req=true, waits for the answer. It goes on through transfers and into voicemail.",
      check_record_session, run_record_session};
}

Application record_session_pause() {
  return {"record_session_pause", "",
          "Pauses the recordings of the call: nothing of what is said from here on gets into a file. "
          "`[recording] pause` says whether silence takes its place.",
          check_all, run_pause<true>};
}

Application record_session_resume() {
  return {"record_session_resume", "", "Lets paused recordings of the call go on.", check_all,
          run_pause<false>};
}

Application stop_record_session() {
  return {"stop_record_session", "[PATH or all]", "Ends one recording of the call, or all of them.",
          check_stop, run_stop};
}

}  // namespace switchroom::apps
