#include "recording/call_recordings.hpp"

#include "base/log.hpp"
#include "call/call.hpp"
#include "recording/convert.hpp"
#include "recording/path.hpp"

#include <algorithm>
#include <utility>

namespace switchroom::recording {
namespace {

using log::Level;
using log::Subsystem;

constexpr unsigned wide = 16000;

unsigned rate_for(const call::Call& call, call::Leg& caller) {
  if (const unsigned wanted = call.config().recording.rate; wanted != 0) {
    return wanted;
  }
  return caller.media().sound_rate() >= wide ? wide : 8000;
}

bool is_true(const std::string& text) {
  return text == "true" || text == "1" || text == "yes" || text == "on";
}

Channels channels_for(const call::Call& call, const Request& request) {
  if (is_true(call.value("RECORD_READ_ONLY"))) {
    return Channels::received;
  }
  if (is_true(call.value("RECORD_WRITE_ONLY"))) {
    return Channels::sent;
  }
  const std::string wanted = call.value("RECORD_STEREO");
  const bool stereo =
      request.stereo.value_or(wanted.empty() ? call.config().recording.stereo : is_true(wanted));
  return stereo ? Channels::stereo : Channels::mixed;
}

template <class Map>
const config::RecordRule* rule_in(const Map& map, const std::string& name) {
  const auto found = map.find(name);
  return found != map.end() && found->second.record.on ? &found->second.record : nullptr;
}

/// Of the extension that calls, the trunk or the profile that it came by.
const config::RecordRule* rule_for_caller(const call::Call& call) {
  const config::Snapshot& config = call.config();
  // Whom pbxctl rings first has signed in to nothing.
  const bool is_ours = call.record().network_addr.empty();
  if (const auto* rule =
          rule_in(config.extensions, is_ours ? call.value("caller_id_number") : call.account())) {
    return rule;
  }
  if (const auto* rule = rule_in(config.trunks, call.trunk())) {
    return rule;
  }
  return rule_in(config.profiles, call.value("sip_profile"));
}

/// Of the extension that answers, or the trunk that was called by: "user/1002", "trunk/itsp/5551234".
const config::RecordRule* rule_for_callee(const call::Call& call, std::string_view who) {
  if (who.starts_with("user/")) {
    return rule_in(call.config().extensions, std::string(who.substr(5)));
  }
  if (who.starts_with("trunk/")) {
    return rule_in(call.config().trunks, std::string(who.substr(6, who.find('/', 6) - 6)));
  }
  return nullptr;
}

}  // namespace

CallRecordings::CallRecordings(const Rooms& rooms, Find find)
    : rooms_(rooms),
      find_(std::move(find)),
      subscription_(rooms.events.subscribe([this](const call::Event& event) { on_event(event); })),
      tasks_(rooms.context.get_executor(), [](const std::string& what) {
        log::line(Level::error, Subsystem::media, {}, "a task of recording failed: {}", what);
      }) {}

CallRecordings::~CallRecordings() {
  for (auto& [id, of] : calls_) {
    rooms_.timers.cancel(of.announcement_end);
    rooms_.timers.cancel(of.beep);
  }
}

awaitable<void> CallRecordings::close() {
  tasks_.cancel();
  co_await tasks_.join();
}

// -- asked for -------------------------------------------------------------------------------------

base::result<std::string> CallRecordings::start(call::Call& call, const Request& request) {
  const std::string& path = request.path.empty() ? call.config().recording.path : request.path;
  auto file = request.replaced && !request.path.empty() ? below_folder(path, call.config().recording)
                                                        : named_file(call, path);
  if (!file) {
    log::line(Level::error, Subsystem::media, call.uuid(), "no recording: {}", file.error().what);
    call.note_recording_trouble(file.error().what);
    rooms_.events.publish("recording.failed",
                          {{"call", call.uuid()}, {"file", path}, {"trouble", file.error().what}});
    return file.error();
  }
  OfCall& of = calls_[call.uuid()];
  const std::string asked = request.replaced ? path : call.expanded(path);
  const auto is_same = [&](const auto& one) { return one->asked == asked || one->file == *file; };
  if (std::ranges::any_of(of.all, is_same)) {
    return base::success(std::move(*file));  // it is running: a second file would say the same
  }
  auto one = std::make_unique<One>();
  one->asked = asked;
  one->file = *file;
  one->request = request;
  One& kept = *of.all.emplace_back(std::move(one));
  const bool must_hear = !call.config().recording.consent.empty();
  if (call.answered_at() || !(request.at_answer || must_hear)) {
    proceed(call, kept);
  }
  return base::success(std::move(*file));
}

void CallRecordings::proceed(call::Call& call, One& one) {
  OfCall& of = calls_.at(call.uuid());
  if (call.config().recording.consent.empty() || of.announcement_over) {
    begin(call, one);
    return;
  }
  one.stage = Stage::announcing;
  if (!of.announced) {
    of.announced = true;
    tasks_.spawn(announce(call.uuid(), true));
  }
}

void CallRecordings::begin(call::Call& call, One& one) {
  media::Port* port = call.own_leg().media().port();
  if (port == nullptr && call.own_leg().media().open()) {
    port = call.own_leg().media().port();
  }
  if (port == nullptr) {
    fail(call, one, "the caller has no sound yet");
    return;
  }
  RecordingSettings settings;
  settings.root = rooms_.archive.folder();
  settings.file = one.file;
  settings.channels = channels_for(call, one.request);
  settings.rate = rate_for(call, call.own_leg());
  settings.quality = quality_in(call.config().recording);
  settings.pausing = call.config().recording.pause == "cut" ? Pausing::cut : Pausing::silence;
  settings.longest = one.request.longest;
  settings.about = {call.uuid(), call.record().caller_id_number, call.record().destination_number,
                    call.partner() != nullptr ? call.partner()->label() : std::string()};
  auto tap = port->tap({.rate = settings.rate});
  one.stage = Stage::running;
  one.recording = rooms_.recorder.start(
      std::move(tap), std::move(settings),
      [this, id = call.uuid(), file = one.file](const Outcome& outcome) { note_end(id, file, outcome); },
      [this, id = call.uuid(), file = one.file](const std::filesystem::path& made) {
        note_made(id, file, made);
      });
  call.note_recording(one.file, {});
  log::line(Level::info, Subsystem::media, call.uuid(), "is recorded to {}", one.file);
  rooms_.events.publish("recording.start", {{"call", call.uuid()}, {"file", one.file}});
  if (const auto pace = call.config().recording.beep; pace.count() > 0 && calls_.at(call.uuid()).beep == 0) {
    calls_.at(call.uuid()).beep = rooms_.timers.after(pace, [this, id = call.uuid()] { beep(id); });
  }
}

std::size_t CallRecordings::stop(call::Call& call, std::string_view path) {
  const auto found = calls_.find(call.uuid());
  if (found == calls_.end()) {
    return 0;
  }
  const bool every = path.empty() || path == "all";
  const auto below = below_folder(path.empty() ? "all" : path, call.config().recording);
  auto& all = found->second.all;
  const std::size_t before = all.size();
  std::erase_if(
      all, [&](const auto& one) { return every || one->asked == path || (below && one->file == *below); });
  return before - all.size();
}

std::size_t CallRecordings::pause(call::Call& call, bool on) {
  const auto found = calls_.find(call.uuid());
  std::size_t changed = 0;
  if (found != calls_.end()) {
    for (const auto& one : found->second.all) {
      if (one->recording != nullptr && one->recording->paused() != on) {
        one->recording->pause(on);
        ++changed;
        rooms_.events.publish(on ? "recording.pause" : "recording.resume",
                              {{"call", call.uuid()}, {"file", one->file}});
      }
    }
  }
  return changed;
}

// -- what happens ----------------------------------------------------------------------------------

void CallRecordings::on_event(const call::Event& event) {
  const bool is_answer = event.name == "call.answer";
  if (!is_answer && event.name != "call.bridge" && event.name != "call.end") {
    return;
  }
  const std::string& id = event.field("call");
  if (event.name == "call.end") {
    on_end(id);
  } else if (call::Call* const call = find_(id); call != nullptr) {
    is_answer ? on_answer(*call) : on_bridge(*call, event.field("who"));
  }
}

void CallRecordings::on_answer(call::Call& call) {
  if (!calls_.contains(call.uuid())) {
    if (const config::RecordRule* const rule = rule_for_caller(call)) {
      (void)start(call, {.path = rule->path, .stereo = {}, .longest = {}});
    }
    return;
  }
  // A copy: beginning may end one.
  std::vector<One*> waiting;
  for (const auto& one : calls_.at(call.uuid()).all) {
    if (one->stage == Stage::waiting) {
      waiting.push_back(one.get());
    }
  }
  for (One* one : waiting) {
    proceed(call, *one);
  }
}

void CallRecordings::on_bridge(call::Call& call, const std::string& who) {
  if (!calls_.contains(call.uuid())) {
    if (const config::RecordRule* const rule = rule_for_callee(call, who)) {
      (void)start(call, {.path = rule->path, .stereo = {}, .longest = {}, .at_answer = true});
    }
  } else if (calls_.at(call.uuid()).announced && call.config().recording.consent_to == "both") {
    tasks_.spawn(announce(call.uuid(), false));
  }
  if (calls_.contains(call.uuid())) {
    rooms_.archive.note_with(call.uuid(), who);
  }
}

void CallRecordings::on_end(const std::string& id) {
  const auto found = calls_.find(id);
  if (found == calls_.end()) {
    return;
  }
  rooms_.timers.cancel(found->second.announcement_end);
  rooms_.timers.cancel(found->second.beep);
  calls_.erase(found);
}

void CallRecordings::note_made(const std::string& id, const std::string& wanted,
                               const std::filesystem::path& file) {
  const std::string made = file.lexically_relative(rooms_.archive.folder()).string();
  if (made == wanted) {
    return;
  }
  if (const auto found = calls_.find(id); found != calls_.end()) {
    for (const auto& one : found->second.all) {
      if (one->file == wanted) {
        one->file = made;
      }
    }
  }
  if (call::Call* const call = find_(id)) {
    call->note_recording(made, wanted);
  }
}

void CallRecordings::note_end(const std::string& id, const std::string& wanted, const Outcome& outcome) {
  const std::string file =
      outcome.file.empty() ? wanted : outcome.file.lexically_relative(rooms_.archive.folder()).string();
  const auto milliseconds = [](base::Duration time) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
  };
  std::string trouble = outcome.trouble;
  if (trouble.empty() && outcome.dropped > base::Duration::zero()) {
    trouble =
        file + ": the disk was too slow for " + std::to_string(milliseconds(outcome.dropped)) + " ms of it";
  }
  if (!trouble.empty()) {
    log::line(Level::error, Subsystem::media, id, "the recording {} is not whole: {}", file, trouble);
    if (call::Call* const call = find_(id)) {
      call->note_recording_trouble(trouble);
    }
    rooms_.events.publish("recording.failed", {{"call", id}, {"file", file}, {"trouble", trouble}});
  } else {
    log::line(Level::info, Subsystem::media, id, "the recording {} has ended: {} ms", file,
              milliseconds(outcome.length));
  }
  rooms_.events.publish("recording.stop", {{"call", id},
                                           {"file", file},
                                           {"length_ms", std::to_string(milliseconds(outcome.length))},
                                           {"bytes", std::to_string(outcome.bytes)},
                                           {"why", std::string(describe(outcome.end))}});
  if (const auto found = calls_.find(id); found != calls_.end()) {
    forget_finished(found->second);
  }
}

