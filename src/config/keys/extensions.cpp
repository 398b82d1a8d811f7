// People.
#include "config/keys/topics.hpp"

#include <array>

namespace switchroom::config {
namespace {

constexpr std::array section_rows{
    Section{"extensions", false, ""},
    Section{"extensions.*", false,
            "People: `[extensions.1001]`. The number is the user name that the phone registers with."},
    Section{"extensions.*.variables", false, "Variables that each call from this extension begins with."},
};

constexpr std::array key_rows{
    Key{"extensions.*.name", Type::text, "", "64", "The name that others see.",
        [](const Target& t, Value& v) { t.extension().name = v.text; }},
    Key{"extensions.*.password", Type::secret, "", "",
        "The phone's password, or `env:NAME` for an environment variable's. Weak ones are refused.",
        [](const Target& t, Value& v) { t.extension().password = v.text; }},
    Key{"extensions.*.password_file", Type::secret_file, "", "",
        "Instead of `password`: a file whose first line is the password, seen from this file's folder.",
        [](const Target& t, Value& v) { t.extension().password = v.text; }},
    Key{"extensions.*.groups", Type::texts, "", "",
        "Departments; the dialplan sees them as the variable `callgroup`, joined by commas.",
        [](const Target& t, Value& v) { t.extension().groups = texts(v); }},
    Key{"extensions.*.caller_id", Type::text, "", "64",
        "The number shown to the outside world: the variable `outbound_caller_id_number`.",
        [](const Target& t, Value& v) { t.extension().caller_id = v.text; }},
    Key{"extensions.*.caller_id_name", Type::text, "", "64",
        "The name beside it: the variable `outbound_caller_id_name`.",
        [](const Target& t, Value& v) { t.extension().caller_id_name = v.text; }},
    Key{"extensions.*.toll_allow", Type::texts, "", "",
        "What this extension may dial: the variable `toll_allow`, joined by commas, for the dialplan's "
        "conditions.",
        [](const Target& t, Value& v) { t.extension().toll_allow = texts(v); }},
    Key{"extensions.*.tolls", Type::texts, "", "16",
        "What its calls to the outside may cost: `[\"de\", \"premium\"]`, beside what `[tolls] allow` says.",
        [](const Target& t, Value& v) { t.extension().tolls.allow = placed_items(v); }},
    Key{"extensions.*.calls_per_hour", Type::integer, "", "0..100000",
        "Its cap, if other than that of `[tolls]`; 0: none.",
        [](const Target& t, Value& v) {
          t.extension().tolls.calls_per_hour = static_cast<std::uint32_t>(v.number);
        }},
    Key{"extensions.*.talk_per_hour", Type::duration, "", "0s..7d",
        "Its cap, if other than that of `[tolls]`; \"0s\": none.",
        [](const Target& t, Value& v) { t.extension().tolls.talk_per_hour = Seconds(v.number); }},
    Key{"extensions.*.toll_hours", Type::text, "", "64",
        "At which `[hours]` it may call the outside, if at others than `[tolls] hours`; `always` at any "
        "time.",
        [](const Target& t, Value& v) { t.extension().tolls.hours = placed(v); }},
    Key{"extensions.*.forward_outside", Type::boolean, "false", "",
        "May its phone send calls on to the outside (a diversion: 302), and may it transfer callers from "
        "outside "
        "there? Those calls are made on its account.",
        [](const Target& t, Value& v) { t.extension().tolls.forward_outside = v.flag; }},
    Key{"extensions.*.context", Type::text, "", "64",
        "The dialplan context that this phone's calls enter. Default: the profile's.",
        [](const Target& t, Value& v) { t.extension().context = v.text; }},
    Key{"extensions.*.accountcode", Type::text, "", "64",
        "Whom calls are charged to: a variable, and a column of the call's record.",
        [](const Target& t, Value& v) { t.extension().accountcode = v.text; }},
    Key{"extensions.*.record", Type::boolean, "false", "",
        "Record the calls that it makes and answers, from the answer on.",
        [](const Target& t, Value& v) { t.extension().record.on = v.flag; }},
    Key{"extensions.*.record_path", Type::text, "", "1024",
        "Where to, as `[recording] path` says it. Default: that one.",
        [](const Target& t, Value& v) { t.extension().record.path = v.text; }},
    Key{"extensions.*.may_supervise", Type::texts, "", "64",
        "Whom this extension may listen to with `eavesdrop`: numbers, groups, or `*` for all.",
        [](const Target& t, Value& v) { t.extension().may_supervise = texts(v); }},
    Key{"extensions.*.listed", Type::boolean, "true", "", "Whether `directory` finds it by its name.",
        [](const Target& t, Value& v) { t.extension().listed = v.flag; }},
    Key{"extensions.*.srtp", Type::word, "", "forbidden|optional|mandatory",
        "Encrypted sound of this extension's calls, if other than `srtp` of the profile by which they go.",
        [](const Target& t, Value& v) { t.extension().srtp = v.text; }},
    Key{"extensions.*.srtp_keys", Type::words, "", "sdes|dtls",
        "How its keys are agreed on, if other than `srtp_keys` of that profile: `dtls` for a phone that "
        "knows "
        "nothing else.",
        [](const Target& t, Value& v) { t.extension().srtp_keys = texts(v); }},
    Key{"extensions.*.variables.*", Type::text, "", "4096", "The variable's value.",
        [](const Target& t, Value& v) { t.extension().variables[t.names.at(1)] = v.text; }},
};

}  // namespace

Topic extensions_topic() { return {section_rows, key_rows}; }

}  // namespace switchroom::config
