#include "main/message_waiting.hpp"

#include "base/log.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace switchroom::main {
namespace {

constexpr std::size_t most_in_flight = 50;  // thousands of phones after a start: not all at once

/// The way to a phone: that of its REGISTER.
std::optional<sip::Flow> flow_to(const registrar::Binding& binding, const sip::Uri& contact,
                                 const std::vector<sip::Address>& route, const sip::Transports& transports) {
  sip::Flow flow;
  flow.kind = sip::transport_named(binding.transport);
  flow.remote = binding.source;
  flow.connection = binding.connection;
  flow.local = binding.local.address;
  if (flow.kind == sip::TransportKind::tcp && binding.connection == 0) {
    flow.remote = sip::reconnect_to(contact, route, binding.source);
  }
  if (sip::is_secure(flow.kind) && binding.connection == 0) {
    return std::nullopt;  // it is told when it registers again
  }
  const auto* listener = transports.listener_at(binding.profile, flow.kind, binding.local);
  if (listener == nullptr) {
    listener = transports.listener_of(binding.profile, flow.kind, binding.source.address.is_v6());
  }
  if (listener == nullptr) {
    return std::nullopt;
  }
  flow.listener = listener->id;
  return flow;
}

}  // namespace

std::string message_summary(const voicemail::Counts& counts, const std::string& account) {
  return fmt::format("Messages-Waiting: {}\r\nMessage-Account: {}\r\nVoice-Message: {}/{} ({}/{})\r\n",
                     counts.fresh != 0 ? "yes" : "no", account, counts.fresh, counts.saved,
                     counts.fresh_urgent, counts.saved_urgent);
}

MessageWaiting::MessageWaiting(base::Timers& timers, sip::Endpoint& endpoint, registrar::Registrar& registrar,
                               voicemail::Mailboxes& mailboxes)
    : timers_(timers), endpoint_(endpoint), registrar_(registrar), mailboxes_(mailboxes) {
  endpoint_.notifier().add(*this);
  registrar_.on_change(
      [this](const std::string& extension, bool registered) { on_registration(extension, registered); });
}

MessageWaiting::~MessageWaiting() { timers_.cancel(later_); }

void MessageWaiting::configure(const config::SnapshotPtr& config) {
  config_ = config;
  (void)refresh({});
}

std::optional<std::string> MessageWaiting::resource_of(const std::string& target,
                                                       const std::string& user) const {
  if (!config_->extensions.contains(user)) {
    return std::nullopt;
  }
  // A phone that asks for its own number, for the number of voicemail or for none means its own lamp.
  const std::string mailbox = config::mailbox_named(config_->voicemail, target);
  if (target == user || mailbox.empty()) {
    return config_->extensions.contains(target) && target != user ? std::nullopt : std::optional(user);
  }
  const auto own = config::mailboxes_of(config_->voicemail, user);
  return std::find(own.begin(), own.end(), mailbox) == own.end() ? std::nullopt
                                                                 : std::optional("=" + mailbox);
}

std::string MessageWaiting::body(const std::string& resource) const {
  voicemail::Counts sum;
  std::string account = resource;
  std::vector<std::string> boxes;
  if (resource.starts_with('=')) {  // one mailbox alone
    account = resource.substr(1);
    boxes = {account};
  } else {
    boxes = config::mailboxes_of(config_->voicemail, resource);
  }
  for (const auto& box : boxes) {
    const auto counts = mailboxes_.counts(box);
    sum.fresh += counts.fresh;
    sum.fresh_urgent += counts.fresh_urgent;
    sum.saved += counts.saved;
    sum.saved_urgent += counts.saved_urgent;
  }
  return message_summary(sum, fmt::format("sip:{}@{}", account, config_->pbx.domain));
}

void MessageWaiting::on_change(const std::string& mailbox) {
  endpoint_.notifier().changed(name(), "=" + mailbox);
  std::set<std::string> extensions;
  if (config_->extensions.contains(mailbox)) {
    extensions.insert(mailbox);
  }
  if (const auto box = config_->voicemail.mailboxes.find(mailbox);
      box != config_->voicemail.mailboxes.end()) {
    extensions.insert(box->second.members.begin(), box->second.members.end());
  }
  for (const auto& extension : extensions) {
    endpoint_.notifier().changed(name(), extension);
    for (const auto& binding : registrar_.find(extension)) {
      want({extension, binding.contact});
    }
  }
  send_some();
}

void MessageWaiting::on_registration(const std::string& extension, bool registered) {
  if (!registered) {
    std::erase_if(told_, [&](const auto& one) { return one.first.first == extension; });
    return;
  }
  if (!config_ || config::mailboxes_of(config_->voicemail, extension).empty()) {
    return;
  }
  const std::string now = body(extension);
  for (const auto& binding : registrar_.find(extension)) {
    const auto told = told_.find({extension, binding.contact});
    if (told == told_.end() || told->second.call_id != binding.call_id || told->second.body != now) {
      want({extension, binding.contact});
    }
  }
  // By another turn: the phone's REGISTER is answered first.
  timers_.cancel(later_);
  later_ = timers_.after(base::Duration(std::chrono::milliseconds(20)), [this] { send_some(); });
}

std::size_t MessageWaiting::refresh(const std::string& extension) {
  std::size_t count = 0;
  for (const auto& binding : registrar_.all()) {
    if ((extension.empty() || binding.extension == extension) &&
        !config::mailboxes_of(config_->voicemail, binding.extension).empty()) {
      want({binding.extension, binding.contact});
      ++count;
    }
  }
  send_some();
  return count;
}

void MessageWaiting::want(const Phone& phone) {
  if (config_->voicemail.mwi) {
    due_.insert(phone);
  }
}

void MessageWaiting::send_some() {
  for (auto phone = due_.begin(); phone != due_.end() && in_flight_.size() < most_in_flight;) {
    if (in_flight_.contains(*phone)) {
      ++phone;  // one after the other, so that the last word is the right one
      continue;
    }
    const Phone next = *phone;
    phone = due_.erase(phone);
    (void)send(next);
  }
}

bool MessageWaiting::send(const Phone& phone) {
  const auto& [extension, contact] = phone;
  const auto bindings = registrar_.find(extension);
  const auto binding =
      std::find_if(bindings.begin(), bindings.end(), [&](const auto& one) { return one.contact == contact; });
  const auto uri = binding == bindings.end() ? std::nullopt : sip::parse_uri(contact);
  if (!uri || endpoint_.notifier().watches(name(), extension, binding->source)) {
    return false;  // gone, or told by its subscription
  }
  auto route = sip::route_of(binding->path);
  const auto flow = flow_to(*binding, *uri, route, endpoint_.transports());
  if (!flow) {
    return false;
  }
  sip::UnsolicitedNotify notify;
  notify.target = *uri;
  notify.to = *flow;
  notify.route = std::move(route);
  notify.from.user = extension;
  notify.from.host = config_->pbx.domain;
  notify.event = name();
  notify.content_type = content_type();
  notify.body = body(extension);
  told_[phone] = {binding->call_id, notify.body};
  in_flight_.insert(phone);
  endpoint_.notifier().send(notify, [this, phone](int status) {
    in_flight_.erase(phone);
    if (status >= 300) {
      log::line(log::Level::debug, log::Subsystem::voicemail, {},
                "the lamp of {} was not switched: its phone answers {}", phone.first, status);
    }
    send_some();
  });
  return true;
}

}  // namespace switchroom::main
