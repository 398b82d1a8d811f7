// pbxctl record and pbxctl recordings.
#include "base/clock.hpp"
#include "config/recording_checks.hpp"
#include "main/commands.hpp"
#include "main/server.hpp"
#include "recording/archive.hpp"
#include "recording/call_recordings.hpp"

#include <boost/json.hpp>
#include <fmt/core.h>

#include <charconv>
#include <ctime>

namespace switchroom::main {
namespace {

namespace json = boost::json;
using control::Answer;
using recording::Entry;

constexpr std::int64_t shown = 100;  // recordings, unless limit= says otherwise

// -- while a call is up ----------------------------------------------------------------------------

Reply record(Server& server, const Arguments& arguments) {
  const auto call = server.switchboard().find(arguments[0]);
  if (!call) {
    return call.error();
  }
  auto& recordings = server.recordings();
  const std::string path = arguments.size() > 2 ? arguments[2] : std::string();
  if (arguments[1] == "start") {
    if (std::string wrong = path.empty() ? "" : config::wrong_recording_path(path, server.config().recording);
        !wrong.empty()) {
      return base::Error{std::move(wrong)};
    }
    recording::Request request;
    request.path = path;
    auto file = recordings.start(**call, request);
    return file ? Reply(Answer{json::object{{"recording", *file}}, {}}) : Reply(file.error());
  }
  if (arguments[1] == "stop") {
    const std::size_t count = recordings.stop(**call, path);
    return count == 0 ? Reply(base::Error{"nothing is recorded there"})
                      : Reply(Answer{json::object{{"stopped", count}}, {}});
  }
  if (arguments[1] == "pause" || arguments[1] == "resume") {
    const bool on = arguments[1] == "pause";
    const std::size_t count = recordings.pause(**call, on);
    return count == 0 ? Reply(base::Error{on ? "nothing is recorded" : "nothing is paused"})
                      : Reply(Answer{json::object{{on ? "paused" : "resumed", count}}, {}});
  }
  return base::Error{"record ID takes start [PATH], stop [PATH|all], pause or resume"};
}

// -- what is on the disk ---------------------------------------------------------------------------

std::string length_text(std::int64_t ms) {
  const std::int64_t seconds = ms / 1000;
  return fmt::format("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

json::object row_of(Server& server, const Entry& entry) {
  return {{"id", entry.id},
          {"began", base::local_stamp(entry.began)},
          {"length", length_text(entry.length_ms)},
          {"caller", entry.caller},
          {"destination", entry.destination},
          {"answered_by", entry.with},
          {"state", entry.state},
          {"file", server.archive().path_of(entry).string()},
          {"call", entry.call},
          {"length_ms", entry.length_ms},
          {"bytes", entry.bytes},
          {"dropped_ms", entry.dropped_ms},
          {"trouble", entry.trouble}};
}

/// "2026-11-25" or "2026-11-25T14:30", local time.
std::optional<base::WallMicros> moment(const std::string& text) {
  std::tm parts{};
  parts.tm_isdst = -1;
  const char* end = ::strptime(text.c_str(), "%Y-%m-%d", &parts);
  if (end != nullptr && (*end == 'T' || *end == ' ')) {
    end = ::strptime(end + 1, "%H:%M", &parts);
  }
  return end != nullptr && *end == '\0' ? std::optional(base::WallMicros{std::mktime(&parts)} * 1'000'000)
                                        : std::nullopt;
}

base::result<recording::Search> search_in(const Arguments& arguments) {
  recording::Search search;
  search.limit = shown;
  for (const std::string& one : arguments) {
    const auto equals = one.find('=');
    const std::string key = one.substr(0, equals);
    const std::string value = equals == std::string::npos ? std::string() : one.substr(equals + 1);
    if (equals == std::string::npos || key == "number") {
      search.number = equals == std::string::npos ? one : value;
    } else if (key == "extension") {
      search.extension = value;
    } else if (key == "call") {
      search.call = value;
    } else if (key == "since" || key == "until" || key == "date") {
      const auto when = moment(value);
      if (!when) {
        return base::Error{"\"" + value + "\" is no date: 2026-11-25, or 2026-11-25T14:30"};
      }
      (key == "until" ? search.until : search.since) = *when;
      if (key == "date") {
        search.until = *when + 86'400'000'000;
      }
    } else if (key == "limit") {
      const auto [end, ec] = std::from_chars(value.data(), value.data() + value.size(), search.limit);
      if (ec != std::errc{} || end != value.data() + value.size() || search.limit < 1) {
        return base::Error{"limit takes a number"};
      }
    } else {
      return base::Error{"\"" + one +
                         "\" is none of number=, extension=, call=, date=, since=, until=, limit="};
    }
  }
  return search;
}

awaitable<Reply> list(Server& server, Arguments arguments) {
  auto search = search_in(arguments);
  if (!search) {
    co_return search.error();
  }
  const auto found = co_await server.archive().search(std::move(*search));
  if (!found) {
    co_return found.error();
  }
  json::array rows;
  for (const Entry& entry : *found) {
    rows.emplace_back(row_of(server, entry));
  }
  co_return Answer{std::move(rows),
                   {"id", "began", "length", "caller", "destination", "answered_by", "state", "file"}};
}

std::optional<std::int64_t> number(const std::string& text) {
  std::int64_t value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  return ec == std::errc{} && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

/// Of `pbxctl recordings show` and `path`.
awaitable<Reply> show(Server& server, Arguments arguments, bool path_alone) {
  const auto id = number(arguments[0]);
  if (!id) {
    co_return base::Error{"\"" + arguments[0] + "\" is no recording's number (see: pbxctl recordings)"};
  }
  const auto found = co_await server.archive().find(*id);
  if (!found) {
    co_return found.error();
  }
  if (!*found) {
    co_return base::Error{"there is no recording " + arguments[0]};
  }
  if (path_alone) {
    co_return Answer{json::string(server.archive().path_of(**found).string()), {}};
  }
  co_return Answer{row_of(server, **found), {}};
}

awaitable<Reply> remove(Server& server, Arguments arguments) {
  const auto id = number(arguments[0]);
  if (!id) {
    co_return base::Error{"\"" + arguments[0] + "\" is no recording's number (see: pbxctl recordings)"};
  }
  const auto removed = co_await server.archive().remove(*id);
  if (!removed) {
    co_return removed.error();
  }
  co_return Answer{json::object{{"deleted", *id}}, {}};
}

awaitable<Reply> prune(Server& server, Arguments arguments) {
  const bool dry_run = !arguments.empty();
  if (dry_run && arguments[0] != "--dry-run") {
    co_return base::Error{"prune takes --dry-run, or nothing"};
  }
  const auto gone = co_await server.archive().prune(dry_run);
  if (!gone) {
    co_return gone.error();
  }
  json::array rows;
  for (const auto& one : *gone) {
    json::object row = row_of(server, one.entry);
    row["reason"] = one.reason;
    row["deleted"] = !dry_run;
    rows.emplace_back(std::move(row));
  }
  co_return Answer{std::move(rows), {"id", "began", "bytes", "file", "reason", "deleted"}};
}

awaitable<Reply> space(Server& server) {
  const auto usage = co_await server.archive().usage();
  if (!usage) {
    co_return usage.error();
  }
  co_return Answer{json::object{{"folder", server.archive().folder().string()},
                                {"recordings", usage->files},
                                {"being_recorded", usage->running},
                                {"to_convert", usage->to_convert},
                                {"hours", static_cast<double>(usage->length_ms) / 3'600'000.0},
                                {"bytes", usage->bytes},
                                {"free_bytes", usage->free}},
                   {}};
}

}  // namespace

void add_recording_commands(control::CommandTable& table, Server& server) {
  table.add({"record", "ID start [PATH]|stop [PATH|all]|pause|resume",
             "records a call that is up, or pauses or ends its recordings",
             now([&](const Arguments& arguments) { return record(server, arguments); }), 2, 3});
  table.add(
      {"recordings", "[NUMBER] [number=|extension=|call=|date=|since=|until=|limit=…]",
       "recordings on the disk, the latest first; a NUMBER is the end of the caller's or the dialled one",
       [&](Arguments arguments) { return list(server, std::move(arguments)); }, 0, 8});
  table.add({"recordings show", "ID", "everything about one recording",
             [&](Arguments arguments) { return show(server, std::move(arguments), false); }, 1, 1});
  table.add({"recordings path", "ID", "where its file is: cp \"$(pbxctl recordings path 12)\" .",
             [&](Arguments arguments) { return show(server, std::move(arguments), true); }, 1, 1});
  table.add({"recordings delete", "ID", "deletes a recording",
             [&](Arguments arguments) { return remove(server, std::move(arguments)); }, 1, 1});
  table.add({"recordings prune", "[--dry-run]",
             "deletes what [recording] keeps no longer, or shows what that would be",
             [&](Arguments arguments) { return prune(server, std::move(arguments)); }, 0, 1});
  table.add({"recordings space", "", "how much they are, and how much is free",
             [&](const Arguments&) { return space(server); }, 0, 0});
}

}  // namespace switchroom::main
