// SUBSCRIBE in, NOTIFY out: event packages over the transaction layer. RFC 6665.
#pragma once

#include "base/timers.hpp"
#include "sip/dialog/dialog.hpp"
#include "sip/subscriptions/subscription.hpp"
#include "sip/transaction/layer.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace switchroom::sip {

/// What can be subscribed to: "message-summary", later "dialog", "presence". Call thread.
class EventPackage {
 public:
  virtual ~EventPackage() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;
  [[nodiscard]] virtual std::string_view content_type() const = 0;
  [[nodiscard]] virtual std::uint32_t default_expires() const { return 3600; }
  /// What a SUBSCRIBE to `target` by `user` (empty: nobody signed in) watches; nullopt: it may not, or there
  /// is no such thing.
  [[nodiscard]] virtual std::optional<std::string> resource_of(const std::string& target,
                                                               const std::string& user) const = 0;
  [[nodiscard]] virtual std::string body(const std::string& resource) const = 0;
};

/// A NOTIFY outside of any subscription, to a phone that is registered.
struct UnsolicitedNotify {
  Uri target;  // its Contact
  Flow to;
  std::vector<Address> route;  // of the proxies in front of it
  Uri from;                    // also To: the phone's own address of record
  std::string event;
  std::string content_type;
  std::string body;
};

/// All subscriptions. Call thread.
class Notifier final : private ClientUser {
 public:
  Notifier(base::Timers& timers, TransactionLayer& transactions);
  ~Notifier() override;
  Notifier(const Notifier&) = delete;
  Notifier& operator=(const Notifier&) = delete;

  void add(EventPackage& package);  // not owned; outlives this
  void set_user_agent(std::string name) { user_agent_ = std::move(name); }
  /// "message-summary, dialog", for Allow-Events.
  [[nodiscard]] std::string package_names() const;

  /// A SUBSCRIBE outside of any dialog that was admitted; answers it.
  void on_subscribe(TransactionId id, const Message& request, const Flow& from, const std::string& user);
  /// One inside a dialog; false: it is none of ours.
  bool on_refresh(TransactionId id, const Message& request, const Flow& from);

  /// What a package tells of a resource has changed: all who watch it hear so.
  void changed(std::string_view package, const std::string& resource);
  /// Is somebody at this place subscribed to it already?
  [[nodiscard]] bool watches(std::string_view package, const std::string& resource,
                             const base::Endpoint& place) const;
  /// `done` gets the final status, 408 when there was none.
  void send(const UnsolicitedNotify& notify, std::function<void(int status)> done);
  [[nodiscard]] std::size_t size() const { return watchers_.size(); }

 private:
  struct Watcher {
    Watcher(Subscription::Limits limits, EventPackage& of) : subscription(limits), package(&of) {}
    Subscription subscription;
    EventPackage* package;  // not owned
    std::string resource;
    std::string event_id;  // the id parameter of Event, as it came
    std::string user;
    Dialog dialog;
    Flow flow;
    base::TimerId timer = 0;
  };
  using WatcherPtr = std::unique_ptr<Watcher>;

  void on_response(TransactionId id, const Message& response) override;
  void on_failure(TransactionId id, Failure failure) override;
  void settle(TransactionId id, int status);

  void refuse(TransactionId id, const Message& request, int status, std::string_view reason = {});
  void act(const std::string& key, const SubscriptionStep& step);
  void answer(TransactionId id, const Message& request, const Watcher& watcher, const SubscriptionStep& step);
  void send_notify(const std::string& key, Watcher& watcher);
  void arm(const std::string& key, Watcher& watcher);
  void forget(const std::string& key);
  [[nodiscard]] Address contact(const Flow& flow) const;
  EventPackage* package_of(const Message& request, std::string& id) const;

  base::Timers& timers_;
  TransactionLayer& transactions_;
  std::string user_agent_ = "Switchroom";
  std::vector<EventPackage*> packages_;                       // not owned
  std::unordered_map<std::string, WatcherPtr> watchers_;      // by Call-ID and our tag
  std::unordered_map<TransactionId, std::string> in_flight_;  // NOTIFY to the watcher's key
  std::unordered_map<TransactionId, std::function<void(int)>> unsolicited_;
};

}  // namespace switchroom::sip
