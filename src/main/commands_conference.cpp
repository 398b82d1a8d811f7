// pbxctl conference: who is in which room, and what is done about it.
#include "base/random.hpp"
#include "call/call.hpp"
#include "call/sounds.hpp"
#include "conference/request.hpp"
#include "conference/rooms.hpp"
#include "main/commands.hpp"
#include "main/server.hpp"

#include <boost/json.hpp>
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

namespace switchroom::main {
namespace {

namespace json = boost::json;
using conference::Member;
using conference::Room;
using control::Answer;

std::int64_t seconds_since(base::Time when) {
  return std::chrono::duration_cast<std::chrono::seconds>(base::Clock::now() - when).count();
}

base::result<Room*> find_room(Server& server, const std::string& name) {
  Room* const room = server.conferences().find(name);
  if (room == nullptr) {
    return base::Error{"nobody is in a conference " + name + " (see: pbxctl conference list)"};
  }
  return room;
}

json::object summary_of(const Room& room) {
  return {{"room", room.name()},
          {"profile", room.profile().name},
          {"members", room.count()},
          {"moderators",
           std::ranges::count_if(room.members(), [](const Member* one) { return one->flags.moderator; })},
          {"locked", room.locked()},
          {"recorded", !room.recordings().empty()},
          {"waiting", room.waits_for_moderator()},
          {"rate", room.profile().rate},
          {"age_s", seconds_since(room.opened())}};
}

json::object view_of(const Member& member) {
  const auto state = member.seat != nullptr ? member.seat->state() : media::SeatState();
  return {{"member", member.number},
          {"caller", member.caller_number},
          {"name", member.caller_name},
          {"flags", conference::text_of(member.flags)},
          {"muted", member.muted},
          {"deaf", member.deaf},
          {"hand", member.hand},
          {"held", member.held},
          {"talking", member.talking},
          {"energy", state.energy},
          {"energy_level", member.energy_level},
          {"talk", member.talk_step},
          {"listen", member.listen_step},
          {"codec", member.call.caller().media().codec()},
          {"call", member.call.uuid()},
          {"age_s", seconds_since(member.since)}};
}

Reply list(Server& server) {
  json::array rows;
  for (const auto& [name, room] : server.conferences().all()) {
    rows.emplace_back(summary_of(*room));
  }
  return Answer{std::move(rows),
                {"room", "profile", "members", "moderators", "locked", "waiting", "recorded", "age_s"}};
}

Reply show(const Room& room) {
  json::array rows;
  for (const Member* const member : room.members()) {
    rows.emplace_back(view_of(*member));
  }
  return Answer{
      std::move(rows),
      {"member", "caller", "name", "flags", "muted", "deaf", "hand", "talking", "energy", "codec", "age_s"}};
}

std::optional<int> whole(const std::string& text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

/// Does something to the members that `who` names, and says to whom.
Reply for_members(Room& room, const std::string& who, const std::function<void(Member&)>& act) {
  auto members = room.select(who);
  if (!members) {
    return members.error();
  }
  json::array numbers;
  for (Member* const member : *members) {
    numbers.emplace_back(member->number);
    act(*member);
  }
  return Answer{json::object{{"room", room.name()}, {"members", std::move(numbers)}}, {}};
}

Reply volume(Room& room, const Arguments& arguments) {
  const auto step = whole(arguments[2]);
  const bool talk = arguments[1] == "talk";
  if (!step || (!talk && arguments[1] != "listen")) {
    return base::Error{"it takes ROOM talk|listen STEP [MEMBER]: a step from -4 to 4, 3 dB each"};
  }
  return for_members(room, arguments.size() > 3 ? arguments[3] : "all", [&](Member& member) {
    room.set_volumes(member, talk ? *step : member.talk_step, talk ? member.listen_step : *step);
  });
}

Reply energy(Room& room, const Arguments& arguments) {
  const auto level = whole(arguments[1]);
  if (!level || *level < 0 || *level > 32767) {
    return base::Error{"it takes ROOM LEVEL [MEMBER]: 0 to 32767, the mean amplitude of speech"};
  }
  return for_members(room, arguments.size() > 2 ? arguments[2] : "all",
                     [&](Member& member) { room.set_energy(member, static_cast<unsigned>(*level)); });
}

Reply dial(Server& server, Room& room, const Arguments& arguments) {
  auto id = server.conferences().dial(room, arguments[1], arguments.size() > 2 ? arguments[2] : "");
  if (!id) {
    return id.error();
  }
  return Answer{json::object{{"room", room.name()}, {"call", *id}}, {}};
}

Reply transfer(Room& room, const Arguments& arguments) {
  if (const auto request = conference::parse_request(arguments[1]); !request) {
    return request.error();
  }
  return for_members(room, arguments.size() > 2 ? arguments[2] : "all",
                     [&](Member& member) { room.transfer(member, arguments[1]); });
}

Reply done(const Room& room, const char* what) {
  return Answer{json::object{{"room", room.name()}, {"done", what}}, {}};
}

awaitable<Reply> play(Server& server, Arguments arguments) {
  auto names = call::parse_sounds(arguments[1], server.config());
  if (!names) {
    co_return names.error();
  }
  const auto room = find_room(server, arguments[0]);
  if (!room) {
    co_return room.error();
  }
  auto list = co_await call::load_sounds(server.sound_library(), std::move(*names), (*room)->profile().rate);
  if (!list) {
    co_return list.error();
  }
  const auto now = find_room(server, arguments[0]);  // the file took a moment
  if (!now) {
    co_return now.error();
  }
  (*now)->play(std::move(*list), arguments[1]);
  co_return done(**now, "playing");
}

using Act = std::function<Reply(Server&, Room&, const Arguments&)>;
struct Verb {
  std::string name;
  std::string arguments;  // behind the room
  std::string help;
  std::size_t least;
  std::size_t most;
  Act act;
};

Act on_members(void (*act)(Room&, Member&)) {
  return [act](Server&, Room& room, const Arguments& arguments) {
    return for_members(room, arguments[1], [&](Member& member) { act(room, member); });
  };
}

std::vector<Verb> verbs() {
  const std::string who = "MEMBER|all|non_moderator|last";
  return {{"show", "", "who is in a conference", 1, 1,
           [](Server&, Room& room, const auto&) { return show(room); }},
          {"count", "", "how many are in it", 1, 1,
           [](Server&, Room& room, const auto&) {
             return Reply(Answer{json::object{{"room", room.name()}, {"members", room.count()}}, {}});
           }},
          {"mute", who, "the others do not hear them", 2, 2,
           on_members([](Room& room, Member& member) { room.mute(member, true); })},
          {"unmute", who, "they are heard again", 2, 2,
           on_members([](Room& room, Member& member) { room.mute(member, false); })},
          {"deaf", who, "they hear nothing", 2, 2,
           on_members([](Room& room, Member& member) { room.deafen(member, true); })},
          {"undeaf", who, "they hear again", 2, 2,
           on_members([](Room& room, Member& member) { room.deafen(member, false); })},
          {"kick", who, "sends them out", 2, 2,
           on_members([](Room& room, Member& member) { room.kick(member); })},
          {"lock", "", "nobody else comes in", 1, 1,
           [](Server&, Room& room, const auto&) {
             room.lock(true);
             return done(room, "locked");
           }},
          {"unlock", "", "others may come in", 1, 1,
           [](Server&, Room& room, const auto&) {
             room.lock(false);
             return done(room, "unlocked");
           }},
          {"volume", "talk|listen STEP [MEMBER…]", "how loud they are, or hear: -4 to 4", 3, 4,
           [](Server&, Room& room, const Arguments& arguments) { return volume(room, arguments); }},
          {"energy", "LEVEL [MEMBER…]", "the energy below which they are not heard", 2, 3,
           [](Server&, Room& room, const Arguments& arguments) { return energy(room, arguments); }},
          {"record", "FILE", "records it into a file below recordings in data_dir", 2, 2,
           [](Server&, Room& room, const Arguments& arguments) -> Reply {
             auto file = room.record(arguments[1]);
             if (!file) {
               return file.error();
             }
             return Answer{json::object{{"room", room.name()}, {"file", *file}}, {}};
           }},
          {"norecord", "FILE|all", "ends recording", 2, 2,
           [](Server&, Room& room, const Arguments& arguments) -> Reply {
             const auto files = room.stop_recording(arguments[1]);
             if (files.empty()) {
               return base::Error{"conference " + room.name() + " is not being recorded to " + arguments[1]};
             }
             json::array names(files.begin(), files.end());
             return Answer{json::object{{"room", room.name()}, {"files", std::move(names)}}, {}};
           }},
          {"dial", "TARGET [FLAGS]", "calls user/1001 (or another) into it", 2, 3, dial},
          {"transfer", "ROOM[@PROFILE] [MEMBER…]", "takes them to another room", 2, 3,
           [](Server&, Room& room, const Arguments& arguments) { return transfer(room, arguments); }},
          {"stop", "", "ends what is played", 1, 1,
           [](Server&, Room& room, const auto&) {
             room.stop_playing();
             return done(room, "stopped playing");
           }},
          {"end", "", "ends it for all", 1, 1, [](Server&, Room& room, const auto&) {
             room.end();
             return Reply(Answer{json::object{{"ended", true}}, {}});
           }}};
}

}  // namespace

void add_conference_commands(control::CommandTable& table, Server& server) {
  table.add({"conference list", "", "the conferences in which somebody is",
             now([&](const auto&) { return list(server); }), 0, 0});
  for (const Verb& verb : verbs()) {
    table.add({"conference " + verb.name, "ROOM" + (verb.arguments.empty() ? "" : " " + verb.arguments),
               verb.help, now([&server, act = verb.act](const Arguments& arguments) -> Reply {
                 const auto room = find_room(server, arguments[0]);
                 return room ? act(server, **room, arguments) : Reply(room.error());
               }),
               verb.least, verb.most});
  }
  table.add({"conference play", "ROOM SOUND", "plays a file (or what playback takes) to all",
             [&server](Arguments arguments) { return play(server, std::move(arguments)); }, 2, 2});
}

}  // namespace switchroom::main
