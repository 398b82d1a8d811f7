// Speech and music.
#include "config/keys/topics.hpp"

#include <array>

namespace switchroom::config {
namespace {

constexpr std::array section_rows{
    Section{"speech", false, "What says `say:TEXT` and `speak`."},
    Section{"music", false, "Music on hold, by name."},
    Section{"music.*", false,
            "Files that are played one after another, for ever; whoever hears `music:NAME` (or "
            "`local_stream://NAME`) hears the same point. `default` stands for the music inside the "
            "executable, unless a section names another."},
};

constexpr std::array key_rows{
    Key{"speech.command", Type::texts, "", "",
        "A program that speaks, and its arguments, each a text of its own: it reads the text from its "
        "standard "
        "input and writes a sound file to `{file}`, or to its standard output where no argument has "
        "`{file}`. "
        "`{voice}` and `{language}` are replaced too. No shell ever sees the text. Default: flite, inside "
        "the "
        "executable.",
        [](const Target& t, Value& v) { t.snapshot.speech.command = texts(v); }},
    Key{"speech.voice", Type::text, "slt", "64",
        "The usual voice: flite's `slt` or `kal`, or what the command takes for `{voice}`.",
        [](const Target& t, Value& v) { t.snapshot.speech.voice = v.text; }},
    Key{"speech.timeout", Type::duration, "20s", "1s..5m", "How long the command may take; then it is ended.",
        [](const Target& t, Value& v) { t.snapshot.speech.timeout = std::chrono::seconds(v.number); }},
    Key{"speech.cache", Type::size, "100M", "64K..100G",
        "What the command has said is kept in `data_dir`, up to this size; the longest unused goes first.",
        [](const Target& t, Value& v) { t.snapshot.speech.cache = static_cast<std::uint64_t>(v.number); }},
    Key{"music.*.folder", Type::path, "", "",
        "The folder that holds the files; a relative path lies under `data_dir`.",
        [](const Target& t, Value& v) { t.snapshot.music[t.names.at(0)].folder = v.text; }},
    Key{"music.*.shuffle", Type::boolean, "false", "",
        "In another order each time the server starts, instead of that of their names.",
        [](const Target& t, Value& v) { t.snapshot.music[t.names.at(0)].shuffle = v.flag; }},
};

}  // namespace

Topic sounds_topic() { return {section_rows, key_rows}; }

}  // namespace switchroom::config
