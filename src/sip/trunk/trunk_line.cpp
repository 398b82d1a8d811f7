#include "sip/trunk/trunk_line.hpp"

#include "base/log.hpp"
#include "base/random.hpp"
#include "base/within.hpp"
#include "guard/access.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <tuple>
#include <utility>

namespace switchroom::sip {
namespace {

using log::Level;
using log::Subsystem;
using namespace std::chrono_literals;

constexpr auto shortest_ttl = 10s;    // DNS is not asked more often than that
constexpr auto longest_ttl = 1h;      // and at least so often
constexpr auto failed_look_up = 15s;  // until DNS is asked again
constexpr auto goodbye_limit = 3s;

double unit_random() { return static_cast<double>(base::random_below(10'000)) / 10'000.0; }

RegisterMachine::Settings machine_settings(const config::Trunk& trunk) {
  return {trunk.expires, trunk.retry_min, trunk.retry_max, unit_random};
}

/// "proxy.example:5070", "[2001:db8::1]" to name and port.
std::pair<std::string, std::uint16_t> split_host(const std::string& text) {
  const auto bracket = text.find(']');
  const auto colon = text.rfind(':');
  const bool has_port = colon != std::string::npos && (bracket == std::string::npos || bracket < colon);
  std::string host = has_port ? text.substr(0, colon) : text;
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  }
  return {host, has_port ? static_cast<std::uint16_t>(std::stoul(text.substr(colon + 1))) : std::uint16_t{0}};
}

}  // namespace

TrunkLine::TrunkLine(TrunkServices services, config::Trunk settings)
    : services_(std::move(services)),
      settings_(std::move(settings)),
      registration_(machine_settings(settings_)),
      pings_(settings_.ping_max, settings_.ping_min),
      call_id_(base::random_uuid()),
      register_now_(services_.context->get_executor()),
      ask_now_(services_.context->get_executor()),
      tasks_(services_.context->get_executor(), [name = settings_.name](const std::string& what) {
        log::line(Level::error, Subsystem::sip, {}, "trunk {}: an internal task failed: {}", name, what);
      }) {}

void TrunkLine::start() {
  if (const auto numeric = numeric_destination(target())) {
    numeric_ = true;
    places_ = {*numeric};
  } else {
    tasks_.spawn(keep_looking());
  }
  if (*settings_.registers) {
    tasks_.spawn(keep_registered());
  }
  if (settings_.ping.count() != 0) {
    tasks_.spawn(keep_asking());
  }
}

awaitable<void> TrunkLine::stop(bool unregister_too) {
  tasks_.cancel();
  co_await tasks_.join();
  if (unregister_too && *settings_.registers && registered_at_ &&
      registration_.is_bound(base::Clock::now())) {
    (void)co_await base::within(goodbye_limit, unregister());
  }
}

void TrunkLine::hurry() {
  register_now_.notify();
  ask_now_.notify();
}

// -- addresses -------------------------------------------------------------------------------------

Uri TrunkLine::uri_of(const std::string& number) const {
  Uri uri;
  uri.user = number;
  uri.host = settings_.host;
  uri.port = settings_.port;
  return uri;
}

/// Where the next hop is looked for.
Uri TrunkLine::target() const {
  Uri uri = uri_of({});
  if (!settings_.proxy.empty()) {
    std::tie(uri.host, uri.port) = split_host(settings_.proxy);
  }
  if (!settings_.transport.empty()) {
    uri.parameters.set("transport", settings_.transport);
  }
  return uri;
}

awaitable<void> TrunkLine::keep_looking() {
  for (;;) {
    co_await look_up();
    base::Signal never(co_await asio::this_coro::executor);
    (void)co_await never.wait_until(places_until_);
  }
}

awaitable<void> TrunkLine::look_up() {
  auto found = co_await services_.resolver->locate(target());
  const base::Time now = base::Clock::now();
  if (!found) {
    if (look_up_failure_.empty()) {
      log::line(Level::warning, Subsystem::sip, {}, "trunk {}: its address cannot be found: {}{}",
                settings_.name, found.error().what,
                places_.empty() ? "" : "; it goes on with the one that it had");
    }
    look_up_failure_ = found.error().what;
    places_until_ = now + failed_look_up;
    co_return;
  }
  look_up_failure_.clear();
  places_until_ = now + std::clamp<base::Duration>(found->good_for, shortest_ttl, longest_ttl);
  const auto is_new = [&](const Destination& place) {
    return std::none_of(places_.begin(), places_.end(),
                        [&](const Destination& old) { return old.endpoint == place.endpoint; });
  };
  const bool changed = std::any_of(found->places.begin(), found->places.end(), is_new);
  if (changed) {
    if (!places_.empty()) {
      log::line(Level::info, Subsystem::sip, {}, "trunk {}: DNS names {} now", settings_.name,
                base::text(found->places.front().endpoint));
    }
    former_.clear();
    for (const auto& old : places_) {
      former_.push_back(old.endpoint.address);
    }
  }
  places_ = std::move(found->places);
  // Registered at a place that is no longer one of them, the carrier's calls would go nowhere.
  if (registered_at_ && !is_at(registered_at_->remote)) {
    register_now_.notify();
  }
}

std::optional<Flow> TrunkLine::flow_to(const Destination& place) const {
  const auto* listener =
      services_.transports->listener_of(settings_.profile, place.kind, place.endpoint.address.is_v6());
  if (listener == nullptr) {
    return std::nullopt;
  }
  if (place.kind == TransportKind::tls) {
    services_.transports->expect_at(place.endpoint, {target().host, settings_.tls_verify});
  }
  return Flow{place.kind, listener->id, place.endpoint, 0};
}

/// In the order of DNS, those that failed lately last.
std::vector<Flow> TrunkLine::flows() const {
  const base::Time now = base::Clock::now();
  std::vector<Flow> good;
  std::vector<Flow> others;
  for (const auto& place : places_) {
    if (const auto flow = flow_to(place)) {
      const auto silent = silent_.find(base::text(place.endpoint));
      (silent != silent_.end() && now < silent->second ? others : good).push_back(*flow);
    }
  }
  good.insert(good.end(), others.begin(), others.end());
  return good;
}

awaitable<base::result<std::vector<Flow>>> TrunkLine::ways() {
  if (places_.empty()) {
    co_await look_up();
  }
  if (places_.empty()) {
    co_return base::Error{look_up_failure_};
  }
  auto found = flows();
  if (found.empty()) {
    co_return base::Error{fmt::format("profile {} has no listener that reaches {}", settings_.profile,
                                      text(Flow{places_.front().kind, 0, places_.front().endpoint, 0}))};
  }
  co_return found;
}

bool TrunkLine::calls_from(const base::IpAddress& address) const {
  const auto plain = base::unmapped(address);
  return std::any_of(
             places_.begin(), places_.end(),
             [&](const Destination& place) { return base::unmapped(place.endpoint.address) == plain; }) ||
         std::find(former_.begin(), former_.end(), plain) != former_.end() ||
         std::any_of(settings_.addresses.begin(), settings_.addresses.end(),
                     [&](const config::Network& network) { return guard::contains(network, plain); });
}

bool TrunkLine::is_at(const base::Endpoint& endpoint) const {
  return std::any_of(places_.begin(), places_.end(),
                     [&](const Destination& place) { return place.endpoint == endpoint; });
}

// -- for people ------------------------------------------------------------------------------------

void TrunkLine::tell(const std::string& state, const std::string& why) {
  if (std::exchange(told_, state) != state && services_.on_news) {
    services_.on_news(settings_.name, state, why);
  }
}

std::string TrunkLine::trouble() const {
  if (!pings_.up()) {
    return "it is down: " + ping_failure_;
  }
  if (*settings_.registers && registration_.state() == RegisterMachine::State::failed &&
      !registration_.is_bound(base::Clock::now())) {
    return "it is not registered: " + registration_.last_failure();
  }
  return places_.empty() && !look_up_failure_.empty() ? "its address cannot be found: " + look_up_failure_
                                                      : "";
}

TrunkStatus TrunkLine::status() const {
  const base::Time now = base::Clock::now();
  TrunkStatus status;
  using State = RegisterMachine::State;
  const State state = registration_.state();
  status.last_failure = !ping_failure_.empty()                  ? ping_failure_
                        : !registration_.last_failure().empty() ? registration_.last_failure()
                                                                : look_up_failure_;
  if (!pings_.up()) {
    status.state = "down";
  } else if (*settings_.registers) {
    status.state = registration_.is_bound(now) ? "registered"
                   : state == State::failed    ? "failed"
                                               : "registering";
  } else {
    status.state = places_.empty() ? "looking up" : settings_.ping.count() == 0 ? "unwatched" : "up";
  }
  if (*settings_.registers) {
    if (registration_.is_bound(now)) {
      status.until = registration_.bound_until();
    }
    status.next_try = registration_.next();
  }
  for (const auto& flow : flows()) {
    status.places.push_back(text(flow));
  }
  status.realm = realm();
  status.registrations = registrations_;
  status.registration_failures = registration_failures_;
  status.pings_answered = pings_.answered();
  status.pings_missed = pings_.missed();
  status.calls_in = calls_in_;
  status.calls_out = calls_out_;
  return status;
}

}  // namespace switchroom::sip
