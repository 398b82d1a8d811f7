#include "call/toll_gate.hpp"

#include "base/log.hpp"
#include "call/call.hpp"
#include "call/events.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace switchroom::call {
namespace {

using log::Level;
using log::Subsystem;
using tolls::Subject;
using namespace std::chrono_literals;

constexpr auto tick_time = 1s;  // between looks at running calls
constexpr unsigned ticks_to_keep = 60;
constexpr const char* realm = "tolls";
constexpr std::string_view of_extension = "extension ";
constexpr std::string_view of_trunk = "trunk ";

std::string key_of(const Subject& subject) {
  return std::string(subject.kind == Subject::Kind::extension ? of_extension : of_trunk) + subject.name;
}
Subject subject_of(std::string_view key) {
  return key.starts_with(of_trunk)
             ? Subject{Subject::Kind::trunk, std::string(key.substr(of_trunk.size()))}
             : Subject{Subject::Kind::extension, std::string(key.substr(of_extension.size()))};
}

std::uint64_t milliseconds(base::Duration duration) {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
}
/// "12.5 min"
std::string minutes(std::uint64_t ms) {
  return fmt::format("{:.1f} min", static_cast<double>(ms) / 60'000.0);
}

std::int64_t present_minute() { return base::wall_now() / 60'000'000; }

}  // namespace

/// One call that was let pass, from its INVITE to its end.
class TollGate::Run final : public Toll {
 public:
  Run(TollGate& gate, std::vector<Subject> subjects) : gate_(gate), subjects_(std::move(subjects)) {}
  ~Run() override { ended(); }

  void answered(std::function<void()> over_cap) override {
    over_cap_ = std::move(over_cap);
    gate_.begin(*this);
  }
  void ended() override {
    over_cap_ = nullptr;
    gate_.end(*this);
  }
  [[nodiscard]] const std::vector<Subject>& subjects() const { return subjects_; }
  /// Once.
  void end_call() {
    if (const auto over_cap = std::exchange(over_cap_, nullptr)) {
      over_cap();
    }
  }

  tolls::Ledger::RunId id = 0;  // the gate's

