// The certificates that the configuration names, kept in step with their files.
#pragma once

#include "base/result.hpp"
#include "base/timers.hpp"
#include "config/snapshot.hpp"
#include "main/privileges.hpp"
#include "sip/transport/tls_certificate.hpp"
#include "sip/transport/transport.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

namespace switchroom::main {

/// Call thread. Looks at the files every ten seconds: a renewed certificate is for whoever connects from then
/// on, without a reload; connections that are up keep the old one.
class Certificates {
 public:
  /// `believed`: certificates (PEM) of public authorities, for machines that have none of their own.
  /// `kept`: files as they were when the process could still read them; used as long as it cannot.
  Certificates(base::Timers& timers, sip::Transports& transports, std::string_view believed, KeptFiles kept)
      : timers_(timers), transports_(transports), believed_(believed), kept_(std::move(kept)) {}
  ~Certificates() { timers_.cancel(look_); }
  Certificates(const Certificates&) = delete;
  Certificates& operator=(const Certificates&) = delete;

  /// Before the listeners. Where a tls: listener has no certificate one is made under data_dir. The error
  /// names the file; nothing has changed then.
  base::result<void> configure(const config::Snapshot& config);

  struct View {
    std::filesystem::path file;  // empty: this profile has none, and connects only
    sip::CertificateFacts facts;
  };
  [[nodiscard]] const std::map<std::string, View>& by_profile() const { return views_; }

 private:
  /// Where a profile's come from, and how the files looked when they were read.
  struct Source {
    config::Identity identity;
    config::Tls tls;
    std::string stamp;
  };
  struct Loaded {
    std::shared_ptr<sip::TlsContext> context;  // shared: see there
    View view;
  };
  [[nodiscard]] base::result<Loaded> load(const Source& source) const;
  [[nodiscard]] base::result<std::string> read(const std::filesystem::path& file, const char* key) const;
  [[nodiscard]] std::string stamps_of(const Source& source) const;
  void install(const std::string& profile, const Source& source, Loaded loaded);
  void look();
  void warn_of_ends();

  base::Timers& timers_;
  sip::Transports& transports_;
  std::string_view believed_;
  KeptFiles kept_;
  std::map<std::string, Source> sources_;  // by profile
  std::map<std::string, View> views_;
  base::TimerId look_ = 0;
  base::Time next_warning_{};
};

}  // namespace switchroom::main
