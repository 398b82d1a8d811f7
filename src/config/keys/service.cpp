// Records, the control socket, the log.
#include "config/keys/topics.hpp"

#include <array>

namespace switchroom::config {
namespace {

constexpr std::array section_rows{
    Section{"cdr", false, "One record for each call."},
    Section{"control", false, "How `pbxctl` reaches the server."},
    Section{"log", false, "What is written about events."},
    Section{"log.levels", false, "A level of its own for a subsystem: `levels = { sip = \"debug\" }`."},
};

constexpr std::string_view levels = "trace|debug|info|warning|error|off";

constexpr std::array key_rows{
    Key{"cdr.csv", Type::path, "cdr/Master.csv", "",
        "The CSV file, under `data_dir`; \"\" for none. From the next start on.",
        [](const Target& t, Value& v) { t.snapshot.cdr.csv = v.text; }},
    Key{"cdr.sqlite", Type::path, "cdr.db", "",
        "The SQLite database, under `data_dir`; \"\" for none. From the next start on.",
        [](const Target& t, Value& v) { t.snapshot.cdr.sqlite = v.text; }},
    Key{"control.socket", Type::path, "/run/switchroom/control.sock", "",
        "The socket that `pbxctl` connects to; a relative path is seen from the file's folder. From the next "
        "start "
        "on.",
        [](const Target& t, Value& v) { t.snapshot.control.socket = v.text; }},
    Key{"control.event_socket", Type::text, "", "", "The event socket.", nullptr},
    Key{"log.level", Type::word, "info", levels, "The least important lines that are written.",
        [](const Target& t, Value& v) { t.snapshot.log.level = v.text; }},
    Key{"log.levels.*", Type::word, "", levels,
        "The level of the subsystem main, config, sip, registrar, call, dialplan, media, cdr, control, "
        "guard, voicemail or mail.",
        [](const Target& t, Value& v) { t.snapshot.log.levels[t.names.at(0)] = v.text; }},
    Key{"log.file", Type::path, "", "", "A file under `data_dir`, or an absolute path. Default: the console.",
        [](const Target& t, Value& v) { t.snapshot.log.file = v.text; }},
    Key{"log.max_size", Type::size, "10M", "64K..1G", "A file of this size is put aside and a new one begun.",
        [](const Target& t, Value& v) { t.snapshot.log.max_size = static_cast<std::uint64_t>(v.number); }},
    Key{"log.keep", Type::integer, "5", "1..1000", "How many of those are kept.",
        [](const Target& t, Value& v) { t.snapshot.log.keep = static_cast<std::uint32_t>(v.number); }},
};

}  // namespace

Topic service_topic() { return {section_rows, key_rows}; }

}  // namespace switchroom::config
