// TLS.
#include "config/keys/topics.hpp"

#include <array>

namespace switchroom::config {
namespace {

constexpr std::array section_rows{
    Section{
        "tls", false,
        "Certificates of `tls:` listeners and connections. Without any, one is made at the first start; see "
        "[encryption](encryption.md). Files that change are taken into use within ten seconds."},
};

constexpr std::array key_rows{
    Key{"tls.certificate", Type::path, "", "",
        "Our certificate, followed by those that vouch for it (PEM, as `fullchain.pem`); seen from this "
        "file's "
        "folder. Default: one of our own making, in `tls/` under `data_dir`.",
        [](const Target& t, Value& v) { t.snapshot.tls.identity.certificate = v.text; }},
    Key{"tls.key", Type::path, "", "", "Its key (PEM, not locked by a password).",
        [](const Target& t, Value& v) { t.snapshot.tls.identity.key = v.text; }},
    Key{"tls.ca_file", Type::path, "", "",
        "Whom we believe (PEM): of the servers that we connect to, and of phones that show a certificate. "
        "Default: whom this machine believes.",
        [](const Target& t, Value& v) { t.snapshot.tls.ca_file = v.text; }},
    Key{"tls.min_version", Type::word, "1.2", "1.2|1.3", "The oldest TLS that is spoken.",
        [](const Target& t, Value& v) { t.snapshot.tls.min_version = v.text; }},
    Key{"tls.client_certificates", Type::word, "no", "no|optional|required",
        "Whether phones are asked for a certificate, which must be of `ca_file` then, and whether they must "
        "have one.",
        [](const Target& t, Value& v) { t.snapshot.tls.client_certificates = v.text; }},
    Key{"tls.verify", Type::boolean, "true", "",
        "Connect only to servers whose certificate is good and names them.",
        [](const Target& t, Value& v) { t.snapshot.tls.verify = v.flag; }},
};

}  // namespace

Topic encryption_topic() { return {section_rows, key_rows}; }

}  // namespace switchroom::config
