#include "cdr/recorder.hpp"

#include "base/log.hpp"
#include "base/random.hpp"
#include "base/utf8.hpp"
#include "cdr/csv.hpp"
#include "cdr/journal.hpp"
#include "cdr/table.hpp"
#include "cdr/worker.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <string_view>
#include <system_error>
#include <utility>

namespace switchroom::cdr {
namespace {

using std::chrono::steady_clock;

constexpr std::uint64_t sweep_every = 256;  // closed records between two looks for files to delete

// Strangers' bytes, made fit to be shown; and no field may be longer than anything sensible.
void clean(Record& r) {
  for (auto* text : {&r.uuid, &r.bleg_uuid, &r.caller_id_name, &r.caller_id_number, &r.destination_number,
                     &r.context, &r.accountcode, &r.hangup_cause, &r.sip_hangup_disposition, &r.hung_up_by,
                     &r.read_codec, &r.write_codec, &r.sip_from_uri, &r.sip_to_uri, &r.sip_call_id,
                     &r.network_addr, &r.bridge_channel, &r.last_app, &r.last_arg}) {
    if (text->size() > 1024) text->resize(1024);
    *text = base::printable(std::move(*text));
  }
}

// The journal's own name, made once.
base::result<std::string> journal_name(const std::filesystem::path& directory) {
  const auto path = directory / "name";
  std::string name;
  std::getline(std::ifstream(path), name);
  if (name.size() == 36) return name;
  name = base::random_uuid();
  const auto fresh = directory / "name.new";
  std::ofstream(fresh) << name << '\n';
  std::error_code failed;
  std::filesystem::rename(fresh, path, failed);  // whole or not at all
  if (failed) return base::Error{path.string() + ": " + failed.message()};
  return name;
}

base::WallMicros read_alive(const std::filesystem::path& path) {
  std::string text;
  std::getline(std::ifstream(path), text);
  const std::size_t digits = std::min(text.find_first_not_of('0'), text.size());
  base::WallMicros when = 0;
  const auto read = std::from_chars(text.data() + digits, text.data() + text.size(), when);
  return read.ec == std::errc() && text.size() == 20 ? when : 0;
}

std::uint64_t milliseconds_between(base::WallMicros from, base::WallMicros to) {
  return from == 0 || to <= from ? 0 : static_cast<std::uint64_t>((to - from) / 1000);
}

// The record of a call that ended with the process: as long as we know that it lived.
void end_by_crash(Record& record, base::WallMicros last_known) {
  record.end = std::max({last_known, record.start, record.answer});
  record.duration_ms = milliseconds_between(record.start, record.end);
  record.billed_ms = milliseconds_between(record.answer, record.end);
  record.hangup_cause = "CRASH";
  record.hangup_cause_q850 = 41;  // Q.850: temporary failure
  record.hung_up_by = "switchroom";
}

class Journaled final : public Recorder {
 public:
  explicit Journaled(Settings settings) : settings_(std::move(settings)) {}
  ~Journaled() override;

  base::result<void> start();
  void opened(const Record& record) override;
  void answered(const std::string& uuid, base::WallMicros when) override;
  void closed(const Record& record) override;
  void reopen() override { worker_->reopen(); }
  bool flush(std::chrono::milliseconds limit) override { return worker_->flush(limit); }
  [[nodiscard]] State state() const override;

 private:
  base::result<std::vector<std::unique_ptr<Feed>>> open_feeds();
  void sweep();
  void complain();

  Settings settings_;
  Journal journal_;
  std::unique_ptr<Worker> worker_;
  std::uint64_t complained_failures_ = 0;
  steady_clock::time_point next_complaint_{};
};

base::result<std::vector<std::unique_ptr<Feed>>> Journaled::open_feeds() {
  std::vector<std::unique_ptr<Feed>> feeds;
  const auto add = [&](std::unique_ptr<Sink> sink) {
    journal_.start_above(sink->position());
    feeds.push_back(std::make_unique<Feed>(std::move(sink), settings_.directory));
  };
  if (!settings_.csv.empty()) {
    auto csv = Csv::open(settings_.csv, settings_.directory / "csv.mark");
    if (!csv) return csv.error();
    add(std::move(*csv));
  }
  if (!settings_.sqlite.empty()) {
    const auto name = journal_name(settings_.directory);
    if (!name) return name.error();
    auto table = Table::open(settings_.sqlite, *name);
    if (!table) return table.error();
    add(std::move(*table));
  }
  return feeds;
}

base::result<void> Journaled::start() {
  Journal::Recovered found;
  auto journal = Journal::open(settings_.directory, settings_.segment_bytes, found);
  if (!journal) return journal.error();
  journal_ = std::move(*journal);
  auto feeds = open_feeds();
  if (!feeds) return feeds.error();
  const auto alive = settings_.directory / "alive";
  const base::WallMicros last_known = std::max(found.last_written, read_alive(alive));
  for (Record& record : found.cut_short) {
    end_by_crash(record, last_known);
    // Into the journal first: the worker finds them there, with all that was left over.
    (void)journal_.closed(record);
  }
  if (!found.cut_short.empty()) {
    log::line(log::Level::warning, log::Subsystem::cdr, "",
              "{} calls were cut short when the program ended last time; their records say CRASH",
              found.cut_short.size());
  }
  worker_ = std::make_unique<Worker>(std::move(*feeds), alive);
  worker_->catch_up(journal_.last_number());
  return {};
}

Journaled::~Journaled() {
  if (!worker_) return;
  journal_.catch_up();
  (void)worker_->flush(std::chrono::milliseconds(2000));
  sweep();
  worker_.reset();
}

void Journaled::opened(const Record& record) {
  Record copy = record;
  clean(copy);
  journal_.opened(copy);
  worker_->set_open_calls(journal_.open_calls());
  complain();
}

void Journaled::answered(const std::string& uuid, base::WallMicros when) {
  journal_.answered(uuid, when);
  complain();
}

void Journaled::closed(const Record& record) {
  auto copy = std::make_shared<Record>(record);
  clean(*copy);
  const std::uint64_t number = journal_.closed(*copy);
  worker_->push({number, std::move(copy)});
  worker_->set_open_calls(journal_.open_calls());
  if (number % sweep_every == 0) sweep();
  complain();
}

void Journaled::sweep() {
  auto files = journal_.take_expendable(worker_->done());
  if (!files.empty()) worker_->discard(std::move(files));
}

void Journaled::complain() {
  if (journal_.failures() == complained_failures_ || steady_clock::now() < next_complaint_) return;
  complained_failures_ = journal_.failures();
  next_complaint_ = steady_clock::now() + std::chrono::minutes(1);
  log::line(log::Level::error, log::Subsystem::cdr, "",
            "{}: records are kept in memory until they are in CSV and SQLite; a crash now would lose them",
            journal_.last_error());
}

Recorder::State Journaled::state() const {
  State state = worker_->state();
  state.failures += journal_.failures();
  if (state.last_error.empty()) state.last_error = journal_.last_error();
  return state;
}

}  // namespace

base::result<std::unique_ptr<Recorder>> Recorder::open(Settings settings) {
  auto recorder = std::make_unique<Journaled>(std::move(settings));
  if (auto started = recorder->start(); !started) return started.error();
  return std::unique_ptr<Recorder>(std::move(recorder));
}

}  // namespace switchroom::cdr
