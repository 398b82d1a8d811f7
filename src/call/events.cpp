#include "call/events.hpp"

#include "base/clock.hpp"

#include <algorithm>

namespace switchroom::call {
namespace {

constexpr std::size_t kept = 1000;

}  // namespace

const std::string& Event::field(std::string_view key) const {
  static const std::string none;
  const auto found =
      std::find_if(fields.begin(), fields.end(), [&](const auto& one) { return one.first == key; });
  return found == fields.end() ? none : found->second;
}

Events::Subscription& Events::Subscription::operator=(Subscription&& other) noexcept {
  if (this != &other) {
    end();
    events_ = std::exchange(other.events_, nullptr);
    id_ = other.id_;
  }
  return *this;
}

void Events::Subscription::end() {
  if (events_ != nullptr) {
    events_->listeners_.erase(id_);
    events_ = nullptr;
  }
}

void Events::publish(std::string name, std::vector<std::pair<std::string, std::string>> fields) {
  latest_.push_back({++last_number_, base::wall_now(), std::move(name), std::move(fields)});
  if (latest_.size() > kept) {
    latest_.pop_front();
  }
  // A copy, since a listener may publish in its turn.
  const Event event = latest_.back();
  for (const auto& [id, listener] : listeners_) {
    listener(event);
  }
}

Events::Subscription Events::subscribe(Listener listener) {
  listeners_.emplace(++last_listener_, std::move(listener));
  return {*this, last_listener_};
}

}  // namespace switchroom::call
