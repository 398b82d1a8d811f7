// Lamps: RFC 3842, to those who subscribe and to those who are merely registered.
#pragma once

#include "config/snapshot.hpp"
#include "registrar/registrar.hpp"
#include "sip/endpoint/endpoint.hpp"
#include "voicemail/mailboxes.hpp"

#include <map>
#include <set>
#include <string>
#include <string_view>

namespace switchroom::main {

/// The counts as a message-summary. Pure.
std::string message_summary(const voicemail::Counts& counts, const std::string& account);

/// Tells phones how many messages wait: each change at once, each phone as it registers, and all of them
/// after a start. Call thread.
class MessageWaiting final : private sip::EventPackage {
 public:
  MessageWaiting(base::Timers& timers, sip::Endpoint& endpoint, registrar::Registrar& registrar,
                 voicemail::Mailboxes& mailboxes);
  ~MessageWaiting() override;
  MessageWaiting(const MessageWaiting&) = delete;
  MessageWaiting& operator=(const MessageWaiting&) = delete;

  void configure(const config::SnapshotPtr& config);
  /// A mailbox has changed.
  void on_change(const std::string& mailbox);
  /// Tells everybody (again): after a start, and `pbxctl voicemail mwi`. How many phones.
  std::size_t refresh(const std::string& extension);

 private:
  [[nodiscard]] std::string_view name() const override { return "message-summary"; }
  [[nodiscard]] std::string_view content_type() const override {
    return "application/simple-message-summary";
  }
  [[nodiscard]] std::optional<std::string> resource_of(const std::string& target,
                                                       const std::string& user) const override;
  [[nodiscard]] std::string body(const std::string& extension) const override;

  using Phone = std::pair<std::string, std::string>;  // extension, contact
  struct Told {
    std::string call_id;  // of its registration: a phone that was restarted has another
    std::string body;
  };
  void on_registration(const std::string& extension, bool registered);
  void want(const Phone& phone);
  void send_some();
  bool send(const Phone& phone);

  base::Timers& timers_;
  sip::Endpoint& endpoint_;
  registrar::Registrar& registrar_;
  voicemail::Mailboxes& mailboxes_;
  config::SnapshotPtr config_;
  std::map<Phone, Told> told_;
  std::set<Phone> due_;
  std::set<Phone> in_flight_;
  base::TimerId later_ = 0;
};

}  // namespace switchroom::main
