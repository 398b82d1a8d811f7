// Where SIP arrives, and from whom.
#include "config/keys/topics.hpp"

#include <array>

namespace switchroom::config {
namespace {

constexpr std::array section_rows{
    Section{"profiles", false, ""},
    Section{"profiles.*", false,
            "Where SIP arrives: `[profiles.internal]`. At least one. Each has its own listeners, dialplan "
            "context and rules."},
    Section{"acl", false,
            "Access lists by name, for `allow`, `allow_register` and `allow_call` of profiles."},
};

constexpr std::array key_rows{
    Key{"profiles.*.listen", Type::listeners, "", "",
        "Required: any number of `udp:ADDRESS:PORT`, `tcp:ADDRESS:PORT` and `tls:ADDRESS:PORT`, IPv4 or "
        "`[IPv6]`; `ws:` and `wss:` are not in this version. On `0.0.0.0` and `[::]` each phone is answered, "
        "and called, from the address that it speaks to.",
        [](const Target& t, Value& v) { t.profile().listen = texts(v); }},
    Key{"profiles.*.context", Type::text, "default", "64", "The dialplan context that its calls enter.",
        [](const Target& t, Value& v) { t.profile().context = v.text; }},
    Key{"profiles.*.auth", Type::boolean, "true", "",
        "Challenge every INVITE and REGISTER for a password. Without it, let `allow` say who may call.",
        [](const Target& t, Value& v) { t.profile().auth = v.flag; }},
    Key{"profiles.*.codecs", Type::words, "opus, G722, PCMU, PCMA", "opus|G722|PCMU|PCMA",
        "Codecs in order of preference.", [](const Target& t, Value& v) { t.profile().codecs = texts(v); }},
    Key{"profiles.*.dtmf", Type::word, "rfc4733", "rfc4733|info|inband",
        "How key presses travel: as RTP events, where the phone knows them, else as tones; by INFO; always "
        "as "
        "tones. Whatever comes in is understood.",
        [](const Target& t, Value& v) { t.profile().dtmf = v.text; }},
    Key{"profiles.*.srtp", Type::word, "optional", "forbidden|optional|mandatory",
        "Encrypted sound: never; with every phone that can (plain with those that cannot); or calls without "
        "it "
        "are refused with 488. See [encryption](encryption.md).",
        [](const Target& t, Value& v) { t.profile().encryption.srtp = v.text; }},
    Key{"profiles.*.srtp_keys", Type::words, "sdes, dtls", "sdes|dtls",
        "How the keys of encrypted sound are agreed on: inside the signalling (SDES, which needs TLS), or by "
        "a "
        "handshake of the sound's own (DTLS-SRTP). Either is taken when a phone offers it; the first is what "
        "best-effort offers carry.",
        [](const Target& t, Value& v) { t.profile().encryption.keys = texts(v); }},
    Key{"profiles.*.srtp_over_plain", Type::boolean, "false", "",
        "Whether SRTP keys may travel inside signalling that is not encrypted (`udp:`, `tcp:`), where "
        "whoever "
        "reads it can decrypt the sound. Without it, SDES needs a `tls:` listener; DTLS-SRTP does not.",
        [](const Target& t, Value& v) { t.profile().encryption.over_plain = v.flag; }},
    Key{"profiles.*.srtp_suites", Type::words,
        "AES_CM_128_HMAC_SHA1_80, AEAD_AES_256_GCM, AEAD_AES_128_GCM, AES_256_CM_HMAC_SHA1_80, "
        "AES_CM_128_HMAC_SHA1_32",
        "AES_CM_128_HMAC_SHA1_80|AEAD_AES_256_GCM|AEAD_AES_128_GCM|AES_256_CM_HMAC_SHA1_80|"
        "AES_CM_128_HMAC_SHA1_32",
        "SRTP suites that are taken, in the order in which they are offered.",
        [](const Target& t, Value& v) { t.profile().encryption.suites = texts(v); }},
    Key{"profiles.*.tls_certificate", Type::path, "", "",
        "This profile's own certificate, if other than that of `[tls]`; likewise its key.",
        [](const Target& t, Value& v) { t.profile().tls_identity.certificate = v.text; }},
    Key{"profiles.*.tls_key", Type::path, "", "", "See `tls_certificate`.",
        [](const Target& t, Value& v) { t.profile().tls_identity.key = v.text; }},
    Key{"profiles.*.allow", Type::text, "", "64",
        "Who may send anything at all: the name of an access list. Default: everyone.",
        [](const Target& t, Value& v) { t.profile().allow = v.text; }},
    Key{"profiles.*.allow_register", Type::text, "", "64",
        "Who may register, if fewer: the name of an access list.",
        [](const Target& t, Value& v) { t.profile().allow_register = v.text; }},
    Key{"profiles.*.allow_call", Type::text, "", "64", "Who may call, if fewer: the name of an access list.",
        [](const Target& t, Value& v) { t.profile().allow_call = v.text; }},
    Key{"profiles.*.public_address", Type::address, "", "",
        "The address behind which this machine stands (NAT): it goes into Contact and SDP.",
        [](const Target& t, Value& v) { t.profile().public_address = v.text; }},
    Key{"profiles.*.media_address", Type::address, "", "",
        "The address that sound is received on. Default: `[media] address`, then the address of `listen`.",
        [](const Target& t, Value& v) { t.profile().media_address = v.text; }},
    Key{"profiles.*.media_public_address", Type::address, "", "",
        "The address that SDP shows for sound. Default: `[media] public_address`, then `public_address`.",
        [](const Target& t, Value& v) { t.profile().media_public_address = v.text; }},
    Key{"profiles.*.digest", Type::words, "MD5", "MD5|SHA-256",
        "Digest algorithms that are offered, in order. Nearly every phone knows MD5 alone.",
        [](const Target& t, Value& v) { t.profile().digest = texts(v); }},
    Key{"profiles.*.record", Type::boolean, "false", "",
        "Record the calls that come in by it, from the answer on.",
        [](const Target& t, Value& v) { t.profile().record.on = v.flag; }},
    Key{"profiles.*.record_path", Type::text, "", "1024",
        "Where to, as `[recording] path` says it. Default: that one.",
        [](const Target& t, Value& v) { t.profile().record.path = v.text; }},
    Key{"profiles.*.session_timeout", Type::duration, "30m", "90s..24h",
        "Session timer (RFC 4028): a call is refreshed at half of it, and ends without a refresh.",
        [](const Target& t, Value& v) { t.profile().session_timeout = Seconds(v.number); }},
    Key{"profiles.*.min_session_timeout", Type::duration, "90s", "90s..24h",
        "The shortest session timer that is accepted (Min-SE); shorter ones are answered with 422.",
        [](const Target& t, Value& v) { t.profile().min_session_timeout = Seconds(v.number); }},
    Key{"profiles.*.rtp_timeout", Type::duration, "5m", "1s..24h", "No sound for so long ends the call.",
        [](const Target& t, Value& v) { t.profile().rtp_timeout = Seconds(v.number); }},
    Key{"profiles.*.rtp_hold_timeout", Type::duration, "30m", "1s..24h",
        "The same while the call is on hold.",
        [](const Target& t, Value& v) { t.profile().rtp_hold_timeout = Seconds(v.number); }},
    Key{"profiles.*.min_expires", Type::duration, "60s", "1s..7d",
        "The shortest registration; shorter wishes are answered with 423.",
        [](const Target& t, Value& v) { t.profile().min_expires = Seconds(v.number); }},
    Key{"profiles.*.max_expires", Type::duration, "1h", "1s..7d",
        "The longest registration; longer wishes are cut to it.",
        [](const Target& t, Value& v) { t.profile().max_expires = Seconds(v.number); }},
    Key{"profiles.*.keepalive", Type::duration, "25s", "0s..1h",
        "How often a phone that registered from behind NAT, or by TCP, is sent a line end, which keeps the "
        "way "
        "to it open; \"0s\" never.",
        [](const Target& t, Value& v) { t.profile().keepalive = Seconds(v.number); }},
    Key{"profiles.*.caller_identity", Type::word, "hide", "pass|hide",
        "P-Asserted-Identity and Diversion of the other leg: passed on to this profile's peers, or hidden "
        "from them.",
        [](const Target& t, Value& v) { t.profile().caller_identity = v.text; }},
    Key{"profiles.*.hold_music", Type::text, "default", "1024",
        "What this profile's peers hear while they are on hold: `default`, the music inside the executable; "
        "`music:NAME`; or what `playback` takes, again and again; \"\" for what the phone that holds them "
        "sends, if it sends anything.",
        [](const Target& t, Value& v) { t.profile().hold_music = v.text; }},
    Key{"profiles.*.gain_in", Type::integer, "0", "-40..40",
        "What this profile's peers say is made louder by so many dB. Anything but 0 costs decoding.",
        [](const Target& t, Value& v) { t.profile().gain_in = static_cast<int>(v.number); }},
    Key{"profiles.*.gain_out", Type::integer, "0", "-40..40", "What they hear, likewise.",
        [](const Target& t, Value& v) { t.profile().gain_out = static_cast<int>(v.number); }},
    Key{"acl.*", Type::networks, "", "",
        "Networks and addresses, IPv4 and IPv6: `[\"10.0.0.0/8\", \"fd00::/8\"]`.",
        [](const Target& t, Value& v) {
          t.snapshot.acl[t.names.at(0)] = Acl{t.names.at(0), std::move(v.networks)};
        }},
};

}  // namespace

Topic profiles_topic() { return {section_rows, key_rows}; }

}  // namespace switchroom::config
