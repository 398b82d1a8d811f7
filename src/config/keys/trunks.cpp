// The outside world: trunks, and the ways in and out.
#include "config/keys/topics.hpp"

#include <array>

namespace switchroom::config {
namespace {

constexpr std::array section_rows{
    Section{"trunks", false, ""},
    Section{
        "trunks.*", false,
        "Carriers, or other exchanges: `[trunks.itsp]`. Reached as `trunk/itsp/NUMBER` in a dial string, or "
        "by `[[outbound]]`; docs/trunks.md tells the whole."},
    Section{
        "inbound", true,
        "Outside numbers, and where they ring. Become entries of the context that the trunks' calls enter, "
        "behind those that are written by hand; exact numbers go before patterns, and a number that none "
        "of them names is rejected with a warning in the log."},
    Section{
        "outbound", true,
        "What people dial to reach the outside. Each becomes an entry of its context, behind those that are "
        "written by hand and the extensions."},
    Section{
        "emergency", false,
        "Emergency numbers. A call to one of them from a phone that has signed in or is registered goes to "
        "the trunks before any other rule, in every context, whatever its permissions and however many "
        "calls are up."},
};

constexpr std::array key_rows{
    Key{"trunks.*.host", Type::host, "", "", "Required: the carrier's name or address.",
        [](const Target& t, Value& v) { t.trunk().host = v.text; }},
    Key{"trunks.*.port", Type::integer, "", "1..65535",
        "Its port. Default: DNS says (SRV records), else 5060.",
        [](const Target& t, Value& v) { t.trunk().port = static_cast<std::uint16_t>(v.number); }},
    Key{"trunks.*.transport", Type::word, "", "udp|tcp|tls",
        "How it is reached. Default: DNS says, else UDP. For `tls` the profile needs a `tls:` listener.",
        [](const Target& t, Value& v) { t.trunk().transport = v.text; }},
    Key{"trunks.*.tls_verify", Type::boolean, "true", "",
        "Talk to it by TLS only if its certificate is good and names `host` (or `proxy`). With `false` "
        "whoever sits between can listen.",
        [](const Target& t, Value& v) { t.trunk().tls_verify = v.flag; }},
    Key{"trunks.*.srtp", Type::word, "", "forbidden|optional|mandatory",
        "Encrypted sound of its calls, if other than `srtp` of the profile.",
        [](const Target& t, Value& v) { t.trunk().srtp = v.text; }},
    Key{"trunks.*.srtp_keys", Type::words, "", "sdes|dtls",
        "How its keys are agreed on, if other than `srtp_keys` of the profile.",
        [](const Target& t, Value& v) { t.trunk().srtp_keys = texts(v); }},
    Key{"trunks.*.proxy", Type::text, "", "256",
        "Where requests are sent instead of to `host`: `NAME` or `NAME:PORT`.",
        [](const Target& t, Value& v) { t.trunk().proxy = v.text; }},
    Key{"trunks.*.username", Type::text, "", "64", "The account.",
        [](const Target& t, Value& v) { t.trunk().username = v.text; }},
    Key{"trunks.*.auth_username", Type::text, "", "128",
        "The name that is signed in with, if the account's is another. Default: `username`.",
        [](const Target& t, Value& v) { t.trunk().auth_username = v.text; }},
    Key{"trunks.*.password", Type::secret, "", "",
        "The account's password, or `env:NAME`. It is never sent, and an answer to a challenge goes only to "
        "the "
        "trunk's own addresses and for its own realm.",
        [](const Target& t, Value& v) { t.trunk().password = v.text; }},
    Key{"trunks.*.password_file", Type::secret_file, "", "",
        "Instead of `password`: a file whose first line is the password, seen from this file's folder.",
        [](const Target& t, Value& v) { t.trunk().password = v.text; }},
    Key{"trunks.*.realm", Type::text, "", "128",
        "The realm of its challenges. Default: the one that its registrar asks for, else `host`.",
        [](const Target& t, Value& v) { t.trunk().realm = v.text; }},
    Key{"trunks.*.register", Type::boolean, "", "",
        "Register there; `false` where the carrier knows this address. Default: true where there is a "
        "`username`.",
        [](const Target& t, Value& v) { t.trunk().registers = v.flag; }},
    Key{"trunks.*.expires", Type::duration, "1h", "30s..24h", "How long a registration is asked for.",
        [](const Target& t, Value& v) { t.trunk().expires = std::chrono::seconds(v.number); }},
    Key{"trunks.*.retry_min", Type::duration, "30s", "1s..1h",
        "The pause after the first failed registration; it doubles with each further one.",
        [](const Target& t, Value& v) { t.trunk().retry_min = std::chrono::seconds(v.number); }},
    Key{"trunks.*.retry_max", Type::duration, "10m", "1s..24h",
        "The longest such pause, and the pause after a refusal (a wrong password).",
        [](const Target& t, Value& v) { t.trunk().retry_max = std::chrono::seconds(v.number); }},
    Key{"trunks.*.ping", Type::duration, "0s", "0s..1h",
        "How often OPTIONS asks whether it is there: `25s`; \"0s\" never. Any answer but 408 and 503 counts "
        "as "
        "alive.",
        [](const Target& t, Value& v) { t.trunk().ping = std::chrono::seconds(v.number); }},
    Key{"trunks.*.ping_max", Type::integer, "3", "1..100", "So many unanswered ones, and it is down.",
        [](const Target& t, Value& v) { t.trunk().ping_max = static_cast<std::uint32_t>(v.number); }},
    Key{"trunks.*.ping_min", Type::integer, "1", "1..100", "So many answers, and it is up again.",
        [](const Target& t, Value& v) { t.trunk().ping_min = static_cast<std::uint32_t>(v.number); }},
    Key{"trunks.*.codecs", Type::words, "", "opus|G722|PCMU|PCMA",
        "Codecs in order of preference. Default: the profile's.",
        [](const Target& t, Value& v) { t.trunk().codecs = texts(v); }},
    Key{"trunks.*.from_user", Type::text, "", "64",
        "The user part of From where it is not the caller's number. Default: `username`.",
        [](const Target& t, Value& v) { t.trunk().from_user = v.text; }},
    Key{"trunks.*.from_domain", Type::host, "", "", "The host part of From. Default: `host`.",
        [](const Target& t, Value& v) { t.trunk().from_domain = v.text; }},
    Key{"trunks.*.caller_id", Type::word, "from", "from|pai|rpid",
        "Where the caller's number stands: in From, or in P-Asserted-Identity or Remote-Party-ID with the "
        "account in From.",
        [](const Target& t, Value& v) { t.trunk().caller_id = v.text; }},
    Key{"trunks.*.profile", Type::text, "", "64",
        "The profile that it uses. Default: `external`, else the first one without `auth`, else the first.",
        [](const Target& t, Value& v) { t.trunk().profile = v.text; }},
    Key{"trunks.*.context", Type::text, "", "64",
        "The dialplan context that its calls enter. Default: the profile's, or `public` where the profile is "
        "one of phones (`auth = true`).",
        [](const Target& t, Value& v) { t.trunk().context = v.text; }},
    Key{"trunks.*.addresses", Type::networks, "", "",
        "From where it calls, beside the addresses that `host` and `proxy` have: `[\"198.51.100.0/24\"]`.",
        [](const Target& t, Value& v) { t.trunk().addresses = std::move(v.networks); }},
    Key{"trunks.*.tolls", Type::texts, "", "16",
        "What calls by it may cost: `[\"de\", \"premium\"]`, beside what `[tolls] allow` says.",
        [](const Target& t, Value& v) { t.trunk().tolls.allow = placed_items(v); }},
    Key{"trunks.*.country", Type::text, "", "2",
        "Whose numbers it takes, by its ISO code, if not those of `[tolls] country`.",
        [](const Target& t, Value& v) { t.trunk().tolls.country = placed(v); }},
    Key{"trunks.*.calls_per_hour", Type::integer, "0", "0..1000000",
        "So many calls to the outside in an hour; further ones are barred. 0: any number.",
        [](const Target& t, Value& v) {
          t.trunk().tolls.calls_per_hour = static_cast<std::uint32_t>(v.number);
        }},
    Key{"trunks.*.talk_per_hour", Type::duration, "0s", "0s..365d",
        "So much talk of all its calls to the outside in an hour: `600m`. \"0s\": any.",
        [](const Target& t, Value& v) { t.trunk().tolls.talk_per_hour = std::chrono::seconds(v.number); }},
    Key{"trunks.*.record", Type::boolean, "false", "", "Record its calls, both ways, from the answer on.",
        [](const Target& t, Value& v) { t.trunk().record.on = v.flag; }},
    Key{"trunks.*.record_path", Type::text, "", "1024",
        "Where to, as `[recording] path` says it. Default: that one.",
        [](const Target& t, Value& v) { t.trunk().record.path = v.text; }},

    Key{"inbound.did", Type::text, "", "64",
        "The number, as `+15551234567`: the spellings `15551234567`, `0015551234567` and `01115551234567` "
        "are "
        "the same, and of a number of the +1 countries the ten digits alone. Without a + only itself, or "
        "itself behind one. The account's name, where the carrier dials that.",
        [](const Target& t, Value& v) { t.inbound().did = placed(v); }},
    Key{"inbound.did_pattern", Type::text, "", "256",
        "Instead of `did`: a pattern for the whole number (`'\\+4930555(\\d\\d)'`), whose captures `to` may "
        "use.",
        [](const Target& t, Value& v) { t.inbound().did_pattern = placed(v); }},
    Key{"inbound.to", Type::text, "", "128",
        "Required: an extension, a menu, a ring group, or any number; `NUMBER CONTEXT` where it is not in "
        "the "
        "context `default`.",
        [](const Target& t, Value& v) { t.inbound().to = placed(v); }},
    Key{"inbound.hours", Type::text, "", "64",
        "Only at these `[hours]` (`business`, or `!holidays`); at other times `else_to`.",
        [](const Target& t, Value& v) { t.inbound().hours = placed(v); }},
    Key{"inbound.else_to", Type::text, "", "128", "Where callers go at other times.",
        [](const Target& t, Value& v) { t.inbound().else_to = placed(v); }},
    Key{"inbound.record", Type::boolean, "false", "", "Record these calls, from the answer on.",
        [](const Target& t, Value& v) { t.inbound().record.on = v.flag; }},
    Key{"inbound.record_path", Type::text, "", "1024",
        "Where to, as `[recording] path` says it. Default: that one.",
        [](const Target& t, Value& v) { t.inbound().record.path = v.text; }},
    Key{"inbound.caller_id_prefix", Type::text, "", "32",
        "Put before the caller's name on the phones' displays.",
        [](const Target& t, Value& v) { t.inbound().caller_id_prefix = v.text; }},
    Key{"inbound.context", Type::text, "", "64",
        "The context that it is part of. Default: those that the trunks' calls enter.",
        [](const Target& t, Value& v) { t.inbound().context = placed(v); }},

    Key{"outbound.name", Type::text, "", "64", "What logs call it. Default: its place in the file.",
        [](const Target& t, Value& v) { t.outbound().name = v.text; }},
    Key{"outbound.dial", Type::text, "", "256",
        "Required: a pattern for the whole number that is dialled: `'9(\\d{10,11})'`.",
        [](const Target& t, Value& v) { t.outbound().dial = placed(v); }},
    Key{"outbound.trunks", Type::texts, "", "64",
        "Required: trunks, tried in order. The next one is tried when a trunk is down, does not answer or "
        "has "
        "no way (408, 500 to 504, congestion), never when the number is busy, wrong, or nobody answers.",
        [](const Target& t, Value& v) { t.outbound().trunks = placed_items(v); }},
    Key{"outbound.record", Type::boolean, "false", "", "Record these calls, from the answer on.",
        [](const Target& t, Value& v) { t.outbound().record.on = v.flag; }},
    Key{"outbound.record_path", Type::text, "", "1024",
        "Where to, as `[recording] path` says it. Default: that one.",
        [](const Target& t, Value& v) { t.outbound().record.path = v.text; }},
    Key{"outbound.needs", Type::text, "", "64",
        "What the caller's `toll_allow` must have. Who lacks it hears so, and the call ends with "
        "OUTGOING_CALL_BARRED.",
        [](const Target& t, Value& v) { t.outbound().needs = v.text; }},
    Key{"outbound.tolls", Type::texts, "", "16",
        "What calls by it may cost: `[\"de\", \"premium\"]`, beside what `[tolls] allow` says.",
        [](const Target& t, Value& v) { t.outbound().tolls = placed_items(v); }},
    Key{"outbound.context", Type::text, "default", "64", "The dialplan context that it is part of.",
        [](const Target& t, Value& v) { t.outbound().context = v.text; }},
    Key{"outbound.send", Type::text, "", "128",
        "What is sent to the trunk, with the captures of `dial`: `+49$1`. Default: `$1`, or, without a "
        "capture, "
        "what was dialled.",
        [](const Target& t, Value& v) { t.outbound().send = v.text; }},
    Key{"outbound.strip", Type::integer, "0", "0..32",
        "Instead of `send`: so many digits are cut from the front of what was dialled.",
        [](const Target& t, Value& v) { t.outbound().strip = static_cast<std::uint32_t>(v.number); }},
    Key{"outbound.prefix", Type::text, "", "32", "Put in front of what is sent.",
        [](const Target& t, Value& v) { t.outbound().prefix = v.text; }},
    Key{"outbound.caller_id", Type::text, "", "64",
        "The number that is shown. Default: the extension's `caller_id`.",
        [](const Target& t, Value& v) { t.outbound().caller_id = v.text; }},
    Key{"outbound.allow_outside", Type::boolean, "false", "",
        "May calls that came from outside go out again by it? Each of them costs money.",
        [](const Target& t, Value& v) { t.outbound().allow_outside = v.flag; }},

    Key{"emergency.numbers", Type::texts, "", "16",
        "`[\"112\", \"911\"]`. Where `9911` is listed beside `911`, both send 911.",
        [](const Target& t, Value& v) { t.snapshot.emergency.numbers = placed_items(v); }},
    Key{"emergency.trunks", Type::texts, "", "64",
        "Trunks, tried in order until one takes the call: those that are up first, then the others too.",
        [](const Target& t, Value& v) { t.snapshot.emergency.trunks = placed_items(v); }},
    Key{"emergency.notify", Type::texts, "", "64", "Extensions that are rung meanwhile and told who called.",
        [](const Target& t, Value& v) { t.snapshot.emergency.notify = placed_items(v); }},
    Key{"emergency.caller_id", Type::text, "", "64",
        "The number that is shown. Default: the extension's `caller_id`.",
        [](const Target& t, Value& v) { t.snapshot.emergency.caller_id = v.text; }},
    Key{"emergency.location", Type::text, "", "256",
        "Where the phones are, for those who are told: `Main Street 1, second floor`.",
        [](const Target& t, Value& v) { t.snapshot.emergency.location = v.text; }},
};

}  // namespace

Topic trunks_topic() { return {section_rows, key_rows}; }

}  // namespace switchroom::config