void CallRecordings::forget_finished(OfCall& of) {
  std::erase_if(of.all, [](const auto& one) { return one->recording != nullptr && one->recording->ended(); });
}

void CallRecordings::fail(call::Call& call, One& one, const std::string& why) {
  log::line(Level::error, Subsystem::media, call.uuid(), "no recording to {}: {}", one.file, why);
  call.note_recording_trouble(one.file + ": " + why);
  rooms_.events.publish("recording.failed", {{"call", call.uuid()}, {"file", one.file}, {"trouble", why}});
  std::erase_if(calls_.at(call.uuid()).all, [&](const auto& other) { return other.get() == &one; });
}

// -- for people to look at -------------------------------------------------------------------------

std::vector<CallRecordings::View> CallRecordings::of(const std::string& call) const {
  std::vector<View> views;
  const auto found = calls_.find(call);
  if (found == calls_.end()) {
    return views;
  }
  for (const auto& one : found->second.all) {
    const bool runs = one->recording != nullptr;
    std::string state = one->stage == Stage::announcing ? "announcing" : "waits for the answer";
    if (runs) {
      state = one->recording->paused() ? "paused" : "recording";
    }
    views.push_back({one->file, state, one->request.stereo.value_or(false),
                     runs ? one->recording->length() : base::Duration{}});
  }
  return views;
}

std::size_t CallRecordings::running() const {
  std::size_t count = 0;
  for (const auto& [id, of] : calls_) {
    count += of.all.size();
  }
  return count;
}

}  // namespace switchroom::recording
