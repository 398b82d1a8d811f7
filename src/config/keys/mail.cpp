// How mail leaves.
#include "config/keys/topics.hpp"

#include <array>

namespace switchroom::config {
namespace {

constexpr std::array section_rows{
    Section{"mail", false, "How mail leaves: a server, or a program."},
};

constexpr std::array key_rows{
    Key{"mail.server", Type::host, "", "", "The mail server that takes our mail (a smart host).",
        [](const Target& t, Value& v) { t.snapshot.mail.server = v.text; }},
    Key{"mail.port", Type::integer, "", "1..65535", "Default: 587 with STARTTLS, 465 with TLS, 25 without.",
        [](const Target& t, Value& v) { t.snapshot.mail.port = static_cast<std::uint16_t>(v.number); }},
    Key{"mail.tls", Type::word, "starttls", "starttls|tls|none",
        "STARTTLS must succeed before anything is told; `tls`: from the first byte; `none`: in the open, for "
        "a server on this machine.",
        [](const Target& t, Value& v) { t.snapshot.mail.tls = v.text; }},
    Key{"mail.username", Type::text, "", "256", "For AUTH; none where it is not set.",
        [](const Target& t, Value& v) { t.snapshot.mail.username = v.text; }},
    Key{"mail.password", Type::secret, "", "", "Or `env:NAME`.",
        [](const Target& t, Value& v) { t.snapshot.mail.password = v.text; }},
    Key{"mail.password_file", Type::secret_file, "", "",
        "Instead of `password`: a file whose first line it is.",
        [](const Target& t, Value& v) { t.snapshot.mail.password = v.text; }},
    Key{"mail.from", Type::text, "", "254",
        "The sender: `voicemail@example.com` or `Acme <voicemail@example.com>`.",
        [](const Target& t, Value& v) { t.snapshot.mail.from = v.text; }},
    Key{"mail.helo", Type::host, "", "", "The name we greet with. Default: `[pbx] domain`.",
        [](const Target& t, Value& v) { t.snapshot.mail.helo = v.text; }},
    Key{"mail.server_name", Type::host, "", "", "The name that its certificate must have. Default: `server`.",
        [](const Target& t, Value& v) { t.snapshot.mail.server_name = v.text; }},
    Key{"mail.ca_file", Type::path, "", "",
        "Certificates (PEM) that are trusted. Default: the system's, and those inside the executable where "
        "it has none.",
        [](const Target& t, Value& v) { t.snapshot.mail.ca_file = v.text; }},
    Key{"mail.sendmail", Type::texts, "", "4096",
        "Instead of a server: a program that reads the mail from its input, and its arguments, as in "
        "`[\"/usr/sbin/sendmail\", \"-i\", \"-t\"]`. No shell.",
        [](const Target& t, Value& v) { t.snapshot.mail.sendmail = texts(v); }},
    Key{"mail.step_timeout", Type::duration, "60s", "1s..10m",
        "How long one step of the conversation with the server may take.",
        [](const Target& t, Value& v) { t.snapshot.mail.step_timeout = Seconds(v.number); }},
    Key{"mail.retry", Type::duration, "1m", "1s..1h",
        "The pause after the first failure; it doubles each time.",
        [](const Target& t, Value& v) { t.snapshot.mail.retry = Seconds(v.number); }},
    Key{"mail.max_retry", Type::duration, "4h", "1s..1d", "The longest pause.",
        [](const Target& t, Value& v) { t.snapshot.mail.max_retry = Seconds(v.number); }},
    Key{"mail.give_up", Type::duration, "5d", "1m..30d",
        "What is older is given up, with an error in the log.",
        [](const Target& t, Value& v) { t.snapshot.mail.give_up = Seconds(v.number); }},
};

}  // namespace

Topic mail_topic() { return {section_rows, key_rows}; }

}  // namespace switchroom::config
