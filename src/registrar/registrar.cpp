#include "registrar/registrar.hpp"

#include "base/log.hpp"
#include "registrar/writer.hpp"

#include <algorithm>
#include <set>
#include <unordered_map>
#include <utility>

namespace switchroom::registrar {
namespace {

using std::chrono::microseconds;
using std::chrono::seconds;

struct Entry {
  Binding binding;
  base::Time deadline;  // on the steady clock: a jump of the wall clock ends no registration
};

struct Extension {
  std::vector<Entry> entries;
  base::TimerId timer = 0;  // the earliest deadline
};

bool same_phone(const Binding& a, const Binding& b) {
  return a.contact == b.contact ||
         (!a.instance.empty() && a.instance == b.instance && a.reg_id != 0 && a.reg_id == b.reg_id);
}

bool better(const Binding& a, const Binding& b) {
  if (a.q != b.q) return a.q > b.q;
  return a.registered_at != b.registered_at ? a.registered_at > b.registered_at : a.contact < b.contact;
}

class Live final : public Registrar {
 public:
  Live(Settings settings, base::Timers& timers) : settings_(std::move(settings)), timers_(timers) {}
  ~Live() override {
    for (auto& [name, extension] : extensions_) timers_.cancel(extension.timer);
    flush();
  }

  base::result<void> load();
  base::result<std::vector<Binding>, Refusal> update(std::string_view extension,
                                                     std::vector<Update> updates) override;
  base::result<std::vector<Binding>, Refusal> clear(std::string_view extension, std::string_view call_id,
                                                    std::uint32_t cseq) override;
  [[nodiscard]] std::vector<Binding> find(std::string_view extension) const override;
  [[nodiscard]] std::vector<Binding> all() const override;
  [[nodiscard]] std::size_t size() const override;
  void connection_closed(std::uint64_t connection) override;
  void keep_only(const std::function<bool(std::string_view)>& exists) override;
  void on_change(std::function<void(const std::string&, bool)> listener) override {
    listeners_.push_back(std::move(listener));
  }
  void flush() override {
    if (writer_) (void)writer_->flush(std::chrono::seconds(2));
  }

 private:
  using Extensions = std::unordered_map<std::string, Extension>;
  [[nodiscard]] std::vector<Entry> live_entries(const std::string& name) const;
  [[nodiscard]] Entry entry_of(const std::string& name, Update update) const;
  void replace(const std::string& name, std::vector<Entry> entries);
  void remove_if(const std::string& name, const std::function<bool(const Entry&)>& gone);
  void arm(const std::string& name, Extension& extension);
  void write_all_if_wanted();

