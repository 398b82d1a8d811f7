#include "sounds/library.hpp"

#include "base/log.hpp"
#include "base/signal.hpp"
#include "base/worker.hpp"
#include "sounds/command_speech.hpp"
#include "sounds/flite.hpp"
#include "sounds/music.hpp"
#include "sounds/prompts.hpp"

#include <fmt/format.h>

#include <atomic>
#include <functional>
#include <list>
#include <map>
#include <system_error>
#include <tuple>

namespace switchroom::sounds {
namespace {

using Made = base::result<media::SoundPtr>;

constexpr std::string_view music_prefix = "music ";

/// What makes one sound the same as another.
struct Key {
  std::string name;
  std::int64_t changed = 0;  // a file's time of change; 0: unknown
  std::uintmax_t size = 0;
  [[nodiscard]] auto tie() const { return std::tie(name, changed, size); }
  bool operator<(const Key& other) const { return tie() < other.tie(); }
  bool operator==(const Key& other) const { return tie() == other.tie(); }
};

Key key_of_file(const std::filesystem::path& file, unsigned rate) {
  std::error_code none;
  Key key{fmt::format("file {} {}", rate, file.string())};
  const auto changed = std::filesystem::last_write_time(file, none);
  key.changed = none ? 0 : static_cast<std::int64_t>(changed.time_since_epoch().count());
  const auto size = std::filesystem::file_size(file, none);
  key.size = none ? 0 : size;
  return key;
}

Made read_file(const std::filesystem::path& file, unsigned rate, base::Duration longest) {
  auto sound = media::read_sound(file, rate, longest);
  if (!sound) {
    return base::Error{fmt::format("{}: {}", file.string(), media::describe(sound.error()))};
  }
  return base::success<media::SoundPtr>(std::move(*sound));
}

Made decode_prompt(const std::optional<PackedPrompt>& prompt, const std::string& name) {
  if (!prompt) {
    return base::Error{fmt::format("there is no prompt {}", name)};
  }
  return base::success<media::SoundPtr>(std::make_shared<const media::Sound>(decode(*prompt)));
}

/// One making, and all who wait for it. Call thread.
struct Pending {
  explicit Pending(const asio::any_io_executor& executor) : done(executor) {}
  base::Signal done;
  Made made = base::Error{"the server is stopping"};
};

std::size_t bytes_of(const media::SoundPtr& sound) { return sound->samples.size() * sizeof(std::int16_t); }

}  // namespace

/// The call thread's cache, and the threads that make what it lacks.
class Library::Shelf {
 public:
  Shelf(asio::io_context& call_context, const Settings& settings)
      : call_context_(call_context), settings_(settings), alive_(std::make_shared<bool>(true)) {}
  Shelf(const Shelf&) = delete;
  Shelf& operator=(const Shelf&) = delete;
  ~Shelf() {
    stopping_ = true;
    *alive_ = false;
    for (const auto& [key, pending] : pending_) {
      pending->done.notify();
    }
  }

  struct Order {
    Key key;
    base::Worker* worker;  // not owned: a member
    std::function<Made()> make;
  };

  base::result<Order> order(Source source, unsigned rate) {
    if (auto* const file = std::get_if<std::filesystem::path>(&source)) {
      return Order{key_of_file(*file, rate), &files_,
                   [file = std::move(*file), rate, longest = settings_.longest] {
                     return read_file(file, rate, longest);
                   }};
    }
    if (auto* const prompt = std::get_if<Prompt>(&source)) {
      return Order{Key{fmt::format("prompt {} {}", prompt->language, prompt->name)}, &prompts_,
                   [name = prompt->name, language = prompt->language] {
                     return decode_prompt(find_prompt(name, language), name);
                   }};
    }
    if (auto* const text = std::get_if<Text>(&source)) {
      return order_speech(std::move(*text));
    }
    return order_music(std::get<Music>(source).name);
  }

  media::SoundPtr cached(const Key& key) {
    for (auto one = cache_.begin(); one != cache_.end(); ++one) {
      if (one->first == key) {
        cache_.splice(cache_.begin(), cache_, one);
        ++statistics_.shared;
        return cache_.front().second;
      }
    }
    if (const auto music = music_.find(key.name); music != music_.end() && music->second.first == key) {
      ++statistics_.shared;
      return music->second.second;
    }
    const auto large = large_.find(key.name);
    media::SoundPtr sound =
        large != large_.end() && large->second.first == key ? large->second.second.lock() : nullptr;
    statistics_.shared += sound != nullptr ? 1 : 0;
    return sound;
  }

  /// Shared with who waits. Null: too much is waiting.
  std::shared_ptr<Pending> make(Order order) {
    if (const auto found = pending_.find(order.key); found != pending_.end()) {
      ++statistics_.shared;
      return found->second;
    }
    if (order.worker->waiting() >= settings_.most_waiting) {
      return nullptr;
    }
    auto pending = std::make_shared<Pending>(call_context_.get_executor());
    pending_.emplace(order.key, pending);
    order.worker->post([this, alive = alive_, key = order.key, make = std::move(order.make)] {
      asio::post(call_context_, [this, alive, key, made = make()] {
        if (*alive) {
          finish(key, made);
        }
      });
    });
    return pending;
  }

  void configure(const config::SnapshotPtr& config) { config_ = config; }
  [[nodiscard]] LibraryStatistics statistics() const { return statistics_; }

