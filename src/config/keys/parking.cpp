// Where calls wait.
#include "config/keys/topics.hpp"

#include <array>

namespace switchroom::config {
namespace {

constexpr std::array section_rows{
    Section{"parking", false,
            "Slots where calls wait until somebody takes them. Each slot is a number that parks who dials it "
            "(or is transferred there) when it is free, and takes the call that waits there when it is not."},
};

constexpr std::array key_rows{
    Key{"parking.slots", Type::text, "", "64", "The numbers: `701-720`.",
        [](const Target& t, Value& v) { t.snapshot.parking.slots = {v.text}; }},
    Key{"parking.number", Type::text, "", "32", "A number that parks in the first slot that is free.",
        [](const Target& t, Value& v) { t.snapshot.parking.number = v.text; }},
    Key{"parking.context", Type::text, "default", "64",
        "The dialplan context that these numbers are part of.",
        [](const Target& t, Value& v) { t.snapshot.parking.context = v.text; }},
    Key{"parking.timeout", Type::duration, "3m", "0s..24h",
        "After so long whoever parked the call is rung; `0s`: never.",
        [](const Target& t, Value& v) { t.snapshot.parking.timeout = Seconds(v.number); }},
    Key{"parking.then", Type::text, "", "128",
        "Where a call goes that nobody took, also not who parked it: `NUMBER [CONTEXT]`. Default: the step "
        "behind `park`.",
        [](const Target& t, Value& v) { t.snapshot.parking.then = v.text; }},
};

}  // namespace

Topic parking_topic() { return {section_rows, key_rows}; }

}  // namespace switchroom::config
