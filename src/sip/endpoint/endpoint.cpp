#include "sip/endpoint/endpoint.hpp"

#include "base/log.hpp"
#include "base/random.hpp"

#include <algorithm>
#include <utility>

namespace switchroom::sip {
namespace {

using log::Level;
using log::Subsystem;

constexpr std::string_view allowed_methods =
    "INVITE, ACK, BYE, CANCEL, OPTIONS, PRACK, UPDATE, INFO, REGISTER";

std::string seat_key(std::string_view call_id, std::string_view our_tag) {
  std::string key;
  key.reserve(call_id.size() + our_tag.size() + 1);
  key.append(call_id).append(1, '\n').append(our_tag);  // neither part can hold a line feed
  return key;
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
  snapshot_ = snapshot;
  access_.configure(snapshot);
  digests_.clear();  // nonces of before the reload become stale, which a phone mends by itself
  for (const auto& [name, profile] : snapshot->profiles) {
    auto lookup = [this](std::string_view user) -> std::optional<std::string> {
      const auto found = snapshot_->extensions.find(std::string(user));
      return found == snapshot_->extensions.end() ? std::nullopt : std::optional(found->second.password);
    };
    digests_.emplace(name,
                     std::make_unique<DigestServer>(digest_settings(profile, *snapshot), std::move(lookup)));
  }
}

// -- what the transports bring ---------------------------------------------------------------------

void Endpoint::on_message(Message message, const Flow& from) {
  transactions_.receive(std::move(message), from);
}

void Endpoint::on_malformed(const Message& reject, std::string_view why, const Flow& from) {
  if (reject.method == Method::ack) {
    return;
  }
  // Stateless (RFC 3261 8.2.7): nothing is kept for a sender of nonsense, so its tag may be any.
  Message response = make_response(reject, 400, why, base::random_token(8));
  transports_.send(from, response.text());
}

void Endpoint::on_closed(ConnectionId connection) {
  if (registrations_ != nullptr) {
    registrations_->on_connection_closed(connection);
  }
}

// -- what the transactions bring -------------------------------------------------------------------

Session* Endpoint::find(const Message& request) const {
  const auto seat = seats_.find(seat_key(request.call_id, request.to.tag()));
  return seat == seats_.end() ? nullptr : seat->second.session;
}

void Endpoint::on_request(TransactionId id, Message request, const Flow& from) {
  if (request.to.tag().empty()) {
    on_new_request(id, std::move(request), from);
  } else if (!pass_to_session(id, request, from)) {
    reply(id, request, 481);
  }
}

bool Endpoint::pass_to_session(TransactionId id, Message& request, const Flow& from) {
  const auto seat = seats_.find(seat_key(request.call_id, request.to.tag()));
  if (seat == seats_.end()) {
    return false;
  }
  if (request.method == Method::invite) {
    seat->second.transactions.push_back(id);
    invites_.emplace(id, seat->first);
  }
  seat->second.session->on_request(id, std::move(request), from);
  return true;
}

void Endpoint::on_ack(const Message& ack, const Flow& /*from*/) {
  if (Session* session = find(ack)) {
    session->on_ack(ack);
  }
}

void Endpoint::on_cancel(TransactionId invite, const Message& cancel) {
  const auto found = invites_.find(invite);
  if (found == invites_.end()) {
    return;  // an INVITE becomes a session, or is answered, within the turn that brings it
  }
  if (const auto seat = seats_.find(found->second); seat != seats_.end()) {
    seat->second.session->on_cancel(cancel);
  }
}

void Endpoint::on_server_failure(TransactionId id) {
  const auto found = invites_.find(id);
  if (found == invites_.end()) {
    return;
  }
  if (const auto seat = seats_.find(found->second); seat != seats_.end()) {
    seat->second.session->on_server_failure(id);
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

bool Endpoint::has_access(TransactionId id, const Message& request, const Flow& from,
                          const config::Profile& profile) {
  const auto wish = request.method == Method::registration ? guard::Wish::enroll
                    : request.method == Method::invite     ? guard::Wish::call
                                                           : guard::Wish::send;
  if (access_.admit(wish, from.remote.address, profile.name)) {
    return true;
  }
  ++counters_.refused_by_acl;
  log::line(Level::info, Subsystem::guard, {},
            "{} from {} refused: its address is not on the profile's access list", request.method_token,
            from.remote.address.to_string());
  reply(id, request, 403);
  return false;
}

// RFC 3261 8.2.2: what every request must satisfy before its method is looked at.
bool Endpoint::is_acceptable(TransactionId id, const Message& request) {
  if (!request.request_uri.is_sip()) {
    reply(id, request, 416);
    return false;
  }
  if (request.max_forwards == 0U && request.method == Method::invite) {  // all others end here anyway
    reply(id, request, 483);
    return false;
  }
  std::string unsupported;
  for (const auto& tag : request.require) {
    const bool known = request.method == Method::invite ? tag == "100rel" || tag == "timer" : false;
    if (!known) {
      unsupported += (unsupported.empty() ? "" : ", ") + tag;
    }
  }
  if (!unsupported.empty()) {
    Message response = make_response(request, 420, {}, base::random_token(8));
    response.add_header("Unsupported", unsupported);
    transactions_.respond(id, response);
    return false;
  }
  return true;
}

std::optional<std::string> Endpoint::authenticate(TransactionId id, const Message& request, const Flow& from,
                                                  const config::Profile& profile) {
  const auto digest = digests_.find(profile.name);
  const std::string source = from.remote.address.to_string();
  const base::Time now = timers_.now();
  const AuthResult result = digest->second->check(request, source, now);
  if (result.verdict == AuthVerdict::accepted) {
    return result.username;
  }
  if (result.verdict == AuthVerdict::wrong) {
    ++counters_.rejected_credentials;
    log::line(Level::warning, Subsystem::guard, {},
              "{} from {} refused: wrong user name or password for \"{}\"", request.method_token, source,
              result.username);
  } else {
    ++counters_.challenged;
  }
  Message response = make_response(request, 401, {}, base::random_token(8));
  digest->second->challenge(response, source, now, result.verdict == AuthVerdict::stale);
  transactions_.respond(id, response);
  return std::nullopt;
}

void Endpoint::on_invite(TransactionId id, Message request, const Flow& from,
                         const config::Profile& profile) {
  IncomingCall call;
  if (profile.auth) {
    auto user = authenticate(id, request, from, profile);
    if (!user) {
      return;
    }
    if (*user != request.from.uri.user) {
      log::line(Level::warning, Subsystem::guard, {},
                "INVITE from {} refused: it says that it is \"{}\" but signed in as {}", text(from.remote),
                request.from.uri.user, *user);
      reply(id, request, 403, "From must be the account that signs in");
      return;
    }
    call.authenticated_user = std::move(*user);
  }
  auto refusal = closing_ ? CallRefusal{503, "Shutting down", 30} : std::optional<CallRefusal>{};
  if (!refusal) {
    refusal = calls_ == nullptr ? CallRefusal{503, {}, {}} : calls_->admit_call();
  }
  if (refusal) {
    Message response = make_response(request, refusal->status, refusal->reason, base::random_token(8));
    if (refusal->retry_after) {
      response.add_header("Retry-After", std::to_string(*refusal->retry_after));
    }
    transactions_.respond(id, response);
    return;
  }
  call.invite = std::move(request);
  call.from = from;
  call.transaction = id;
  call.profile = profile.name;
  calls_->on_call(std::move(call));
}

void Endpoint::on_register(TransactionId id, const Message& request, const Flow& from,
                           const config::Profile& profile) {
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
  Message response = make_register_response(request, registrations_->on_register(wish));
  if (response.to.tag().empty()) {
    response.to.parameters.set("tag", base::random_token(8));
  }
  transactions_.respond(id, response);
}

void Endpoint::on_options(TransactionId id, const Message& request) {
  Message response = make_response(request, closing_ ? 503 : 200, {}, base::random_token(8));
  response.add_header("Allow", allowed_methods);
  response.add_header("Accept", "application/sdp");
  response.add_header("Supported", "100rel, timer");
  transactions_.respond(id, response);
}

void Endpoint::reply(TransactionId id, const Message& request, int status, std::string_view reason) {
  transactions_.respond(id, make_response(request, status, reason, base::random_token(8)));
}

// -- sessions --------------------------------------------------------------------------------------

SeatedSession Endpoint::seat(std::unique_ptr<Session> session, const std::string& key, TransactionId invite) {
  Seat& seat = seats_[key];
  seat.session = session.get();
  if (invite != 0) {
    seat.transactions.push_back(invite);
    invites_[invite] = key;
  }
  return {std::move(session), DialogSeat([this, key] { forget(key); })};
}

void Endpoint::forget(const std::string& key) {
  const auto seat = seats_.find(key);
  if (seat == seats_.end()) {
    return;
  }
  for (const TransactionId id : seat->second.transactions) {
    invites_.erase(id);
  }
  seats_.erase(seat);
}

SeatedSession Endpoint::incoming(SessionSettings settings, IncomingCall call, SessionUser* user) {
  const TransactionId invite = call.transaction;
  auto session = Session::incoming(services(), std::move(settings), std::move(call), user);
  const auto key = seat_key(session->dialog().id().call_id, session->dialog().id().local_tag);
  return seat(std::move(session), key, invite);
}

SeatedSession Endpoint::outgoing(SessionSettings settings, OutgoingCall call, SessionUser* user) {
  auto session = Session::outgoing(services(), std::move(settings), std::move(call), user);
  const auto key = seat_key(session->invite().call_id, session->invite().from.tag());
  return seat(std::move(session), key, 0);
}

void Endpoint::refuse(const IncomingCall& call, int status, std::string_view reason) {
  reply(call.transaction, call.invite, status, reason);
}

}  // namespace switchroom::sip