 private:
  base::result<Order> order_speech(Text text) {
    if (text.text.size() > settings_.longest_text) {
      return base::Error{fmt::format("a text of {} bytes is longer than the {} that are said at once",
                                     text.text.size(), settings_.longest_text)};
    }
    const config::Speech settings = config_ == nullptr ? config::Speech() : config_->speech;
    Utterance said{std::move(text.text), text.voice.empty() ? settings.voice : text.voice, text.language};
    Key key{fmt::format("speech {} {} {}", said.voice, said.language, said.text)};
    if (text.flite || settings.command.empty()) {
      return Order{std::move(key), &speech_,
                   [said = std::move(said)] { return speak_with_flite(said.text, said.voice); }};
    }
    key.name = fmt::format("{} by {}", key.name, fmt::join(settings.command, " "));
    return Order{std::move(key), &speech_,
                 [this, settings, said = std::move(said), cache = config_->pbx.data_dir / "speech"] {
                   return speak_with_command(settings, said, cache, stopping_);
                 }};
  }

  base::result<Order> order_music(const std::string& name) {
    const auto found = config_ == nullptr ? nullptr : own_music(name);
    if (found == nullptr) {
      return Order{Key{"music"}, &prompts_, [] { return decode_prompt(default_music(), "music"); }};
    }
    Key key = key_of_file(found->folder, found->shuffle ? 1 : 0);  // of the folder: a file comes, or goes
    key.name = std::string(music_prefix) + key.name;
    return Order{std::move(key), &files_, [music = *found] { return read_music(music); }};
  }

  [[nodiscard]] const config::Music* own_music(const std::string& name) const {
    auto found = config_->music.find(name);
    if (found == config_->music.end() && name == "moh") {
      found = config_->music.find("default");
    }
    return found == config_->music.end() ? nullptr : &found->second;
  }

  void finish(const Key& key, const Made& made) {
    const auto pending = std::move(pending_.extract(key).mapped());
    if (made) {
      keep(key, *made);
      if ((*made)->truncated) {
        log::line(log::Level::warning, log::Subsystem::media, {}, "{} is truncated: what is there is played",
                  key.name);
      }
    }
    ++(made ? statistics_.made : statistics_.failed);
    pending->made = made;
    pending->done.notify();
  }

  void keep(const Key& key, const media::SoundPtr& sound) {
    // An older version of the same file is of no use to anybody new.
    cache_.remove_if([&](const auto& one) {
      const bool old = one.first.name == key.name;
      statistics_.bytes -= old ? bytes_of(one.second) : 0;
      return old;
    });
    if (key.name.starts_with(music_prefix)) {
      music_.insert_or_assign(key.name, std::pair(key, sound));  // as often wanted as there are holds
      return;
    }
    if (bytes_of(sound) > settings_.cache_bytes / 4) {
      // One long recording shall not push all prompts out: it is kept as long as somebody hears it.
      large_.erase(key.name);
      large_.emplace(key.name, std::pair(key, std::weak_ptr(sound)));
      return;
    }
    cache_.emplace_front(key, sound);
    statistics_.bytes += bytes_of(sound);
    while (statistics_.bytes > settings_.cache_bytes) {
      statistics_.bytes -= bytes_of(cache_.back().second);
      cache_.pop_back();
    }
  }

  asio::io_context& call_context_;
  Settings settings_;
  std::atomic<bool> stopping_ = false;  // for the speech thread
  config::SnapshotPtr config_;
  LibraryStatistics statistics_;
  std::shared_ptr<bool> alive_;                       // shared with results on their way; call thread alone
  std::list<std::pair<Key, media::SoundPtr>> cache_;  // latest first
  std::map<std::string, std::pair<Key, media::SoundPtr>> music_;
  std::map<std::string, std::pair<Key, std::weak_ptr<const media::Sound>>> large_;
  // Shared with those who wait: a waiter that is cancelled goes before, the shelf's end comes before others.
  std::map<Key, std::shared_ptr<Pending>> pending_;
  // Last: they join before anything that their jobs refer to goes.
  base::Worker files_{"sound files", base::Worker::AtEnd::drop};
  base::Worker prompts_{"prompts", base::Worker::AtEnd::drop};
  base::Worker speech_{"speech", base::Worker::AtEnd::drop};
};

bool has_music(const config::Snapshot& config, std::string_view name) {
  return name == "default" || name == "moh" || config.music.contains(std::string(name));
}

Library::Library(asio::io_context& call_context, const Settings& settings)
    : shelf_(std::make_unique<Shelf>(call_context, settings)) {}
Library::Library(asio::io_context& call_context) : Library(call_context, Settings{}) {}
Library::~Library() = default;

void Library::configure(const config::SnapshotPtr& config) { shelf_->configure(config); }
LibraryStatistics Library::statistics() const { return shelf_->statistics(); }

awaitable<Made> Library::load(Source source, unsigned rate) {
  auto order = shelf_->order(std::move(source), rate);
  if (!order) {
    co_return order.error();
  }
  if (media::SoundPtr sound = shelf_->cached(order->key)) {
    co_return base::success<media::SoundPtr>(std::move(sound));
  }
  const auto pending = shelf_->make(std::move(*order));
  if (pending == nullptr) {
    co_return base::Error{"too many sounds are waiting to be made"};
  }
  co_await pending->done.wait();
  co_return pending->made;
}

}  // namespace switchroom::sounds
