// What happens, told to whoever wants to know: pbxctl, records, alerts, sockets.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace switchroom::call {

/// "conference.join" and what belongs to it, in order: {"room", "3001"}, {"member", "2"}.
struct Event {
  std::uint64_t number = 0;  // of this process, from 1 on
  std::int64_t when_us = 0;  // since 1970, UTC
  std::string name;
  std::vector<std::pair<std::string, std::string>> fields;

  /// The value of a field, or empty.
  [[nodiscard]] const std::string& field(std::string_view key) const;
};

/// Call thread. Whoever publishes knows nothing of who listens.
class Events {
 public:
  using Listener = std::function<void(const Event& event)>;

  /// Listens for as long as it lives. Not from inside a listener.
  class Subscription {
   public:
    Subscription() = default;
    Subscription(Events& events, std::uint64_t id) : events_(&events), id_(id) {}
    Subscription(Subscription&& other) noexcept
        : events_(std::exchange(other.events_, nullptr)), id_(other.id_) {}
    Subscription& operator=(Subscription&& other) noexcept;
    Subscription(const Subscription&) = delete;
    Subscription& operator=(const Subscription&) = delete;
    ~Subscription() { end(); }

   private:
    void end();

    Events* events_ = nullptr;  // not owned; outlives its subscriptions
    std::uint64_t id_ = 0;
  };

  void publish(std::string name, std::vector<std::pair<std::string, std::string>> fields);
  /// A listener must not throw, and is called in the turn that publishes.
  [[nodiscard]] Subscription subscribe(Listener listener);
  /// The latest (at most 1000), oldest first.
  [[nodiscard]] const std::deque<Event>& latest() const { return latest_; }

 private:
  std::uint64_t last_number_ = 0;
  std::uint64_t last_listener_ = 0;
  std::map<std::uint64_t, Listener> listeners_;
  std::deque<Event> latest_;
};

}  // namespace switchroom::call