  Settings settings_;
  base::Timers& timers_;   // not owned
  Extensions extensions_;  // none without an entry
  std::size_t size_ = 0;
  // Which extensions came by a connection; may hold some that have moved on.
  std::unordered_map<std::uint64_t, std::set<std::string>> by_connection_;
  std::vector<std::function<void(const std::string&, bool)>> listeners_;
  std::unique_ptr<Writer> writer_;
};

base::result<void> Live::load() {
  if (settings_.database.empty()) return {};
  auto store = Store::open(settings_.database);
  if (!store) return store.error();
  const base::WallMicros wall = base::wall_now();
  auto bindings = store->load(wall);
  if (!bindings) return bindings.error();
  const base::Time now = timers_.now();
  for (Binding& binding : *bindings) {
    const base::Time deadline = now + microseconds(binding.expires_at - wall);
    std::string name = binding.extension;
    extensions_[std::move(name)].entries.push_back({std::move(binding), deadline});
    ++size_;
  }
  for (auto& [name, extension] : extensions_) arm(name, extension);
  writer_ = std::make_unique<Writer>(std::move(*store), settings_.database);
  return {};
}

std::vector<Entry> Live::live_entries(const std::string& name) const {
  std::vector<Entry> entries;
  if (const auto found = extensions_.find(name); found != extensions_.end()) {
    const base::Time now = timers_.now();
    std::copy_if(found->second.entries.begin(), found->second.entries.end(), std::back_inserter(entries),
                 [now](const Entry& entry) { return entry.deadline > now; });
  }
  return entries;
}

Entry Live::entry_of(const std::string& name, Update update) const {
  Entry entry{std::move(update.binding), timers_.now() + seconds(update.expires)};
  const base::WallMicros wall = base::wall_now();
  entry.binding.extension = name;
  entry.binding.expires_at = wall + microseconds(seconds(update.expires)).count();
  if (entry.binding.registered_at == 0) entry.binding.registered_at = wall;
  return entry;
}

base::result<std::vector<Binding>, Refusal> Live::update(std::string_view extension,
                                                         std::vector<Update> updates) {
  write_all_if_wanted();
  const std::string name(extension);
  std::vector<Entry> entries = live_entries(name);
  for (const Update& update : updates) {
    for (const Entry& entry : entries) {
      if (same_phone(entry.binding, update.binding) && entry.binding.call_id == update.binding.call_id &&
          update.binding.cseq < entry.binding.cseq) {
        return Refusal::out_of_order;
      }
    }
  }
  for (Update& update : updates) {
    std::erase_if(entries, [&](const Entry& entry) { return same_phone(entry.binding, update.binding); });
    if (update.expires != 0) entries.push_back(entry_of(name, std::move(update)));
    // Checked inside: a REGISTER with thousands of contacts must not become a quadratic amount of work.
    if (entries.size() > settings_.max_contacts + 16) return Refusal::too_many;
  }
  if (entries.size() > settings_.max_contacts) return Refusal::too_many;
  if (!updates.empty()) replace(name, std::move(entries));
  return find(extension);
}

base::result<std::vector<Binding>, Refusal> Live::clear(std::string_view extension, std::string_view call_id,
                                                        std::uint32_t cseq) {
  const std::string name(extension);
  for (const Entry& entry : live_entries(name)) {
    if (entry.binding.call_id == call_id && cseq < entry.binding.cseq) return Refusal::out_of_order;
  }
  if (extensions_.contains(name)) replace(name, {});
  return std::vector<Binding>();
}

// The one place where an extension's bindings change: memory, index, file, timer, listeners.
void Live::replace(const std::string& name, std::vector<Entry> entries) {
  const auto has = [](const std::vector<Entry>& list, const std::string& contact) {
    return std::any_of(list.begin(), list.end(),
                       [&](const Entry& e) { return e.binding.contact == contact; });
  };
  Extension& extension = extensions_[name];
  for (const Entry& old : extension.entries) {
    if (writer_ && !has(entries, old.binding.contact))
      writer_->put({name, old.binding.contact}, std::nullopt);
  }
  for (const Entry& entry : entries) {
    const auto unchanged = [&](const Entry& old) {
      return old.binding.contact == entry.binding.contact && old.deadline == entry.deadline &&
             old.binding.cseq == entry.binding.cseq && old.binding.call_id == entry.binding.call_id;
    };
    if (std::any_of(extension.entries.begin(), extension.entries.end(), unchanged)) continue;
    if (writer_) writer_->put({name, entry.binding.contact}, entry.binding);
    if (entry.binding.connection != 0) by_connection_[entry.binding.connection].insert(name);
  }
  size_ = size_ - extension.entries.size() + entries.size();
  extension.entries = std::move(entries);
  const bool registered = !extension.entries.empty();
  arm(name, extension);
  if (!registered) extensions_.erase(name);
  // NOLINTNEXTLINE(modernize-loop-convert): who is told may add another
  for (std::size_t i = 0; i < listeners_.size(); ++i) listeners_[i](name, registered);
}

void Live::arm(const std::string& name, Extension& extension) {
  timers_.cancel(std::exchange(extension.timer, 0));
  if (extension.entries.empty()) return;
  const auto first = std::min_element(extension.entries.begin(), extension.entries.end(),
                                      [](const Entry& a, const Entry& b) { return a.deadline < b.deadline; });
  extension.timer = timers_.at(first->deadline, [this, name] {
    const base::Time now = timers_.now();
    remove_if(name, [now](const Entry& entry) { return entry.deadline <= now; });
  });
}

void Live::remove_if(const std::string& name, const std::function<bool(const Entry&)>& gone) {
  const auto found = extensions_.find(name);
  if (found == extensions_.end()) return;
  std::vector<Entry> entries = found->second.entries;
  if (std::erase_if(entries, gone) != 0) {
    replace(std::string(name),
            std::move(entries));  // a copy: the name may be the timer's own, which ends in there
  } else {
    arm(name, found->second);
  }
}

std::vector<Binding> Live::find(std::string_view extension) const {
  std::vector<Binding> bindings;
  for (Entry& entry : live_entries(std::string(extension))) bindings.push_back(std::move(entry.binding));
  std::sort(bindings.begin(), bindings.end(), better);
  return bindings;
}

std::vector<Binding> Live::all() const {
  std::vector<Binding> bindings;
  bindings.reserve(size_);
  const base::Time now = timers_.now();
  for (const auto& [name, extension] : extensions_) {
    for (const Entry& entry : extension.entries) {
      if (entry.deadline > now) bindings.push_back(entry.binding);
    }
  }
  std::sort(bindings.begin(), bindings.end(), [](const Binding& a, const Binding& b) {
    return a.extension != b.extension ? a.extension < b.extension : better(a, b);
  });
  return bindings;
}

std::size_t Live::size() const { return size_; }

void Live::connection_closed(std::uint64_t connection) {
  const auto names = by_connection_.extract(connection);
  if (names.empty()) return;
  for (const std::string& name : names.mapped()) {
    remove_if(name, [connection](const Entry& entry) { return entry.binding.connection == connection; });
  }
}

void Live::keep_only(const std::function<bool(std::string_view)>& exists) {
  std::vector<std::string> gone;
  for (const auto& [name, extension] : extensions_) {
    if (!exists(name)) gone.push_back(name);
  }
  for (const std::string& name : gone) {
    log::line(log::Level::info, log::Subsystem::registrar, "",
              "{} is no longer configured: its registrations end", name);
    replace(name, {});
  }
}

void Live::write_all_if_wanted() {
  if (!writer_ || !writer_->wants_everything()) return;
  for (const auto& [name, extension] : extensions_) {
    for (const Entry& entry : extension.entries) writer_->put({name, entry.binding.contact}, entry.binding);
  }
}

}  // namespace

base::result<std::unique_ptr<Registrar>> Registrar::open(Settings settings, base::Timers& timers) {
  auto live = std::make_unique<Live>(std::move(settings), timers);
  if (auto loaded = live->load(); !loaded) return loaded.error();
  return std::unique_ptr<Registrar>(std::move(live));
}

}  // namespace switchroom::registrar
