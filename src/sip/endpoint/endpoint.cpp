#include "sip/endpoint/endpoint.hpp"

#include "base/log.hpp"
#include "base/random.hpp"
#include "sip/anonymous.hpp"
#include "sip/endpoint/acceptance.hpp"

#include <algorithm>
#include <utility>

namespace switchroom::sip {
namespace {

using log::Level;
using log::Subsystem;

constexpr std::string_view allowed_methods =
    "INVITE, ACK, BYE, CANCEL, OPTIONS, PRACK, UPDATE, INFO, REGISTER, SUBSCRIBE";

/// From is the account that signs in, or hides it: then it is nobody else's name.
bool may_say(const Uri& from, const std::string& user, const config::Snapshot& config) {
  return from.user == user ||
         (is_anonymous(from) &&
          (from.host == "anonymous.invalid" ||
           std::none_of(config.extensions.begin(), config.extensions.end(),
                        [](const auto& one) { return grammar::same_word(one.first, "anonymous"); })));
}

DigestServer::Settings digest_settings(const config::Profile& profile, const config::Snapshot& snapshot) {
  DigestServer::Settings settings;
  settings.realm = snapshot.pbx.domain;
  if (!profile.digest.empty()) {
    settings.algorithms.clear();
    for (const auto& name : profile.digest) {
      settings.algorithms.push_back(name == "SHA-256" ? DigestAlgorithm::sha256 : DigestAlgorithm::md5);
    }
  }
  return settings;
}

void remember_former_passwords(const config::Snapshot& before, const config::Snapshot& now,
                               std::unordered_map<std::string, std::string>& former) {
  for (const auto& [number, extension] : now.extensions) {
    const auto old = before.extensions.find(number);
    if (old != before.extensions.end() && old->second.password != extension.password) {
      former[number] = old->second.password;
    }
  }
}

}  // namespace

Endpoint::Endpoint(base::Timers& timers, Transports& transports, Transactions& transactions)
    : timers_(timers), transports_(transports), transactions_(transactions) {
  transactions_.set_user(this);
  transports_.set_receiver(this);
}

Endpoint::~Endpoint() {
  transactions_.set_user(nullptr);
  transports_.set_receiver(nullptr);
}

void Endpoint::set_takers(CallTaker* calls, RegisterTaker* registrations) {
  calls_ = calls;
  registrations_ = registrations;
}

void Endpoint::configure(const config::SnapshotPtr& snapshot) {
  if (snapshot_) {
    remember_former_passwords(*snapshot_, *snapshot, former_passwords_);
  }
  snapshot_ = snapshot;
  registrations_limit_.configure(snapshot->limits.registrations_per_second);
  access_.configure(snapshot);
  std::erase_if(digests_, [&](const auto& one) { return !snapshot->profiles.contains(one.first); });
  for (const auto& [name, profile] : snapshot->profiles) {
    auto settings = digest_settings(profile, *snapshot);
    if (const auto old = digests_.find(name); old != digests_.end() && old->second->is_set_to(settings)) {
      continue;  // its nonces stay good, and no phone is challenged anew for a reload
    }
    auto lookup = [this](std::string_view user) -> std::optional<std::string> {
      const auto found = snapshot_->extensions.find(std::string(user));
      return found == snapshot_->extensions.end() ? std::nullopt : std::optional(found->second.password);
    };
    auto& digest = digests_[name] = std::make_unique<DigestServer>(std::move(settings), std::move(lookup));
    digest->set_former([this](std::string_view user) -> std::optional<std::string> {
      const auto found = former_passwords_.find(std::string(user));
      return found == former_passwords_.end() ? std::nullopt : std::optional(found->second);
    });
  }
}

// -- what the transports bring ---------------------------------------------------------------------

void Endpoint::on_message(Message message, const Flow& from) {
  if (message.is_request && !is_heard(message, from)) {
    return;
  }
  transactions_.receive(std::move(message), from);
}

void Endpoint::on_malformed(const Parsed& parsed, const Flow& from) {
  if (parsed.reject->method == Method::ack) {
    return;
  }
  // Stateless (RFC 3261 8.2.7): nothing is kept for a sender of nonsense, so its tag may be any.
  Message response = make_response(*parsed.reject, parsed.status,
                                   parsed.status == 400 ? parsed.why : std::string(), base::random_token(8));
  transports_.send(from, response.text());
}

void Endpoint::on_closed(ConnectionId connection) {
  if (registrations_ != nullptr) {
    registrations_->on_connection_closed(connection);
  }
}

// -- what the transactions bring -------------------------------------------------------------------

void Endpoint::on_request(TransactionId id, Message request, const Flow& from) {
  if (request.to.tag().empty()) {
    on_new_request(id, std::move(request), from);
  } else if (!pass_to_session(id, request, from) && !notifier_.on_refresh(id, request, from)) {
    reply(id, request, 481);
  }
}

// -- requests outside any dialog -------------------------------------------------------------------

const config::Profile* Endpoint::profile_of(const Flow& flow) const {
  const Listener* listener = transports_.find(flow.listener);
  if (listener == nullptr || !snapshot_) {
    return nullptr;
  }
  const auto profile = snapshot_->profiles.find(listener->profile);
  return profile == snapshot_->profiles.end() ? nullptr : &profile->second;
}

void Endpoint::on_new_request(TransactionId id, Message request, const Flow& from) {
  const config::Profile* profile = profile_of(from);
  if (profile == nullptr) {
    reply(id, request, 503);
    return;
  }
  if (!has_access(id, request, from, *profile) || !is_acceptable(id, request)) {
    return;
  }
  switch (request.method) {
    case Method::invite: on_invite(id, std::move(request), from, *profile); return;
    case Method::registration: on_register(id, request, from, *profile); return;
    case Method::options: on_options(id, request); return;
    case Method::subscribe: on_subscribe(id, request, from, *profile); return;
    case Method::bye:
    case Method::prack:
    case Method::update:
    case Method::info:
      reply(id, request, 481);  // they exist inside a dialog only
      return;
    default: {
      Message response =
          make_response(request, request.method == Method::other ? 501 : 405, {}, base::random_token(8));
      response.add_header("Allow", allowed_methods);
      transactions_.respond(id, response);
    }
  }
}

bool Endpoint::is_acceptable(TransactionId id, const Message& request) {
  const auto fault = find_fault(request);
  if (!fault) {
    return true;
  }
  Message response = make_response(request, fault->status, fault->reason, base::random_token(8));
  if (!fault->header.empty()) {
    response.add_header(fault->header, fault->value);
  }
  transactions_.respond(id, response);
  return false;
}

void Endpoint::on_invite(TransactionId id, Message request, const Flow& from,
                         const config::Profile& profile) {
  IncomingCall call;
  if (trunks_ != nullptr) {
    call.trunk = trunks_->trunk_of(request, from, profile);
  }
  if (profile.auth && call.trunk.empty()) {
    auto user = authenticate(id, request, from, profile);
    if (!user) {
      return;
    }
    if (!may_say(request.from.uri, *user, *snapshot_)) {
      log::line(Level::warning, Subsystem::guard, {},
                "INVITE from {} refused: it says that it is \"{}\" but signed in as {}", text(from.remote),
                request.from.uri.user, *user);
      reply(id, request, 403, "From must be the account that signs in");
      return;
    }
    call.authenticated_user = std::move(*user);
  }
  call.invite = std::move(request);
  call.from = from;
  call.transaction = id;
  call.profile = profile.name;
  if (const auto refusal = admit(call)) {
    Message response = make_response(call.invite, refusal->status, refusal->reason, base::random_token(8));
    if (refusal->retry_after) {
      response.add_header("Retry-After", std::to_string(*refusal->retry_after));
    }
    transactions_.respond(id, response);
    return;
  }
  if (!call.trunk.empty()) {
    trunks_->note_call(call.trunk);
  }
  calls_->on_call(std::move(call));
}

void Endpoint::on_register(TransactionId id, const Message& request, const Flow& from,
                           const config::Profile& profile) {
  if (snapshot_->limits.registrations_per_second != 0 && !registrations_limit_.take(timers_.now())) {
    ++counters_.over_limit;
    Message busy = make_response(request, 503, "Too many registrations at once", base::random_token(8));
    busy.add_header("Retry-After",
                    std::to_string(5 + base::random_u64() % 25));  // not all of them again at once
    transactions_.respond(id, busy);
    return;
  }
  // Also on a profile that does not challenge calls: a binding decides where an extension's calls go.
  const auto user = authenticate(id, request, from, profile);
  if (!user) {
    return;
  }
  if (*user != request.to.uri.user || *user != request.from.uri.user) {
    log::line(Level::warning, Subsystem::guard, {}, "REGISTER from {} refused: {} may not register {}",
              text(from.remote), *user, request.to.uri.user);
    reply(id, request, 403, "An account registers itself only");
    return;
  }
  auto parsed = parse_register(request, profile);
  if (const auto* refusal = std::get_if<RegisterRefusal>(&parsed)) {
    Message response = make_response(request, refusal->status, refusal->reason, base::random_token(8));
    if (refusal->min_expires != 0) {
      response.min_expires = refusal->min_expires;
    }
    transactions_.respond(id, response);
    return;
  }
  auto& wish = std::get<RegisterRequest>(parsed);
  wish.flow = from;
  wish.local = transports_.find(from.listener)->local;  // it is there: its profile was found
  const RegisterReply reply = registrations_->on_register(wish);
  if (reply.status == 200) {
    move_calls(wish);
  }
  Message response = make_register_response(request, reply);
  if (response.to.tag().empty()) {
    response.to.parameters.set("tag", base::random_token(8));
  }
  transactions_.respond(id, response);
}

// Always signed in, as for REGISTER: what it tells is an extension's own business.
void Endpoint::on_subscribe(TransactionId id, const Message& request, const Flow& from,
                            const config::Profile& profile) {
  const auto user = authenticate(id, request, from, profile);
  if (user) {
    notifier_.on_subscribe(id, request, from, *user);
  }
}

void Endpoint::on_options(TransactionId id, const Message& request) {
  Message response = make_response(request, closing_ ? 503 : 200, {}, base::random_token(8));
  response.add_header("Allow", allowed_methods);
  response.add_header("Accept", "application/sdp");
  response.add_header("Supported", "100rel, timer");
  if (const auto events = notifier_.package_names(); !events.empty()) {
    response.add_header("Allow-Events", events);
  }
  transactions_.respond(id, response);
}

void Endpoint::reply(TransactionId id, const Message& request, int status, std::string_view reason) {
  transactions_.respond(id, make_response(request, status, reason, base::random_token(8)));
}

}  // namespace switchroom::sip
