// One trunk's life: its addresses, its registration, its pings.
#pragma once

#include "base/signal.hpp"
#include "base/task_group.hpp"
#include "config/snapshot.hpp"
#include "sip/session/in_dialog.hpp"
#include "sip/transport/resolver.hpp"
#include "sip/trunk/inquiry.hpp"
#include "sip/trunk/ping_counter.hpp"
#include "sip/trunk/register_machine.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace switchroom::sip {

/// What trunks need of the process. Not owned.
struct TrunkServices {
  asio::io_context* context = nullptr;
  Transports* transports = nullptr;
  TransactionLayer* transactions = nullptr;
  Resolver* resolver = nullptr;
  /// Told when a trunk's state changes: "up", "down", "registered", "failed", and why.
  std::function<void(const std::string& trunk, const std::string& state, const std::string& why)> on_news;
};

/// A trunk as people see it.
struct TrunkStatus {
  std::string state;                // "registered", "up", "down" …
  std::string last_failure;         // in words; empty: none since it works
  std::optional<base::Time> until;  // of its registration
  std::optional<base::Time> next_try;
  std::vector<std::string> places;  // "udp 192.0.2.1:5060", in the order that they are tried
  std::string realm;
  std::uint64_t registrations = 0, registration_failures = 0;
  std::uint64_t pings_answered = 0, pings_missed = 0;
  std::uint64_t calls_in = 0, calls_out = 0;
};

/// Call thread. stop() before it is destroyed.
class TrunkLine {
 public:
  TrunkLine(TrunkServices services, config::Trunk settings);
  TrunkLine(const TrunkLine&) = delete;
  TrunkLine& operator=(const TrunkLine&) = delete;

  [[nodiscard]] const config::Trunk& settings() const { return settings_; }
  void start();
  /// Ends what runs; with `unregister` and a registration it takes that back, for 3 s at the most.
  awaitable<void> stop(bool unregister);
  /// Registers, or pings, now and not when it is due.
  void hurry();

  /// Why no call should be sent there now; empty: it is worth a try.
  [[nodiscard]] std::string trouble() const;
  /// Where requests go, the best place first. Known addresses come at once, though they may just be looked up
  /// anew.
  awaitable<base::result<std::vector<Flow>>> ways();
  [[nodiscard]] bool calls_from(const base::IpAddress& address) const;
  [[nodiscard]] bool is_at(const base::Endpoint& endpoint) const;
  /// "sip:NUMBER@host": how it wants numbers.
  [[nodiscard]] Uri uri_of(const std::string& number) const;
  [[nodiscard]] std::string realm() const;
  [[nodiscard]] TrunkStatus status() const;
  void count_call(bool in) { ++(in ? calls_in_ : calls_out_); }

 private:
  awaitable<void> keep_registered();
  awaitable<void> register_round();
  awaitable<bool> register_at(Flow way, bool last);
  awaitable<void> keep_asking();
  awaitable<void> ask_once();
  awaitable<void> keep_looking();
  awaitable<void> look_up();
  awaitable<void> unregister();

  Message make_request(Method method, const Flow& way);
  RegisterMachine::Answer read_answer(const Inquired& inquired, Message& request,
                                      Authorizer::Attempts& attempts);
  std::optional<std::uint32_t> granted(const Message& answer, const Message& request) const;
  [[nodiscard]] Uri target() const;
  [[nodiscard]] std::optional<Flow> flow_to(const Destination& place) const;
  [[nodiscard]] std::vector<Flow> flows() const;
  void tell(const std::string& state, const std::string& why);
  void on_registration(bool was_bound);

  TrunkServices services_;
  config::Trunk settings_;
  RegisterMachine registration_;
  PingCounter pings_;
  std::vector<Destination> places_;
  std::vector<base::IpAddress> former_;       // addresses of the look-up before
  std::map<std::string, base::Time> silent_;  // places, by their text, that failed, until when they come last
  std::string look_up_failure_;
  base::Time places_until_{};  // when DNS says that they are old
  bool numeric_ = false;
  std::string learned_realm_;
  std::string ping_failure_;
  std::string told_;  // the last news
  std::string call_id_;
  std::uint32_t cseq_ = 0;
  std::optional<Flow> registered_at_;
  std::uint64_t registrations_ = 0, registration_failures_ = 0;
  std::uint64_t calls_in_ = 0, calls_out_ = 0;
  base::Signal register_now_;
  base::Signal ask_now_;
  base::TaskGroup tasks_;  // last: empty before the rest goes
};

}  // namespace switchroom::sip
