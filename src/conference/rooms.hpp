// All conference rooms of the process.
#pragma once

#include "base/asio.hpp"
#include "base/result.hpp"
#include "base/task_group.hpp"
#include "base/timers.hpp"
#include "conference/room.hpp"
#include "config/snapshot.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace switchroom::call {
class Events;
}
namespace switchroom::sounds {
class Library;
}

namespace switchroom::conference {

/// Call thread. Close by co_await close() when no call is left, before it is destroyed.
class Rooms {
 public:
  struct Needs {
    asio::io_context& context;
    base::Timers& timers;
    media::Engine& media;
    sounds::Library& sounds;
    call::Events& events;
    recording::Recorder& recorder;
  };
  /// Calls `target` (a dial string) and lets it run the application conference with `argument`. Returns the
  /// id of the call.
  using Dialler =
      std::function<base::result<std::string>(const std::string& target, const std::string& argument)>;

  explicit Rooms(const Needs& needs);
  ~Rooms();
  Rooms(const Rooms&) = delete;
  Rooms& operator=(const Rooms&) = delete;

  void set_dialler(Dialler dialler) { dialler_ = std::move(dialler); }
  /// At start and after a reload; rooms that are open keep what they began with.
  void configure(config::SnapshotPtr config) { config_ = std::move(config); }
  awaitable<void> close();

  [[nodiscard]] const config::Conference* profile(const std::string& name) const;
  [[nodiscard]] Room* find(std::string_view name) const;
  /// The room of that name, opened with `profile` when there is none.
  Room& open(const std::string& name, config::Conference profile);
  /// It has ended, and lets go of its members: whoever comes from here on finds a new room.
  void retire(Room& room);
  /// Its last member has left.
  void close(Room& room);
  [[nodiscard]] const std::map<std::string, std::unique_ptr<Room>, std::less<>>& all() const {
    return rooms_;
  }

  /// Calls somebody into a room; `flags` as in +flags{…}.
  base::result<std::string> dial(const Room& room, const std::string& target, std::string flags);

  // -- for rooms --
  [[nodiscard]] const Needs& needs() const { return needs_; }
  [[nodiscard]] const config::SnapshotPtr& config() const { return config_; }
  /// Loads what is named and plays it in the room, if that is still there.
  void announce_later(const Room& room, std::string sounds);
  void load_music(const Room& room);

 private:
  [[nodiscard]] Room* find(std::uint64_t id) const;
  awaitable<void> announce(std::uint64_t id, std::string sounds);
  awaitable<void> music(std::uint64_t id, std::string sounds);

  Needs needs_;
  config::SnapshotPtr config_;
  Dialler dialler_;
  std::uint64_t last_id_ = 0;
  std::map<std::string, std::unique_ptr<Room>, std::less<>> rooms_;
  std::vector<std::unique_ptr<Room>> retired_;
  base::TaskGroup tasks_;  // last: empty before the rooms go
};

}  // namespace switchroom::conference