 private:
  TollGate& gate_;
  std::vector<Subject> subjects_;
  std::function<void()> over_cap_;
};

TollGate::TollGate(base::Timers& timers, Events& events, values::SharedValues& kept)
    : timers_(timers), events_(events), kept_(kept) {
  restore();
}

TollGate::~TollGate() { timers_.cancel(timer_); }

void TollGate::configure(const config::SnapshotPtr& config) { config_ = config; }

// -- asked -----------------------------------------------------------------------------------------

TollGate::Verdict TollGate::admit(Call& call, const std::string& trunk, const std::string& number,
                                  const Variables& leg) {
  TollQuestion question = toll_question(call, leg);
  question.trunk = trunk;
  question.number = number;
  TollAnswer answer = judge_toll(question, call.config(), call.dialplan());
  if (answer.is_emergency) {
    return {};
  }
  if (answer.allowed) {
    answer.why = used_up(question.extension, trunk);
    answer.allowed = answer.why.empty();
    answer.what_to_do = "it passes when the hour does, or by pbxctl tolls reset";
  }
  if (!answer.allowed) {
    log::line(Level::warning, Subsystem::call, call.uuid(), "{} may not call {} by trunk {}: {}{}{}",
              call.value("caller_id_number"), number, trunk, answer.why,
              answer.what_to_do.empty() ? "" : "; ", answer.what_to_do);
    events_.publish("toll.denied", {{"call", call.uuid()},
                                    {"extension", question.extension},
                                    {"trunk", trunk},
                                    {"number", number},
                                    {"why", answer.why}});
    return {.allowed = false, .toll = nullptr};
  }
  std::vector<Subject> subjects{{Subject::Kind::extension, question.extension},
                                {Subject::Kind::trunk, trunk}};
  for (const Subject& subject : subjects) {
    ledger_.placed(subject, call.uuid(), timers_.now());
    look_at(subject, timers_.now());
    keep(subject);
  }
  return {.allowed = true, .toll = std::make_shared<Run>(*this, std::move(subjects))};
}

std::string TollGate::used_up(const std::string& extension, const std::string& trunk) {
  for (const Subject& subject :
       {Subject{Subject::Kind::extension, extension}, Subject{Subject::Kind::trunk, trunk}}) {
    const auto caps = caps_of(subject);
    const auto usage = ledger_.usage(subject, timers_.now());
    if (caps.calls != 0 && usage.calls >= caps.calls) {
      return fmt::format("{} had {} calls to the outside in the last hour, which is the cap (calls_per_hour)",
                         subject.text(), usage.calls);
    }
    if (caps.talk != 0s && usage.talk >= caps.talk) {
      return fmt::format("{} talked {} with the outside in the last hour, which is the cap (talk_per_hour)",
                         subject.text(), minutes(milliseconds(usage.talk)));
    }
  }
  return {};
}

config::TollCaps TollGate::caps_of(const Subject& subject) const {
  const auto with_own = [](config::TollCaps caps, const config::OwnTolls& own) {
    caps.calls = own.calls_per_hour.value_or(caps.calls);
    caps.talk = own.talk_per_hour.value_or(caps.talk);
    return caps;
  };
  if (subject.kind == Subject::Kind::trunk) {
    const auto trunk = config_->trunks.find(subject.name);
    return trunk == config_->trunks.end() ? config::TollCaps() : with_own({}, trunk->second.tolls);
  }
  const auto extension = config_->extensions.find(subject.name);
  return extension == config_->extensions.end() ? config_->tolls.caps
                                                : with_own(config_->tolls.caps, extension->second.tolls);
}

std::vector<TollGate::Row> TollGate::rows() {
  std::vector<Row> rows;
  for (auto& [subject, usage] : ledger_.all(timers_.now())) {
    rows.push_back({subject, usage, caps_of(subject)});
  }
  return rows;
}

void TollGate::reset(const Subject& subject) {
  ledger_.reset(subject, timers_.now());
  warnings_.forget(subject);
  keep(subject);
}

void TollGate::reset_all() {
  for (const auto& [subject, usage] : ledger_.all(timers_.now())) {
    reset(subject);
  }
}

// -- told ------------------------------------------------------------------------------------------

void TollGate::begin(Run& run) {
  if (run.id == 0) {
    run.id = ledger_.answered(run.subjects(), timers_.now());
    runs_[run.id] = &run;
    set_timer();
  }
}

void TollGate::end(Run& run) {
  if (run.id == 0) {
    return;
  }
  ledger_.ended(run.id, timers_.now());
  runs_.erase(std::exchange(run.id, 0));
  for (const Subject& subject : run.subjects()) {
    look_at(subject, timers_.now());
    keep(subject);
  }
}

void TollGate::set_timer() {
  if (timer_ == 0 && !runs_.empty()) {
    timer_ = timers_.after(tick_time, [this] {
      timer_ = 0;
      tick();
      set_timer();
    });
  }
}

void TollGate::tick() {
  const base::Time now = timers_.now();
  const bool keeping = ++ticks_ % ticks_to_keep == 0;
  std::map<Subject, bool> over;  // those who have calls now
  for (const auto& [id, run] : runs_) {
    for (const Subject& subject : run->subjects()) {
      over[subject] = false;
    }
  }
  for (auto& [subject, is_over] : over) {
    const Row row = look_at(subject, now);
    is_over = config_->tolls.end_at_cap && row.caps.talk != 0s && row.usage.talk >= row.caps.talk;
    if (keeping) {
      keep(subject);
    }
  }
  std::vector<tolls::Ledger::RunId> ending;
  for (const auto& [id, run] : runs_) {
    if (std::ranges::any_of(run->subjects(), [&](const Subject& subject) { return over[subject]; })) {
      ending.push_back(id);
    }
  }
  for (const auto id : ending) {
    if (const auto found = runs_.find(id); found != runs_.end()) {  // not gone with another's call
      found->second->end_call();
    }
  }
}

TollGate::Row TollGate::look_at(const Subject& subject, base::Time now) {
  Row row{subject, ledger_.usage(subject, now), caps_of(subject)};
  const auto warn_at = config_->tolls.warn_at;
  const auto of_calls = tolls::level(row.usage.calls, row.caps.calls, warn_at);
  const auto of_talk = tolls::level(milliseconds(row.usage.talk), milliseconds(row.caps.talk), warn_at);
  if (warnings_.is_due(subject, "calls", of_calls, now)) {
    warn(row, "calls", of_calls);
  }
  if (warnings_.is_due(subject, "talk", of_talk, now)) {
    warn(row, "talk", of_talk);
  }
  return row;
}

void TollGate::warn(const Row& row, std::string_view measure, tolls::Level level) {
  const bool calls = measure == "calls";
  const std::string used = calls ? std::to_string(row.usage.calls) : minutes(milliseconds(row.usage.talk));
  const std::string cap = calls ? std::to_string(row.caps.calls) : minutes(milliseconds(row.caps.talk));
  const bool reached = level == tolls::Level::reached;
  std::string text =
      fmt::format("{} {} the cap of calls to the outside: {} of {} {} in the last hour", row.subject.text(),
                  reached ? "has reached" : "comes near", used, cap, calls ? "calls" : "of talk");
  log::line(Level::warning, Subsystem::call, {}, "{}", text);
  events_.publish(reached ? "toll.cap" : "toll.near",
                  {{"kind", row.subject.kind == Subject::Kind::extension ? "extension" : "trunk"},
                   {"name", row.subject.name},
                   {"measure", std::string(measure)},
                   {"used", used},
                   {"cap", cap},
                   {"text", std::move(text)}});
}

// -- kept ------------------------------------------------------------------------------------------

/// One value for each of them: "MINUTE CALLS MILLISECONDS", minutes since 1970, with commas between them.
void TollGate::keep(const Subject& subject) {
  std::string text;
  const std::int64_t present = present_minute();
  for (const auto& minute : ledger_.minutes(subject, timers_.now())) {
    text += fmt::format("{}{} {} {}", text.empty() ? "" : ",", present - minute.age.count(), minute.calls,
                        milliseconds(minute.talk));
  }
  const auto verb = text.empty() ? values::Command::Verb::remove : values::Command::Verb::insert;
  if (const auto done = kept_.execute({verb, realm, key_of(subject), text}); !done && !text.empty()) {
    log::line(Level::warning, Subsystem::call, {}, "what {} has used cannot be kept for a restart: {}",
              subject.text(), done.error().what);
  }
}

void TollGate::restore() {
  const std::int64_t present = present_minute();
  for (const auto& [name, text] : kept_.all()) {
    if (name.first != realm) {
      continue;
    }
    std::string_view rest = text;
    const auto number = [&](char until) {
      const auto end = std::min(rest.find(until), rest.size());
      std::int64_t value = 0;
      (void)std::from_chars(rest.data(), rest.data() + end, value);
      rest.remove_prefix(std::min(end + 1, rest.size()));
      return value;
    };
    while (!rest.empty()) {
      tolls::Ledger::Minute minute;
      minute.age = std::chrono::minutes(present - number(' '));
      minute.calls = static_cast<std::uint64_t>(std::max<std::int64_t>(0, number(' ')));
      minute.talk = std::chrono::milliseconds(std::max<std::int64_t>(0, number(',')));
      ledger_.add(subject_of(name.second), minute, timers_.now());
    }
  }
}

}  // namespace switchroom::call
