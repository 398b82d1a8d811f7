#include "sip/subscriptions/notifier.hpp"

#include "base/log.hpp"
#include "base/random.hpp"

#include <algorithm>
#include <utility>

namespace switchroom::sip {
namespace {

using log::Level;
using log::Subsystem;

constexpr std::size_t most_watchers = 50'000;
constexpr std::size_t most_of_one_user = 50;

std::string key_of(std::string_view call_id, std::string_view our_tag) {
  return std::string(call_id) + "\n" + std::string(our_tag);
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// "message-summary;id=7": the package and the id.
std::pair<std::string, std::string> read_event(std::string_view value) {
  const auto end = std::min(value.find(';'), value.size());
  std::string id;
  std::string_view rest = value.substr(end);
  while (!rest.empty()) {
    rest.remove_prefix(1);
    const auto next = std::min(rest.find(';'), rest.size());
    const auto one = trimmed(rest.substr(0, next));
    if (one.starts_with("id=")) {
      id = one.substr(3);
    }
    rest.remove_prefix(next);
  }
  return {std::string(trimmed(value.substr(0, end))), id};
}

bool accepts(const Message& request, std::string_view type) {
  bool any = false;
  for (const auto& header : request.headers) {
    if (header.name == "Accept") {
      any = true;
      const std::string_view value = header.value;
      if (value.find(type) != std::string_view::npos || value.find("*/*") != std::string_view::npos ||
          value.find("application/*") != std::string_view::npos) {
        return true;
      }
    }
  }
  return !any;
}

}  // namespace

Notifier::Notifier(base::Timers& timers, TransactionLayer& transactions)
    : timers_(timers), transactions_(transactions) {}

Notifier::~Notifier() {
  for (const auto& [id, key] : in_flight_) transactions_.abandon(id);
  for (const auto& [id, done] : unsolicited_) transactions_.abandon(id);
  for (const auto& [key, watcher] : watchers_) timers_.cancel(watcher->timer);
}

void Notifier::add(EventPackage& package) { packages_.push_back(&package); }

std::string Notifier::package_names() const {
  std::string names;
  for (const auto* package : packages_) names += (names.empty() ? "" : ", ") + std::string(package->name());
  return names;
}

EventPackage* Notifier::package_of(const Message& request, std::string& id) const {
  const auto* value = request.header("Event");
  if (value == nullptr) return nullptr;
  auto [name, event_id] = read_event(*value);
  id = std::move(event_id);
  const auto found = std::find_if(packages_.begin(), packages_.end(),
                                  [&](const EventPackage* package) { return package->name() == name; });
  return found == packages_.end() ? nullptr : *found;
}

Address Notifier::contact(const Flow& flow) const {
  const base::Endpoint here = transactions_.advertised_for(flow);
  Address address;
  address.uri.host = here.address.to_string();
  address.uri.port = here.port;
  if (is_reliable(flow.kind)) {
    address.uri.parameters.set("transport", flow.kind == TransportKind::tls ? "tls" : "tcp");
  }
  return address;
}

void Notifier::refuse(TransactionId id, const Message& request, int status, std::string_view reason) {
  Message response = make_response(request, status, reason, base::random_token(8));
  if (status == 489) response.add_header("Allow-Events", package_names());
  transactions_.respond(id, response);
}

// -- SUBSCRIBE ---------------------------------------------------------------------------------------

void Notifier::on_subscribe(TransactionId id, const Message& request, const Flow& from,
                            const std::string& user) {
  std::string event_id;
  EventPackage* package = package_of(request, event_id);
  if (package == nullptr) {
    refuse(id, request, request.header("Event") == nullptr ? 400 : 489,
           request.header("Event") == nullptr ? "Event is missing" : "");
    return;
  }
  if (!accepts(request, package->content_type())) {
    refuse(id, request, 406);
    return;
  }
  if (request.contact.empty()) {
    refuse(id, request, 400, "Contact is missing");
    return;
  }
  const auto resource = package->resource_of(request.request_uri.user, user);
  if (!resource) {
    refuse(id, request, 403);
    return;
  }
  const auto own = std::count_if(watchers_.begin(), watchers_.end(),
                                 [&](const auto& one) { return one.second->user == user; });
  if (watchers_.size() >= most_watchers || static_cast<std::size_t>(own) >= most_of_one_user) {
    refuse(id, request, 503, "Too many subscriptions");
    return;
  }
  auto watcher = std::make_unique<Watcher>(Subscription::Limits{}, *package);
  watcher->resource = *resource;
  watcher->event_id = std::move(event_id);
  watcher->user = user;
  watcher->dialog = Dialog::as_server(request, base::random_token(16), from);
  watcher->flow = from;
  const std::string key = key_of(request.call_id, watcher->dialog.id().local_tag);
  const auto step =
      watcher->subscription.on_subscribe(request.expires.value_or(package->default_expires()), timers_.now());
  answer(id, request, *watcher, step);
  if (step.status >= 300) return;
  watchers_.emplace(key, std::move(watcher));
  act(key, step);
}

bool Notifier::on_refresh(TransactionId id, const Message& request, const Flow& from) {
  const std::string key = key_of(request.call_id, request.to.tag());
  const auto found = watchers_.find(key);
  if (found == watchers_.end() || request.method != Method::subscribe) return false;
  Watcher& watcher = *found->second;
  if (request.from.tag() != watcher.dialog.id().remote_tag) return false;
  // A refresh is not challenged: it counts from where the phone signed in. One that has moved is told 481,
  // and subscribes anew, with its password.
  if (base::unmapped(from.remote.address) != base::unmapped(watcher.flow.remote.address)) return false;
  if (!watcher.dialog.accept_sequence(request)) {
    refuse(id, request, 500, "CSeq out of order");
    return true;
  }
  std::string event_id;
  if (package_of(request, event_id) != watcher.package || event_id != watcher.event_id) {
    refuse(id, request, 489);
    return true;
  }
  watcher.dialog.refresh_target(request);
  watcher.dialog.heard_by(from);
  watcher.flow = from;
  const auto step = watcher.subscription.on_subscribe(
      request.expires.value_or(watcher.package->default_expires()), timers_.now());
  answer(id, request, watcher, step);
  act(key, step);
  return true;
}

void Notifier::answer(TransactionId id, const Message& request, const Watcher& watcher,
                      const SubscriptionStep& step) {
  Message response = make_response(request, step.status, {}, watcher.dialog.id().local_tag);
  if (step.status == 200) {
    response.expires = step.expires;
    response.contact = {contact(watcher.flow)};
  }
  if (step.min_expires != 0) response.min_expires = step.min_expires;
  response.add_header("Server", user_agent_);
  transactions_.respond(id, response);
}

void Notifier::act(const std::string& key, const SubscriptionStep& step) {
  const auto found = watchers_.find(key);
  if (found == watchers_.end()) return;
  if (step.notify) send_notify(key, *found->second);
  if (step.over) {
    forget(key);
  } else {
    arm(key, *found->second);
  }
}

void Notifier::arm(const std::string& key, Watcher& watcher) {
  timers_.cancel(watcher.timer);
  watcher.timer = timers_.at(watcher.subscription.deadline(), [this, key] {
    const auto found = watchers_.find(key);
    if (found == watchers_.end()) return;
    found->second->timer = 0;
    act(key, found->second->subscription.on_timer(timers_.now()));
  });
}

void Notifier::forget(const std::string& key) {
  const auto found = watchers_.find(key);
  timers_.cancel(found->second->timer);
  watchers_.erase(found);
}

// -- NOTIFY ------------------------------------------------------------------------------------------

void Notifier::send_notify(const std::string& key, Watcher& watcher) {
  Message notify = watcher.dialog.make_request(Method::notify);
  notify.contact = {contact(watcher.flow)};
  std::string event(watcher.package->name());
  if (!watcher.event_id.empty()) event += ";id=" + watcher.event_id;
  notify.add_header("Event", event);
  notify.add_header("Subscription-State", watcher.subscription.state_header(timers_.now()));
  notify.add_header("User-Agent", user_agent_);
  notify.content_type = watcher.package->content_type();
  notify.body = watcher.package->body(watcher.resource);
  const TransactionId id = transactions_.request(std::move(notify), watcher.dialog.next_hop(), this);
  in_flight_.emplace(id, key);
}

void Notifier::changed(std::string_view package, const std::string& resource) {
  std::vector<std::string> keys;
  for (const auto& [key, watcher] : watchers_) {
    if (watcher->resource == resource && watcher->package->name() == package) keys.push_back(key);
  }
  for (const auto& key : keys) {
    if (const auto found = watchers_.find(key); found != watchers_.end()) {
      act(key, found->second->subscription.on_change());
    }
  }
}

bool Notifier::watches(std::string_view package, const std::string& resource,
                       const base::Endpoint& place) const {
  return std::any_of(watchers_.begin(), watchers_.end(), [&](const auto& one) {
    const Watcher& watcher = *one.second;
    return watcher.resource == resource && watcher.package->name() == package && watcher.flow.remote == place;
  });
}

void Notifier::send(const UnsolicitedNotify& what, std::function<void(int)> done) {
  Message notify;
  notify.is_request = true;
  notify.method = Method::notify;
  notify.method_token = "NOTIFY";
  notify.request_uri = what.target;
  notify.from.uri = what.from;
  notify.from.parameters.set("tag", base::random_token(16));
  notify.to.uri = what.from;
  notify.call_id = base::random_uuid();
  notify.cseq = {1, Method::notify, "NOTIFY"};
  notify.max_forwards = 70;
  notify.route = what.route;
  notify.contact = {contact(what.to)};
  notify.add_header("Event", what.event);
  notify.add_header("Subscription-State", "active");  // phones take one that says "terminated" for an end
  notify.add_header("User-Agent", user_agent_);
  notify.content_type = what.content_type;
  notify.body = what.body;
  const TransactionId id = transactions_.request(std::move(notify), what.to, this);
  unsolicited_.emplace(id, std::move(done));
}

void Notifier::on_response(TransactionId id, const Message& response) {
  if (response.status >= 200) settle(id, response.status);
}

void Notifier::on_failure(TransactionId id, Failure /*failure*/) { settle(id, 408); }

void Notifier::settle(TransactionId id, int status) {
  if (const auto found = unsolicited_.find(id); found != unsolicited_.end()) {
    const auto done = std::move(found->second);
    unsolicited_.erase(found);
    if (done) done(status);
    return;
  }
  const auto found = in_flight_.find(id);
  if (found == in_flight_.end()) return;
  const std::string key = std::move(found->second);
  in_flight_.erase(found);
  const auto watcher = watchers_.find(key);
  if (watcher == watchers_.end()) return;
  const auto step = watcher->second->subscription.on_notify_answer(status);
  if (step.over) {
    log::line(Level::info, Subsystem::sip, {},
              "the subscription of {} to {} of {} is over: its phone answered {}", watcher->second->user,
              watcher->second->package->name(), watcher->second->resource, status);
  }
  act(key, step);
}

}  // namespace switchroom::sip
