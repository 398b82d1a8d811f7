// The short sections of an office: ring groups, menus, opening hours.
#include "config/keys/topics.hpp"

#include <array>

namespace switchroom::config {
namespace {

/// FreeSWITCH's names of what a menu's entries do.
Action menu_action(const Action& written) {
  if (written.application == "menu-exec-app") {
    return action({written.argument, written.place});
  }
  const std::string name = written.application == "menu-sub"    ? "menu"
                           : written.application == "menu-back" ? "back"
                           : written.application == "menu-top"  ? "repeat"
                           : written.application == "menu-exit" ? "exit"
                                                                : written.application;
  return {name, written.argument, written.place};
}

constexpr std::array section_rows{
    Section{"ring_groups", false, ""},
    Section{"ring_groups.*", false,
            "Several phones under one number: `[ring_groups.sales]`. Becomes an entry behind those of its "
            "context; `group/sales` in a dial string rings it, too."},
    Section{"menus", false, ""},
    Section{"menus.*", false,
            "Voice menus: `[menus.main]`. The application `ivr main` runs it; with a `number` it becomes an "
            "entry "
            "behind those of its context."},
    Section{"menus.*.keys", false, ""},
    Section{"hours", false, ""},
    Section{"hours.*", false, "When somebody is there: `[hours.business]`, for conditions by that name."},
};

constexpr std::array key_rows{
    Key{"hours.*.days", Type::text, "", "256", "Days of the week: `mon-fri`. Default: all.",
        [](const Target& t, Value& v) { t.hours().days = v.text; }},
    Key{"hours.*.time", Type::text, "", "256", "Times of day: `09:00-12:30, 13:30-17:00`. Default: all day.",
        [](const Target& t, Value& v) { t.hours().time = v.text; }},
    Key{"hours.*.months", Type::text, "", "256", "Months: `jan-mar, 12`. Default: all.",
        [](const Target& t, Value& v) { t.hours().months = v.text; }},
    Key{"hours.*.dates", Type::texts, "", "256",
        "Only on these dates: `[\"12-24..12-31\", \"2026-08-01\"]`, or an iCalendar file (`holidays.ics`, "
        "seen "
        "from `data_dir`).",
        [](const Target& t, Value& v) { t.hours().dates = texts(v); }},
    Key{"hours.*.except", Type::texts, "", "256", "Never on these, written alike.",
        [](const Target& t, Value& v) { t.hours().except = texts(v); }},
    Key{"ring_groups.*.number", Type::text, "", "32", "The number that reaches it; its name does, too.",
        [](const Target& t, Value& v) { t.ring_group().number = v.text; }},
    Key{"ring_groups.*.context", Type::text, "default", "64", "The dialplan context that it is part of.",
        [](const Target& t, Value& v) { t.ring_group().context = v.text; }},
    Key{"ring_groups.*.members", Type::texts, "", "64", "Extensions, in order.",
        [](const Target& t, Value& v) { t.ring_group().members = texts(v); }},
    Key{"ring_groups.*.strategy", Type::word, "simultaneous", "simultaneous|sequential|round_robin|random",
        "All at once; one after the other; one after the other, each call beginning with the next one; one "
        "after "
        "the other in an order that chance makes.",
        [](const Target& t, Value& v) { t.ring_group().strategy = v.text; }},
    Key{"ring_groups.*.timeout", Type::duration, "25s", "1s..1h", "How long they ring, or each of them.",
        [](const Target& t, Value& v) { t.ring_group().timeout = Seconds(v.number); }},
    Key{"ring_groups.*.prefix", Type::text, "", "32", "Put before the caller's name on the phones' displays.",
        [](const Target& t, Value& v) { t.ring_group().prefix = v.text; }},
    Key{"ring_groups.*.record", Type::boolean, "false", "", "Record its calls, from the answer on.",
        [](const Target& t, Value& v) { t.ring_group().record.on = v.flag; }},
    Key{"ring_groups.*.record_path", Type::text, "", "1024",
        "Where to, as `[recording] path` says it. Default: that one.",
        [](const Target& t, Value& v) { t.ring_group().record.path = v.text; }},
    Key{"ring_groups.*.then", Type::text, "", "1024",
        "The application that runs when nobody answers: `transfer 1001`. Default: the caller hears why.",
        [](const Target& t, Value& v) { t.ring_group().then = v.text; }},
    Key{"menus.*.number", Type::text, "", "32", "The number that reaches it; its name does, too.",
        [](const Target& t, Value& v) { t.menu().number = v.text; }},
    Key{"menus.*.context", Type::text, "default", "64",
        "The dialplan context that it is part of, and that its transfers lead into.",
        [](const Target& t, Value& v) { t.menu().context = v.text; }},
    Key{"menus.*.greeting", Type::text, "", "4096", "What is played: as `playback` takes it. A key ends it.",
        [](const Target& t, Value& v) { t.menu().greeting = v.text; }},
    Key{"menus.*.short_greeting", Type::text, "", "4096",
        "The same when the menu is heard again. Default: `greeting`.",
        [](const Target& t, Value& v) { t.menu().short_greeting = v.text; }},
    Key{"menus.*.invalid", Type::text, "", "4096", "What follows a wrong key.",
        [](const Target& t, Value& v) { t.menu().invalid = v.text; }},
    Key{"menus.*.goodbye", Type::text, "", "4096",
        "What is played before the caller leaves the menus: sent away, or by `exit`.",
        [](const Target& t, Value& v) { t.menu().goodbye = v.text; }},
    Key{"menus.*.timeout", Type::duration, "10s", "1s..5m", "From the end of the greeting to the first key.",
        [](const Target& t, Value& v) { t.menu().timeout = Seconds(v.number); }},
    Key{"menus.*.digit_timeout", Type::duration, "2s", "1s..1m",
        "Between two keys, where more than one count.",
        [](const Target& t, Value& v) { t.menu().digit_timeout = Seconds(v.number); }},
    Key{"menus.*.tries", Type::integer, "3", "1..100", "So many wrong entries send the caller away.",
        [](const Target& t, Value& v) { t.menu().tries = static_cast<std::uint32_t>(v.number); }},
    Key{"menus.*.timeouts", Type::integer, "3", "1..100", "So many times without a key do, too.",
        [](const Target& t, Value& v) { t.menu().timeouts = static_cast<std::uint32_t>(v.number); }},
    Key{"menus.*.digits", Type::integer, "1", "1..32", "How many keys an entry has at most.",
        [](const Target& t, Value& v) { t.menu().digits = static_cast<std::uint32_t>(v.number); }},
    Key{"menus.*.confirm", Type::text, "", "4096",
        "What is played after an entry (`${menu_entry}`), which counts when `confirm_key` is pressed then.",
        [](const Target& t, Value& v) { t.menu().confirm = v.text; }},
    Key{"menus.*.confirm_key", Type::text, "", "1", "The key that confirms an entry. Default: none need be.",
        [](const Target& t, Value& v) { t.menu().confirm_key = v.text; }},
    Key{"menus.*.confirm_tries", Type::integer, "3", "1..100",
        "How often `confirm` is played before the entry is dropped and the menu heard again.",
        [](const Target& t, Value& v) { t.menu().confirm_tries = static_cast<std::uint32_t>(v.number); }},
    Key{"menus.*.then", Type::text, "", "1024",
        "The application that runs for a caller who is sent away: `transfer 1009`. Default: the call ends.",
        [](const Target& t, Value& v) { t.menu().then = v.text; }},
    Key{"menus.*.keys.*", Type::text, "", "1024",
        "What a key does, or several (`10`), or all that fit a pattern (`'^(10\\d\\d)$'`, with `$1`): `menu "
        "NAME`, `back` to the menu before, `top` to the first one, `repeat`, `exit` to the step behind the "
        "menu, or any application. FreeSWITCH's `menu-exec-app`, `menu-sub`, `menu-back`, `menu-top` (this "
        "menu again) and `menu-exit` mean the same.",
        [](const Target& t, Value& v) {
          Item item{v.text, v.place};
          t.menu().entries.push_back({t.names.at(1), menu_action(action(item))});
        }},
};

}  // namespace

Topic offices_topic() { return {section_rows, key_rows}; }

}  // namespace switchroom::config
