#include "main/certificates.hpp"

#include "base/log.hpp"
#include "sip/transport/tls_context.hpp"

#include <fmt/chrono.h>
#include <fmt/core.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <sstream>
#include <unistd.h>

namespace switchroom::main {
namespace {

namespace fs = std::filesystem;
using log::Level;
using log::Subsystem;
using namespace std::chrono_literals;

constexpr auto look_interval = 10s;
constexpr auto warning_interval = 24h;
constexpr std::int64_t one_day = 86'400;  // s
constexpr std::int64_t soon = 30 * one_day;
constexpr unsigned own_days = 3650;

// Where systems keep whom they believe: Debian, Alpine and Arch; Red Hat; others.
constexpr std::array bundles{"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
                             "/etc/ssl/cert.pem"};

/// Changes whenever a file does: a renewal writes anew, renames, or moves a link.
std::string stamp_of(const fs::path& file) {
  struct stat facts{};
  if (file.empty() || ::stat(file.c_str(), &facts) != 0) {
    return "-";
  }
  return fmt::format("{}:{}:{}:{}.{}", facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtim.tv_sec,
                     facts.st_mtim.tv_nsec);
}

fs::path authorities_of(const config::Tls& tls) {
  if (!tls.ca_file.empty()) {
    return tls.ca_file;
  }
  const auto* found = std::ranges::find_if(bundles, [](const char* path) {
    std::error_code none;
    return fs::exists(path, none);
  });
  return found == bundles.end() ? fs::path() : fs::path(*found);
}

base::result<void> write_new(const fs::path& file, const std::string& text) {
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  const bool written = fd >= 0 &&
                       ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                       ::fsync(fd) == 0;
  const int why = errno;
  if (fd >= 0) {
    ::close(fd);
  }
  return written ? base::result<void>()
                 : base::Error{fmt::format("cannot write {}: {}", file.string(), std::strerror(why))};
}

/// One of our own under data_dir, made at the first start.
base::result<config::Identity> own_identity(const config::Snapshot& config) {
  const fs::path folder = config.pbx.data_dir / "tls";
  config::Identity identity{folder / "certificate.pem", folder / "key.pem"};
  std::error_code bad;
  if (fs::exists(identity.certificate, bad) && fs::exists(identity.key, bad)) {
    return identity;
  }
  fs::create_directories(folder, bad);
  auto made = sip::make_certificate(config.pbx.domain, own_days);
  if (!made) {
    return made.error();
  }
  // The key first: a certificate without it would be taken for a whole identity by nobody.
  if (auto written = write_new(identity.key, made->key); !written) {
    return written.error();
  }
  if (auto written = write_new(identity.certificate, made->certificate); !written) {
    return written.error();
  }
  log::line(
      Level::warning, Subsystem::sip, {},
      "a certificate for {} was made: {}. No phone believes it until it is told to: load that file into "
      "the phones as a trusted certificate, or set [tls] certificate and key to one of a public "
      "authority (docs/encryption.md)",
      config.pbx.domain, identity.certificate.string());
  return identity;
}

bool listens_by_tls(const config::Profile& profile) {
  return std::ranges::any_of(profile.listen,
                             [](const std::string& text) { return text.starts_with("tls:"); });
}

bool same(const config::Identity& a, const config::Identity& b) {
  return a.certificate == b.certificate && a.key == b.key;
}

bool same(const config::Tls& a, const config::Tls& b) {
  return a.ca_file == b.ca_file && a.min_version == b.min_version &&
         a.client_certificates == b.client_certificates && a.verify == b.verify;
}

void warn_of_open_key(const fs::path& key) {
  struct stat facts{};
  if (::stat(key.c_str(), &facts) == 0 && (facts.st_mode & 0007U) != 0) {
    log::line(Level::warning, Subsystem::config, {},
              "{}: everybody on this machine may read this key: chmod o= it", key.string());
  }
}

}  // namespace

base::result<std::string> Certificates::read(const fs::path& file, const char* key) const {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (in) {
    return text.str();
  }
  const int why = errno;
  if (const auto kept = kept_.find(file); kept != kept_.end()) {
    return kept->second;
  }
  return base::Error{fmt::format("{}: {} cannot be read: {}", key, file.string(), std::strerror(why))};
}

std::string Certificates::stamps_of(const Source& source) const {
  const auto stamp = [this](const fs::path& file) {
    const bool as_kept = kept_.contains(file) && ::access(file.c_str(), R_OK) != 0;
    return as_kept ? std::string("kept") : stamp_of(file);
  };
  return stamp(source.identity.certificate) + " " + stamp(source.identity.key) + " " +
         stamp(authorities_of(source.tls));
}

base::result<Certificates::Loaded> Certificates::load(const Source& source) const {
  sip::TlsSettings settings;
  Loaded loaded;
  if (!source.identity.certificate.empty()) {
    auto certificate = read(source.identity.certificate, "certificate");
    auto key = certificate ? read(source.identity.key, "key") : certificate;
    if (!key) {
      return key.error();
    }
    auto facts = sip::certificate_facts(*certificate);
    if (!facts) {
      return base::Error{source.identity.certificate.string() + ": " + facts.error().what};
    }
    settings.certificate = std::move(*certificate);
    settings.key = std::move(*key);
    loaded.view = {source.identity.certificate, std::move(*facts)};
  }
  if (const auto file = authorities_of(source.tls); !file.empty()) {
    auto authorities = read(file, "ca_file");
    if (!authorities) {
      return authorities.error();
    }
    settings.authorities = std::move(*authorities);
  } else {
    settings.authorities = std::string(believed_);
  }
  using Clients = sip::TlsSettings::Clients;
  const auto& clients = source.tls.client_certificates;
  settings.clients = clients == "required"   ? Clients::required
                     : clients == "optional" ? Clients::optional
                                             : Clients::not_asked;
  settings.only_13 = source.tls.min_version == "1.3";
  settings.verify = source.tls.verify;
  auto context = sip::TlsContext::make(settings);
  if (!context) {
    return base::Error{source.identity.certificate.string() + ": " + context.error().what};
  }
  loaded.context = std::move(*context);
  return loaded;
}

base::result<void> Certificates::configure(const config::Snapshot& config) {
  std::map<std::string, Source> wanted;
  for (const auto& [name, profile] : config.profiles) {
    Source source{profile.tls_identity.certificate.empty() ? config.tls.identity : profile.tls_identity,
                  config.tls,
                  {}};
    if (source.identity.certificate.empty() && listens_by_tls(profile)) {
      auto own = own_identity(config);
      if (!own) {
        return own.error();
      }
      source.identity = std::move(*own);
    }
    source.stamp = stamps_of(source);
    wanted.emplace(name, std::move(source));
  }
  std::map<std::string, Loaded> fresh;
  for (const auto& [name, source] : wanted) {
    const auto known = sources_.find(name);
    if (known != sources_.end() && known->second.stamp == source.stamp &&
        same(known->second.identity, source.identity) && same(known->second.tls, source.tls)) {
      continue;
    }
    auto loaded = load(source);
    if (!loaded) {
      return loaded.error();
    }
    fresh.emplace(name, std::move(*loaded));
  }
  std::erase_if(views_, [&](const auto& view) { return !wanted.contains(view.first); });
  sources_ = std::move(wanted);
  for (auto& [name, loaded] : fresh) {
    install(name, sources_.at(name), std::move(loaded));
  }
  next_warning_ = timers_.now();
  look();
  return {};
}

void Certificates::install(const std::string& profile, const Source& source, Loaded loaded) {
  transports_.use_tls(profile, std::move(loaded.context));
  if (!loaded.view.file.empty()) {
    warn_of_open_key(source.identity.key);
  }
  views_[profile] = std::move(loaded.view);
}

void Certificates::look() {
  timers_.cancel(look_);
  look_ = timers_.after(look_interval, [this] { look(); });
  for (auto& [name, source] : sources_) {
    std::string stamp = stamps_of(source);
    if (stamp == source.stamp) {
      continue;
    }
    source.stamp = std::move(stamp);  // a bad file is told of once, and tried again when it changes
    auto loaded = load(source);
    if (!loaded) {
      log::line(Level::error, Subsystem::sip, {},
                "profile {}: the certificate's files changed and cannot be used, the one before stays: {}",
                name, loaded.error().what);
      continue;
    }
    install(name, source, std::move(*loaded));
    log::line(Level::info, Subsystem::sip, {},
              "profile {}: a new certificate is in use, {}, good until {:%Y-%m-%d}", name,
              views_[name].facts.subject, fmt::gmtime(views_[name].facts.not_after));
    next_warning_ = timers_.now();
  }
  warn_of_ends();
}

void Certificates::warn_of_ends() {
  if (timers_.now() < next_warning_) {
    return;
  }
  next_warning_ = timers_.now() + warning_interval;
  const std::int64_t now = base::wall_now() / 1'000'000;
  for (const auto& [name, view] : views_) {
    const std::int64_t left = view.facts.not_after - now;
    if (view.file.empty() || left > soon) {
      continue;
    }
    if (left <= 0) {
      log::line(Level::error, Subsystem::sip, {},
                "profile {}: the certificate {} has expired: phones refuse to connect; put a new one there",
                name, view.file.string());
    } else {
      log::line(Level::warning, Subsystem::sip, {},
                "profile {}: the certificate {} expires in {} days: put a new one there in time (it is taken "
                "into use by itself)",
                name, view.file.string(), left / one_day);
    }
  }
}

}  // namespace switchroom::main
