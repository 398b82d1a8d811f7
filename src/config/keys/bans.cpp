// Who is shut out, and how much one address may ask for.
#include "config/keys/topics.hpp"

#include <array>

namespace switchroom::config {
namespace {

constexpr std::array section_rows{
    Section{
        "bans", false,
        "Addresses that guess passwords or look for victims are shut out by the server itself, for a while. "
        "It works without this section."},
    Section{
        "limits", false,
        "How much one address may ask for; what is beyond is answered with 503, or dropped. Calls in all are "
        "`[pbx] max_calls` and `calls_per_second`."},
};

std::uint32_t number(const Value& value) { return static_cast<std::uint32_t>(value.number); }

constexpr std::array key_rows{
    Key{"bans.enabled", Type::boolean, "true", "", "Whether anybody is banned by itself at all.",
        [](const Target& t, Value& v) { t.snapshot.bans.enabled = v.flag; }},
    Key{"bans.max_failures", Type::integer, "5", "1..1000",
        "So many wrong passwords within `window` ban an address. A phone that still has the password from "
        "before "
        "a reload is told apart and not counted.",
        [](const Target& t, Value& v) { t.snapshot.bans.max_failures = number(v); }},
    Key{"bans.window", Type::duration, "5m", "10s..24h", "See `max_failures`.",
        [](const Target& t, Value& v) { t.snapshot.bans.window = Seconds(v.number); }},
    Key{"bans.ban_time", Type::duration, "1h", "10s..30d",
        "How long the first ban of an address lasts; each further one takes twice as long as the one before.",
        [](const Target& t, Value& v) { t.snapshot.bans.ban_time = Seconds(v.number); }},
    Key{"bans.max_ban_time", Type::duration, "7d", "10s..90d", "The longest ban.",
        [](const Target& t, Value& v) { t.snapshot.bans.max_ban_time = Seconds(v.number); }},
    Key{"bans.never", Type::text, "", "64", "An access list of addresses that are never banned.",
        [](const Target& t, Value& v) { t.snapshot.bans.never = v.text; }},
    Key{"bans.proxies", Type::text, "", "64",
        "An access list of trusted proxies: what comes through them is held against the address that they "
        "name in "
        "`Via`, and they themselves are never banned.",
        [](const Target& t, Value& v) { t.snapshot.bans.proxies = v.text; }},
    Key{"bans.nftables", Type::text, "", "128",
        "Family, table and set of nftables that banned IPv4 addresses are handed to as well, as in `inet "
        "filter "
        "switchroom`; IPv6 networks go into the set of that name with a 6 behind it. The table, the sets and "
        "the rule "
        "that drops are yours; it wants CAP_NET_ADMIN (docs/security/bans.md).",
        [](const Target& t, Value& v) { t.snapshot.bans.nftables = v.text; }},

    Key{"limits.requests_per_stranger", Type::integer, "100", "0..100000",
        "Requests a second from an address from which nobody has signed in within the last hour; what is "
        "beyond is "
        "dropped. Not on profiles with `auth = false`. 0: any number.",
        [](const Target& t, Value& v) { t.snapshot.limits.requests_per_stranger = number(v); }},
    Key{"limits.registrations_per_second", Type::integer, "2000", "0..100000",
        "REGISTERs a second of all addresses together; what is beyond is answered with 503. 0: any number.",
        [](const Target& t, Value& v) { t.snapshot.limits.registrations_per_second = number(v); }},
    Key{"limits.calls_per_address", Type::integer, "0", "0..100000",
        "INVITEs a second from one address; what is beyond is answered with 503. Not for profiles with "
        "`auth = false`, whose peers are carriers. 0: any number.",
        [](const Target& t, Value& v) { t.snapshot.limits.calls_per_address = number(v); }},
    Key{"limits.connections", Type::integer, "10000", "1..100000",
        "Connections (TCP) in all; from the next start on.",
        [](const Target& t, Value& v) { t.snapshot.limits.connections = number(v); }},
    Key{"limits.connections_per_address", Type::integer, "200", "1..100000",
        "Connections from one address, or one IPv6 network of 64 bits; from the next start on.",
        [](const Target& t, Value& v) { t.snapshot.limits.connections_per_address = number(v); }},
    Key{"limits.handshakes_per_address", Type::integer, "100", "1..500",
        "TLS connections from one address that have not shown yet that they speak it (500 in all); from the "
        "next "
        "start on.",
        [](const Target& t, Value& v) { t.snapshot.limits.handshakes_per_address = number(v); }},
    Key{"limits.messages_per_connection", Type::integer, "1000", "0..100000",
        "Messages a second on one connection; what is beyond is read in the next second, so that the sender "
        "has to "
        "wait. 0: any number. From the next start on.",
        [](const Target& t, Value& v) { t.snapshot.limits.messages_per_connection = number(v); }},
};

}  // namespace

Topic bans_topic() { return {section_rows, key_rows}; }

}  // namespace switchroom::config
