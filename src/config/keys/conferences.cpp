// Conference rooms, and the keys that people press there.
#include "config/keys/topics.hpp"

#include <array>

namespace switchroom::config {
namespace {

constexpr std::array section_rows{
    Section{"conferences", false, ""},
    Section{"conferences.*", false,
            "Kinds of conference rooms: `[conferences.default]`. A room exists while somebody is in it. "
            "docs/conferences.md."},
    Section{"conference_controls", false, ""},
    Section{
        "conference_controls.*", false,
        "What keys do in a conference: `[conference_controls.default]`. Without a group named `default` or "
        "`moderator` there is one that docs/conferences.md shows."},
    Section{"conference_controls.*.keys", false, ""},
};

constexpr std::array key_rows{
    Key{"conferences.*.numbers", Type::text, "", "1024",
        "A pattern of the numbers that are rooms of this kind: `'^30\\d\\d$'`. Whoever dials one meets all "
        "others who did. It becomes an entry behind those of its context.",
        [](const Target& t, Value& v) { t.conference().numbers = v.text; }},
    Key{"conferences.*.context", Type::text, "default", "64",
        "The dialplan context that the numbers are part of.",
        [](const Target& t, Value& v) { t.conference().context = v.text; }},
    Key{"conferences.*.rate", Type::integer, "16000", "8000..48000",
        "Hz at which the room is mixed: 8000, 16000, 32000 or 48000. Members with narrower codecs hear and "
        "say what those carry.",
        [](const Target& t, Value& v) { t.conference().rate = static_cast<std::uint32_t>(v.number); }},
    Key{"conferences.*.interval", Type::integer, "20", "20..20",
        "Milliseconds of each turn of the mixer: always 20, for members with packets of any length.",
        [](const Target& t, Value& v) { (void)t, (void)v; }},
    Key{"conferences.*.energy_level", Type::integer, "100", "0..32767",
        "The mean amplitude of speech: a microphone below it is not heard, and its owner does not count as "
        "talking. 0: everything is mixed.",
        [](const Target& t, Value& v) {
          t.conference().energy_level = static_cast<std::uint32_t>(v.number);
        }},
    Key{"conferences.*.auto_gain_level", Type::integer, "0", "0..10000",
        "The mean amplitude to which each voice is slowly brought, such as 1200; 0: as it is.",
        [](const Target& t, Value& v) {
          t.conference().auto_gain_level = static_cast<std::uint32_t>(v.number);
        }},
    Key{"conferences.*.comfort_noise", Type::boolean, "true", "",
        "A faint noise in the room, so that silence is not taken for a dead line.",
        [](const Target& t, Value& v) { t.conference().comfort_noise = v.flag; }},
    Key{"conferences.*.pin", Type::secret, "", "32", "Digits that are asked for at the door.",
        [](const Target& t, Value& v) { t.conference().pin = v.text; }},
    Key{"conferences.*.moderator_pin", Type::secret, "", "32",
        "Digits that make a moderator of whoever types them.",
        [](const Target& t, Value& v) { t.conference().moderator_pin = v.text; }},
    Key{"conferences.*.pin_retries", Type::integer, "3", "1..10", "So many tries at the PIN.",
        [](const Target& t, Value& v) { t.conference().pin_retries = static_cast<std::uint32_t>(v.number); }},
    Key{"conferences.*.max_members", Type::integer, "0", "0..100000", "At most so many members; 0: no limit.",
        [](const Target& t, Value& v) { t.conference().max_members = static_cast<std::uint32_t>(v.number); }},
    Key{"conferences.*.announce_count", Type::integer, "0", "0..100000",
        "A new member is told how many are there, from so many on; 0: never.",
        [](const Target& t, Value& v) {
          t.conference().announce_count = static_cast<std::uint32_t>(v.number);
        }},
    Key{"conferences.*.member_flags", Type::words, "",
        "mute|deaf|moderator|endconf|mintwo|ghost|nomoh|mute_detect|presenter",
        "Flags that every member gets (docs/conferences.md). A moderator and a presenter are not muted by "
        "them.",
        [](const Target& t, Value& v) { t.conference().member_flags = texts(v); }},
    Key{"conferences.*.conference_flags", Type::words, "", "wait_mod|audio_always|waste_bandwidth",
        "Flags of the room (docs/conferences.md).",
        [](const Target& t, Value& v) { t.conference().conference_flags = texts(v); }},
    Key{"conferences.*.caller_controls", Type::text, "default", "64",
        "The keys of members: a group of `[conference_controls]`, or `none`.",
        [](const Target& t, Value& v) { t.conference().caller_controls = v.text; }},
    Key{"conferences.*.moderator_controls", Type::text, "moderator", "64", "The keys of moderators.",
        [](const Target& t, Value& v) { t.conference().moderator_controls = v.text; }},
    Key{"conferences.*.auto_record", Type::text, "", "1024",
        "The file into which each conference is recorded, with `${conference_name}`, "
        "`${strftime(%Y%m%d-%H%M%S)}` and other variables; a relative one lies in `recordings` under "
        "`data_dir`. Its ending says how: `.wav`.",
        [](const Target& t, Value& v) { t.conference().auto_record = v.text; }},
    Key{"conferences.*.dial_out", Type::texts, "", "1024",
        "People who are called when the room opens: `[\"user/1001\", \"sip:bob@192.0.2.7\"]`.",
        [](const Target& t, Value& v) { t.conference().dial_out = texts(v); }},
    Key{"conferences.*.end_grace", Type::duration, "0s", "0s..1h",
        "How long a conference goes on after its last member with `endconf` has left.",
        [](const Target& t, Value& v) { t.conference().end_grace = static_cast<std::uint32_t>(v.number); }},
    Key{"conferences.*.enter_sound", Type::text, "tone_stream://%(200,0,500,600,700)", "4096",
        "What all hear when somebody comes; `name` for the name that the member brings along (variable "
        "`conference_name_sound`).",
        [](const Target& t, Value& v) { t.conference().enter_sound = v.text; }},
    Key{"conferences.*.exit_sound", Type::text, "tone_stream://%(500,0,300,200,100,50,25)", "4096",
        "What all hear when somebody leaves.",
        [](const Target& t, Value& v) { t.conference().exit_sound = v.text; }},
    Key{"conferences.*.alone_sound", Type::text, "conference/conf-alone.wav", "4096",
        "What a member hears who is alone.",
        [](const Target& t, Value& v) { t.conference().alone_sound = v.text; }},
    Key{"conferences.*.muted_sound", Type::text, "conference/conf-muted.wav", "4096",
        "What a member hears who is muted.",
        [](const Target& t, Value& v) { t.conference().muted_sound = v.text; }},
    Key{"conferences.*.unmuted_sound", Type::text, "conference/conf-unmuted.wav", "4096",
        "… who may speak again.", [](const Target& t, Value& v) { t.conference().unmuted_sound = v.text; }},
    Key{"conferences.*.deaf_sound", Type::text, "conference/conf-deaf.wav", "4096", "… who is made deaf.",
        [](const Target& t, Value& v) { t.conference().deaf_sound = v.text; }},
    Key{"conferences.*.undeaf_sound", Type::text, "conference/conf-undeaf.wav", "4096", "… who hears again.",
        [](const Target& t, Value& v) { t.conference().undeaf_sound = v.text; }},
    Key{"conferences.*.mute_detect_sound", Type::text, "conference/conf-muted.wav", "4096",
        "… who speaks while muted, with the flag `mute_detect`.",
        [](const Target& t, Value& v) { t.conference().mute_detect_sound = v.text; }},
    Key{"conferences.*.kicked_sound", Type::text, "conference/conf-kicked.wav", "4096", "… who is sent out.",
        [](const Target& t, Value& v) { t.conference().kicked_sound = v.text; }},
    Key{"conferences.*.locked_sound", Type::text, "conference/conf-locked.wav", "4096",
        "What is played to whoever comes to a locked room.",
        [](const Target& t, Value& v) { t.conference().locked_sound = v.text; }},
    Key{"conferences.*.is_locked_sound", Type::text, "conference/conf-is-locked.wav", "4096",
        "What all hear when the room is locked.",
        [](const Target& t, Value& v) { t.conference().is_locked_sound = v.text; }},
    Key{"conferences.*.is_unlocked_sound", Type::text, "conference/conf-is-unlocked.wav", "4096",
        "What all hear when the room is unlocked.",
        [](const Target& t, Value& v) { t.conference().is_unlocked_sound = v.text; }},
    Key{"conferences.*.pin_sound", Type::text, "conference/conf-pin.wav", "4096", "The question for the PIN.",
        [](const Target& t, Value& v) { t.conference().pin_sound = v.text; }},
    Key{"conferences.*.bad_pin_sound", Type::text, "conference/conf-bad-pin.wav", "4096",
        "What follows a wrong one.",
        [](const Target& t, Value& v) { t.conference().bad_pin_sound = v.text; }},
    Key{"conferences.*.max_members_sound", Type::text, "conference/conf-full.wav", "4096",
        "What is played to whoever comes to a full room.",
        [](const Target& t, Value& v) { t.conference().max_members_sound = v.text; }},
    Key{"conferences.*.moh_sound", Type::text, "default", "4096",
        "Music for a member who is alone or waits for a moderator; `\"\"`: none.",
        [](const Target& t, Value& v) { t.conference().moh_sound = v.text; }},
    Key{"conferences.*.count_sound", Type::text, "", "4096",
        "How the number of members is said, with `${count}` and `${others}` in it. Default: the prompts.",
        [](const Target& t, Value& v) { t.conference().count_sound = v.text; }},
    Key{"conferences.*.hand_raised_sound", Type::text, "tone_stream://%(100,50,880);%(100,0,1175)", "4096",
        "What moderators hear when a member raises a hand.",
        [](const Target& t, Value& v) { t.conference().hand_raised_sound = v.text; }},
    Key{"conferences.*.hand_lowered_sound", Type::text, "", "4096", "… and lowers it.",
        [](const Target& t, Value& v) { t.conference().hand_lowered_sound = v.text; }},
    Key{"conferences.*.recording_started_sound", Type::text, "", "4096",
        "What all hear when recording begins.",
        [](const Target& t, Value& v) { t.conference().recording_started_sound = v.text; }},
    Key{"conferences.*.recording_stopped_sound", Type::text, "", "4096", "… and ends.",
        [](const Target& t, Value& v) { t.conference().recording_stopped_sound = v.text; }},
    Key{"conference_controls.*.keys.*", Type::text, "", "256",
        "What a key does, or several one after the other (`*5`): `mute`, `deaf`, `vol talk up`, `lock`, "
        "`kick last` … "
        "docs/conferences.md has them all.",
        [](const Target& t, Value& v) { t.controls().entries.push_back({t.names.at(1), v.text, v.place}); }},
};

}  // namespace

Topic conferences_topic() { return {section_rows, key_rows}; }

}  // namespace switchroom::config
