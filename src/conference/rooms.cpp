#include "conference/rooms.hpp"

#include "base/log.hpp"
#include "call/sounds.hpp"
#include "sounds/library.hpp"

#include <algorithm>
#include <utility>

namespace switchroom::conference {
namespace {

using log::Level;
using log::Subsystem;

}  // namespace

Rooms::Rooms(const Needs& needs)
    : needs_(needs), tasks_(needs.context.get_executor(), [](const std::string& what) {
        log::line(Level::error, Subsystem::call, {}, "a conference's task failed: {}", what);
      }) {}

Rooms::~Rooms() = default;

awaitable<void> Rooms::close() {
  tasks_.cancel();
  co_await tasks_.join();
}

const config::Conference* Rooms::profile(const std::string& name) const {
  const auto found = config_->conferences.find(name);
  return found == config_->conferences.end() ? nullptr : &found->second;
}

Room* Rooms::find(std::string_view name) const {
  const auto found = rooms_.find(name);
  return found == rooms_.end() ? nullptr : found->second.get();
}

Room* Rooms::find(std::uint64_t id) const {
  const auto found = std::ranges::find_if(rooms_, [&](const auto& one) { return one.second->id() == id; });
  return found == rooms_.end() ? nullptr : found->second.get();  // not of those that have ended
}

Room& Rooms::open(const std::string& name, config::Conference profile) {
  auto& room = rooms_[name];
  if (room == nullptr) {
    room = std::make_unique<Room>(*this, ++last_id_, name, std::move(profile));
    for (const auto& target : room->profile().dial_out) {
      if (const auto dialled = dial(*room, target, {}); !dialled) {
        log::line(Level::warning, Subsystem::call, {}, "conference {} cannot call {}: {}", name, target,
                  dialled.error().what);
      }
    }
  }
  return *room;
}

void Rooms::retire(Room& room) {
  const auto found = rooms_.find(room.name());
  if (found != rooms_.end() && found->second.get() == &room) {
    retired_.push_back(std::move(found->second));
    rooms_.erase(found);
  }
}

void Rooms::close(Room& room) {
  retire(room);
  std::erase_if(retired_, [&](const auto& one) { return one.get() == &room; });
}

base::result<std::string> Rooms::dial(const Room& room, const std::string& target, std::string flags) {
  MemberFlags checked;
  if (const auto read = add_flags(checked, flags); !read) {
    return read.error();
  }
  flags += flags.empty() ? "invited" : "|invited";
  return dialler_(target, room.name() + "@" + room.profile().name + "+flags{" + flags + "}");
}

// -- sounds ------------------------------------------------------------------------------------------

void Rooms::announce_later(const Room& room, std::string sounds) {
  tasks_.spawn(announce(room.id(), std::move(sounds)));
}

void Rooms::load_music(const Room& room) { tasks_.spawn(music(room.id(), room.profile().moh_sound)); }

awaitable<void> Rooms::announce(std::uint64_t id, std::string sounds) {
  const config::SnapshotPtr config = config_;
  Room* room = find(id);
  auto names = call::parse_sounds(sounds, *config);
  auto list = names && room != nullptr
                  ? co_await call::load_sounds(needs_.sounds, std::move(*names), room->profile().rate)
                  : base::result<media::PlayList>(names ? base::Error{"the room is gone"} : names.error());
  room = find(id);
  if (!list) {
    log::line(Level::error, Subsystem::call, {}, "a sound cannot be played in a conference: {}",
              list.error().what);
  } else if (room != nullptr) {
    room->play(std::move(*list), sounds);
  }
}

awaitable<void> Rooms::music(std::uint64_t id, std::string sounds) {
  const config::SnapshotPtr config = config_;
  Room* room = find(id);
  auto names = call::parse_hold_music(sounds, *config);
  auto list = names && room != nullptr
                  ? co_await call::load_sounds(needs_.sounds, std::move(*names), room->profile().rate)
                  : base::result<media::PlayList>(names ? base::Error{"the room is gone"} : names.error());
  room = find(id);
  if (!list) {
    log::line(Level::error, Subsystem::call, {}, "the music of a conference cannot be played: {}",
              list.error().what);
  } else if (room != nullptr) {
    room->play_music(std::move(*list));
  }
}

}  // namespace switchroom::conference
