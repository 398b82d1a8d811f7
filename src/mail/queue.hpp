// Mail that waits, on disk. The mail thread's alone.
#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "mail/smtp_dialogue.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

namespace switchroom::mail {

/// One that waits. The mail itself is on the disk only.
struct Waiting {
  std::string id;
  std::string to;
  std::string subject;
  std::string tag;
  base::WallMicros created = 0;
  base::WallMicros next_try = 0;
  std::uint32_t attempts = 0;
  std::string words;     // of the last try
  bool refused = false;  // for good: only a person sets it going again
};

/// A file for each mail, written whole and renamed into place, so that kill -9 at any instant leaves it there
/// or not there; it goes when the server has taken the mail. What a try came to stands in a file beside it.
class Queue {
 public:
  static base::result<Queue> open(const std::filesystem::path& folder);

  /// The same id again is the same mail: nothing is doubled.
  base::result<void> put(const Waiting& mail, const std::string& message);
  base::result<std::string> message(const std::string& id) const;
  void note(const Waiting& mail);
  void remove(const std::string& id);
  [[nodiscard]] const std::map<std::string, Waiting>& all() const { return waiting_; }
  [[nodiscard]] const Waiting* find(const std::string& id) const;

 private:
  [[nodiscard]] std::filesystem::path mail_file(const std::string& id) const {
    return folder_ / (id + ".mail");
  }
  [[nodiscard]] std::filesystem::path state_file(const std::string& id) const {
    return folder_ / (id + ".state");
  }
  void load();

  std::filesystem::path folder_;
  std::map<std::string, Waiting> waiting_;
};

}  // namespace switchroom::mail
