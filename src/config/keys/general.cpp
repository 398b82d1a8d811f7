// The exchange as a whole, variables, sound.
#include "config/keys/topics.hpp"

#include <array>

namespace switchroom::config {
namespace {

constexpr std::array section_rows{
    Section{"pbx", false, "The exchange as a whole."},
    Section{"vars", false,
            "Names for values that stand in several places: `$${name}` anywhere below is replaced when the "
            "file is read. A variable may use others."},
    Section{"media", false, "Where sound goes, for all profiles."},
};

// The test of sounds/tones.hpp holds this list against its table.
constexpr std::string_view countries =
    "at|au|be|br|ca|ch|cn|de|dk|es|fi|fr|gb|ie|il|in|it|jp|mx|nl|no|nz|pl|pt|ru|se|sg|us|za";

constexpr std::array key_rows{
    Key{"pbx.name", Type::text, "Switchroom", "64", "What the exchange is called.",
        [](const Target& t, Value& v) { t.snapshot.pbx.name = v.text; }},
    Key{"pbx.domain", Type::host, "", "",
        "The SIP realm, which phones hash into their passwords. Default: this machine's address.",
        [](const Target& t, Value& v) { t.snapshot.pbx.domain = v.text; }},
    Key{"pbx.data_dir", Type::path, "/var/lib/switchroom", "",
        "Where databases and records are kept; a relative path is seen from the file's folder. From the next "
        "start on.",
        [](const Target& t, Value& v) { t.snapshot.pbx.data_dir = v.text; }},
    Key{"pbx.user", Type::text, "", "32",
        "Started by root, Switchroom becomes this user (a name of /etc/passwd, or a number) once it has read "
        "its "
        "certificates; it keeps no capability but CAP_NET_BIND_SERVICE, and that only for ports below 1024. "
        "From the "
        "next start on. Default: stay who started it.",
        [](const Target& t, Value& v) { t.snapshot.pbx.user = v.text; }},
    Key{"pbx.group", Type::text, "", "32",
        "The group, as for `user`, besides those that /etc/group lists the user in. Default: the user's own. "
        "From the "
        "next start on.",
        [](const Target& t, Value& v) { t.snapshot.pbx.group = v.text; }},
    Key{"pbx.timezone", Type::zone, "", "",
        "The zone of the dialplan's conditions on time and of the stamps in logs, as in `Europe/Berlin`. The "
        "executable has all zones. Default: the system's zone. From the next start on.",
        [](const Target& t, Value& v) { t.snapshot.pbx.timezone = v.text; }},
    Key{"pbx.language", Type::word, "en", "en|es",
        "The language of prompts, numbers and dates; the variable `language` chooses another one for a call.",
        [](const Target& t, Value& v) { t.snapshot.pbx.language = v.text; }},
    Key{"pbx.country", Type::word, "us", countries,
        "Whose tones `tone:ring`, `tone:busy`, `tone:dial` and `tone:congestion` are, and whose numbers the "
        "trunks take (`[tolls] country` for others).",
        [](const Target& t, Value& v) { t.snapshot.pbx.country = v.text; }},
    Key{"pbx.max_calls", Type::integer, "500", "1..100000",
        "Calls at the same time; further ones are refused with 503.",
        [](const Target& t, Value& v) { t.snapshot.pbx.max_calls = static_cast<std::uint32_t>(v.number); }},
    Key{"pbx.calls_per_second", Type::integer, "50", "1..100000",
        "New calls in a second; further ones are refused with 503.",
        [](const Target& t, Value& v) {
          t.snapshot.pbx.calls_per_second = static_cast<std::uint32_t>(v.number);
        }},
    Key{"pbx.include", Type::texts, "", "",
        "More files, read as if they stood here, seen from this file's folder; the last part may have `*` "
        "and `?`. Up to 8 deep. A key may be set in one file only.",
        [](const Target&, Value&) {}},  // the files are read before the keys are
    Key{"vars.*", Type::text, "", "4096", "A text; `$${name}` stands for it.",
        [](const Target&, Value&) {}},  // read first of all
    Key{"media.ports", Type::ports, "16384-32768", "",
        "UDP ports for RTP (even) and RTCP (the next). A call takes four; with none left a call is refused "
        "with 503.",
        [](const Target& t, Value& v) {
          t.snapshot.media.first_port = v.first;
          t.snapshot.media.last_port = v.last;
        }},
    Key{"media.address", Type::address, "", "",
        "The address that sound is received on. Default: the profile's.",
        [](const Target& t, Value& v) { t.snapshot.media.address = v.text; }},
    Key{"media.public_address", Type::address, "", "",
        "The address that SDP shows for sound, if another one (behind NAT). Default: the profile's "
        "`public_address`.",
        [](const Target& t, Value& v) { t.snapshot.media.public_address = v.text; }},
    Key{"media.sounds", Type::path, "sounds", "",
        "The folder from which a relative sound is seen, before the prompts inside the executable; a file in "
        "its "
        "subfolder of a language (`es/digits/1.wav`) holds for that language. A relative path lies under "
        "`data_dir`.",
        [](const Target& t, Value& v) { t.snapshot.media.sounds = v.text; }},
};

}  // namespace

Topic general_topic() { return {section_rows, key_rows}; }

}  // namespace switchroom::config
