// [mail]: how mail leaves.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace switchroom::config {

struct Mail {
  std::string server;            // empty: no mail by SMTP
  std::uint16_t port = 0;        // 0: 587, 465 for tls, 25 for none
  std::string tls = "starttls";  // "starttls", "tls", "none"
  std::string username;
  std::string password;
  std::string from;
  std::string helo;                   // empty: the domain of [pbx]
  std::string server_name;            // in its certificate; empty: `server`
  std::filesystem::path ca_file;      // empty: the system's, or the one inside the executable
  std::vector<std::string> sendmail;  // instead of a server: a program and its arguments
  std::chrono::seconds step_timeout{60};
  std::chrono::seconds retry{60};  // first pause
  std::chrono::seconds max_retry{4 * 3600};
  std::chrono::seconds give_up{5L * 86400};

  [[nodiscard]] bool enabled() const { return !server.empty() || !sendmail.empty(); }
};

}  // namespace switchroom::config
