// The dialplan that is written by hand.
#include "config/keys/topics.hpp"

#include <array>

namespace switchroom::config {
namespace {

constexpr std::array section_rows{
    Section{"contexts", false, ""},
    Section{"contexts.*", true,
            "The dialplan: `[[contexts.default]]`, read top to bottom. The first entry whose `when` matches "
            "runs, unless it says `continue = true`. `$1` is the first capture of its patterns."},
    Section{"contexts.*.when", false, "All of it must match. An entry without `when` matches every call."},
    Section{"contexts.*.any", false,
            "Beside `when`: conditions of which one is enough. Those on time count like all others here."},
    Section{"contexts.*.cases", true,
            "Decided between when the entry matches: the first whose own `when` matches adds its steps. One "
            "without `when` is for all others. They are looked at together with the entry, before any step "
            "runs."},
    Section{"contexts.*.cases.when", false, ""},
    Section{"contexts.*.cases.any", false, ""},
    Section{"contexts.*.cases.cases", true, "Cases within a case, decided between when it matches."},
    Section{"contexts.*.cases.cases.when", false, ""},
    Section{"contexts.*.cases.cases.any", false, ""},
};

constexpr std::array key_rows{
    Key{"contexts.*.name", Type::text, "", "64", "What the entry is called in the log.",
        [](const Target& t, Value& v) { t.entry().name = v.text; }},
    Key{"contexts.*.when.hours", Type::text, "", "64",
        "A condition on time: the name of an entry of `[hours]`; `!` before it: when that does not hold.",
        [](const Target& t, Value& v) { t.entry().when.push_back({"hours", v.text, v.place}); }},
    Key{"contexts.*.when.time_of_day", Type::text, "", "256",
        "A condition on time: `09:00-12:30, 13:30-17:00`; 17:00 is outside. All conditions on time follow "
        "`[pbx] timezone`.",
        [](const Target& t, Value& v) { t.entry().when.push_back({"time_of_day", v.text, v.place}); }},
    Key{"contexts.*.when.days", Type::text, "", "256",
        "A condition on time: days of the week, `mon-fri, sun`.",
        [](const Target& t, Value& v) { t.entry().when.push_back({"days", v.text, v.place}); }},
    Key{"contexts.*.when.dates", Type::text, "", "4096",
        "A condition on time: `2026-12-24..2026-12-26, 01-01`; without a year in every year; `FILE.ics` for "
        "a "
        "calendar's days.",
        [](const Target& t, Value& v) { t.entry().when.push_back({"dates", v.text, v.place}); }},
    Key{"contexts.*.when.months", Type::text, "", "256", "A condition on time: `jun-aug, 12`.",
        [](const Target& t, Value& v) { t.entry().when.push_back({"months", v.text, v.place}); }},
    Key{"contexts.*.when.weeks", Type::text, "", "256",
        "A condition on time: weeks of the year as ISO 8601 counts them, `1-26`.",
        [](const Target& t, Value& v) { t.entry().when.push_back({"weeks", v.text, v.place}); }},
    Key{"contexts.*.when.*", Type::text, "", "4096",
        "A field (`destination_number`, `caller_id_number`, …) or a variable (`\"${toll_allow}\"`) and the "
        "PCRE2 pattern that it must match. Further conditions on time: `day_of_week` (`2-6`, 1 is Sunday; "
        "also "
        "`wday`), `mday`, `yday`, `mon`, `week`, `mweek`, `year`, `hour`, `minute`, `minute_of_day` (1 to "
        "1440), "
        "`date_time` (`2026-12-24 14:00~2026-12-27 08:00`).",
        [](const Target& t, Value& v) { t.entry().when.push_back({t.names.at(1), v.text, v.place}); }},
    Key{"contexts.*.do", Type::actions, "", "",
        "Applications with their arguments, one after the other: `[\"answer\", \"echo\"]`.",
        [](const Target& t, Value& v) { add_actions(t.entry().actions, v); }},
    Key{"contexts.*.continue", Type::boolean, "false", "",
        "When this entry has matched and its steps are done, go on with the entries below.",
        [](const Target& t, Value& v) { t.entry().continue_after = v.flag; }},
    Key{"contexts.*.else", Type::actions, "", "",
        "What runs instead of `do` when all but the conditions on time match.",
        [](const Target& t, Value& v) { add_actions(t.entry().otherwise, v); }},
    Key{"contexts.*.any.*", Type::text, "", "4096", "As in `when`.",
        [](const Target& t, Value& v) { t.entry().any.push_back({t.names.at(1), v.text, v.place}); }},
    Key{"contexts.*.cases.any.*", Type::text, "", "4096", "As in `when`.",
        [](const Target& t, Value& v) { t.one_case().any.push_back({t.names.at(1), v.text, v.place}); }},
    Key{"contexts.*.cases.when.*", Type::text, "", "4096", "As in the entry's `when`.",
        [](const Target& t, Value& v) { t.one_case().when.push_back({t.names.at(1), v.text, v.place}); }},
    Key{"contexts.*.cases.do", Type::actions, "", "", "What runs, after the entry's own `do`.",
        [](const Target& t, Value& v) { add_actions(t.one_case().actions, v); }},
    Key{"contexts.*.cases.else", Type::actions, "", "",
        "What runs when all but this case's conditions on time match; it decides, too.",
        [](const Target& t, Value& v) { add_actions(t.one_case().otherwise, v); }},
    Key{"contexts.*.cases.cases.when.*", Type::text, "", "4096", "As in the entry's `when`.",
        [](const Target& t, Value& v) { t.inner_case().when.push_back({t.names.at(1), v.text, v.place}); }},
    Key{"contexts.*.cases.cases.any.*", Type::text, "", "4096", "As in `when`.",
        [](const Target& t, Value& v) { t.inner_case().any.push_back({t.names.at(1), v.text, v.place}); }},
    Key{"contexts.*.cases.cases.do", Type::actions, "", "",
        "What runs, after the steps of the case around it.",
        [](const Target& t, Value& v) { add_actions(t.inner_case().actions, v); }},
    Key{"contexts.*.cases.cases.else", Type::actions, "", "", "As in the case around it.",
        [](const Target& t, Value& v) { add_actions(t.inner_case().otherwise, v); }},
};

}  // namespace

Topic contexts_topic() { return {section_rows, key_rows}; }

}  // namespace switchroom::config
