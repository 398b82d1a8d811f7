// What calls to the outside may cost.
#include "config/keys/topics.hpp"

#include <array>

namespace switchroom::config {
namespace {

constexpr std::array section_rows{
    Section{
        "tolls", false,
        "What calls to the outside may cost; docs/tolls.md tells the whole. It works without this section: "
        "calls abroad and to numbers that cost more than a call are barred until a line of the file allows "
        "them, and each extension has its caps. Emergency calls are never barred."},
};

constexpr std::array key_rows{
    Key{"tolls.country", Type::text, "", "2",
        "Whose numbers the trunks take, by its ISO code (`gr`): what is abroad is seen from there. Default: "
        "`[pbx] "
        "country`.",
        [](const Target& t, Value& v) { t.snapshot.tolls.country = placed(v); }},
    Key{"tolls.allow", Type::texts, "", "16",
        "What everybody may call: countries by their ISO codes (`[\"de\", \"gb\"]`), `abroad` for all "
        "countries, "
        "`premium` for numbers of premium or shared cost, `satellite`, or what numbers begin with "
        "(`\"+4930\"`). `tolls` of an extension, trunk or `[[outbound]]` allows more.",
        [](const Target& t, Value& v) { t.snapshot.tolls.allow = placed_items(v); }},
    Key{"tolls.calls_per_hour", Type::integer, "100", "0..100000",
        "So many calls to the outside of one extension in an hour, answered or not; further ones are barred. "
        "0: any "
        "number. Calls of no extension share one such cap.",
        [](const Target& t, Value& v) {
          t.snapshot.tolls.caps.calls = static_cast<std::uint32_t>(v.number);
        }},
    Key{"tolls.talk_per_hour", Type::duration, "5h", "0s..7d",
        "So much talk with the outside of one extension in an hour, all its calls together: `300m`. \"0s\": "
        "any.",
        [](const Target& t, Value& v) { t.snapshot.tolls.caps.talk = Seconds(v.number); }},
    Key{"tolls.warn_at", Type::integer, "80", "1..100",
        "From so many percent of a cap on it is near: the log, the events, `mail` and `webhook` tell, once "
        "an hour.",
        [](const Target& t, Value& v) { t.snapshot.tolls.warn_at = static_cast<std::uint32_t>(v.number); }},
    Key{"tolls.at_cap", Type::word, "deny", "deny|end",
        "When the talk of an hour is used up: `deny` bars further calls, `end` ends the running ones as "
        "well.",
        [](const Target& t, Value& v) { t.snapshot.tolls.end_at_cap = v.text == "end"; }},
    Key{"tolls.hours", Type::text, "", "64",
        "Calls to the outside at these `[hours]` only (`business`, or `!holidays`). Default: always.",
        [](const Target& t, Value& v) { t.snapshot.tolls.hours = placed(v); }},
    Key{"tolls.lock", Type::word, "all", "all|costly",
        "What is barred at other times: all calls to the outside, or those alone that need a permission.",
        [](const Target& t, Value& v) { t.snapshot.tolls.lock_all = v.text == "all"; }},
    Key{"tolls.mail", Type::text, "", "254",
        "Who is told by mail when a cap is near or reached (see `[mail]`).",
        [](const Target& t, Value& v) { t.snapshot.tolls.mail = v.text; }},
    Key{"tolls.webhook", Type::text, "", "1024",
        "An address (`https://…`) to which the same is sent as JSON, by POST.",
        [](const Target& t, Value& v) { t.snapshot.tolls.webhook = v.text; }},
};

}  // namespace

Topic tolls_topic() { return {section_rows, key_rows}; }

}  // namespace switchroom::config
