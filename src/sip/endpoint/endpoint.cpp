#include "sip/endpoint/endpoint.hpp"

#include "base/log.hpp"
#include "base/random.hpp"
#include "sip/endpoint/acceptance.hpp"

#include <algorithm>
#include <utility>

namespace switchroom::sip {
namespace {

using log::Level;
using log::Subsystem;

constexpr std::string_view allowed_methods =
    "INVITE, ACK, BYE, CANCEL, OPTIONS, PRACK, UPDATE, INFO, REGISTER, SUBSCRIBE";

// RFC 3323 4.1.1.3: a phone that hides its number signs in as itself all the same.
bool is_anonymous(const Address& from) {
  return from.uri.user == "anonymous" && from.uri.host == "anonymous.invalid";
}

std::string seat_key(std::string_view call_id, std::string_view our_tag) {
  std::string key;
  key.reserve(call_id.size() + our_tag.size() + 1);
  key.append(call_id).append(1, '\n').append(our_tag);  // neither part can hold a line feed
  return key;
}

/// What makes the exchange do something beside the call itself: digits, transfers, messages.
bool is_a_wish(Method method) {
  return method == Method::info || method == Method::message || method == Method::refer ||
         method == Method::subscribe || method == Method::notify || method == Method::publish;
}

bool is_at(const Uri& uri, const base::IpAddress& address) {
  error_code not_numeric;
  const auto host = asio::ip::make_address(uri.host, not_numeric);
  return !not_numeric && base::unmapped(host) == address;
}

/// Whether it came from where the call's other end is: by its packets, or by what it wrote into the dialog.
/// Tags that are known to nobody else are proof enough for what a call cannot do without (a BYE that a
/// carrier sends from another of its hosts), and not for the rest.
bool comes_from_peer(const Session& session, const Flow& from) {
  const Dialog& dialog = session.dialog();
  const base::IpAddress address = base::unmapped(from.remote.address);
  return address == base::unmapped(session.flow().remote.address) ||
         address == base::unmapped(dialog.next_hop().remote.address) ||
         is_at(dialog.remote_target(), address) ||
         (!dialog.route_set().empty() && is_at(dialog.route_set().front().uri, address));
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

// Behind a trusted proxy it is whoever the proxy's own entry in Via came from.
base::IpAddress Endpoint::sender_of(const Message& request, const Flow& from) const {
  const std::string& proxies = snapshot_->bans.proxies;
  if (proxies.empty() || request.via.size() < 2) {
    return from.remote.address;
  }
  const auto acl = snapshot_->acl.find(proxies);
  if (acl == snapshot_->acl.end() || !guard::contains(acl->second, from.remote.address)) {
    return from.remote.address;
  }
  const Via& client = request.via[1];
  error_code ec;
  const auto address = asio::ip::make_address(client.received.empty() ? client.host : client.received, ec);
  return ec ? from.remote.address : address;
}

// What is dropped here costs no transaction, no answer and no line in the log.
bool Endpoint::is_heard(const Message& request, const Flow& from) {
  if (!snapshot_) {
    return true;
  }
  const base::IpAddress sender = sender_of(request, from);
  if (bans_ != nullptr && bans_->is_banned(sender, base::wall_now())) {
    return false;
  }
  // Inside a dialog that there is. An ACK, which belongs to an answer of ours, costs nothing.
  if (!request.to.tag().empty() && (request.method == Method::ack || find(request) != nullptr)) {
    return true;
  }
  const auto* agent = request.header("User-Agent");
  if (agent != nullptr && guard::is_scanner(*agent)) {
    ++counters_.scanners;
    hold_against(guard::Offence::scanner, request, from, from.kind != TransportKind::udp);
    return false;
  }
  const config::Profile* profile = profile_of(from);
  // Whoever is on this machine is no stranger.
  if (profile != nullptr && profile->auth && !sender.is_loopback() &&
      !acquaintances_.knows(sender, timers_.now()) &&
      (trunks_ == nullptr || !trunks_->is_trunk(sender, profile->name)) &&
      !strangers_.take(sender, snapshot_->limits.requests_per_stranger, timers_.now())) {
    ++counters_.over_limit;
    return false;
  }
  return true;
}

void Endpoint::hold_against(guard::Offence offence, const Message& request, const Flow& from, bool proved,
                            const std::string& user) {
  if (bans_ == nullptr) {
    return;
  }
  const base::IpAddress sender = sender_of(request, from);
  if (const auto ban = bans_->note(offence, sender, proved, base::wall_now(), user)) {
    log::line(Level::warning, Subsystem::guard, {}, "{} is banned for {} s: {} (pbxctl bans lift {} ends it)",
              ban->address.to_string(), (ban->until - ban->since) / 1'000'000, ban->why,
              ban->address.to_string());
  }
}

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

Session* Endpoint::find(const Message& request) const {
  const auto seat = seats_.find(seat_key(request.call_id, request.to.tag()));
  return seat == seats_.end() ? nullptr : seat->second.session;
}

void Endpoint::on_request(TransactionId id, Message request, const Flow& from) {
  if (request.to.tag().empty()) {
    on_new_request(id, std::move(request), from);
  } else if (!pass_to_session(id, request, from) && !notifier_.on_refresh(id, request, from)) {
    reply(id, request, 481);
  }
}

bool Endpoint::pass_to_session(TransactionId id, Message& request, const Flow& from) {
  const auto seat = seats_.find(seat_key(request.call_id, request.to.tag()));
  if (seat == seats_.end()) {
    return false;
  }
  if (is_a_wish(request.method) && !comes_from_peer(*seat->second.session, from)) {
    const config::Profile* profile = profile_of(from);
    if (profile == nullptr || trunks_ == nullptr || !trunks_->is_trunk(from.remote.address, profile->name)) {
      log::line(Level::warning, Subsystem::guard, {},
                "{} from {} refused: the call that it names is with somebody at {}", request.method_token,
                text(from.remote), text(seat->second.session->flow().remote));
      reply(id, request, 403, "Not from this address");
      return true;
    }
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

bool Endpoint::has_access(TransactionId id, const Message& request, const Flow& from,
                          const config::Profile& profile) {
  const auto wish = request.method == Method::registration ? guard::Wish::enroll
                    : request.method == Method::invite     ? guard::Wish::call
                                                           : guard::Wish::send;
  if (access_.admit(wish, from.remote.address, profile.name) ||
      (trunks_ != nullptr && trunks_->is_trunk(from.remote.address, profile.name))) {
    return true;
  }
  ++counters_.refused_by_acl;
  log::line(Level::info, Subsystem::guard, {},
            "{} from {} refused: its address is not on the profile's access list", request.method_token,
            from.remote.address.to_string());
  reply(id, request, 403);
  return false;
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

std::optional<std::string> Endpoint::authenticate(TransactionId id, const Message& request, const Flow& from,
                                                  const config::Profile& profile) {
  const auto digest = digests_.find(profile.name);
  const std::string source = from.remote.address.to_string();
  const base::Time now = timers_.now();
  const AuthResult result = digest->second->check(request, source, now);
  if (result.verdict == AuthVerdict::accepted) {
    acquaintances_.note(sender_of(request, from), now);
    return result.username;
  }
  if (result.verdict == AuthVerdict::wrong) {
    ++counters_.rejected_credentials;
    log::line(
        Level::warning, Subsystem::guard, {}, "{} from {} refused: {} for \"{}\"", request.method_token,
        source,
        result.old_password ? "the password from before the last change" : "wrong user name or password",
        result.username);
    hold_against(result.old_password ? guard::Offence::old_password : guard::Offence::wrong_password, request,
                 from, result.proved_address || from.kind != TransportKind::udp, result.username);
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
  if (trunks_ != nullptr) {
    call.trunk = trunks_->trunk_of(request, from, profile);
  }
  if (profile.auth && call.trunk.empty()) {
    auto user = authenticate(id, request, from, profile);
    if (!user) {
      return;
    }
    if (*user != request.from.uri.user && !is_anonymous(request.from)) {
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

std::optional<CallRefusal> Endpoint::admit(const IncomingCall& call) {
  if (calls_ == nullptr) {
    return CallRefusal{503, {}, {}};
  }
  if (calls_->is_emergency(call)) {
    return std::nullopt;
  }
  const auto tell = [&](Level level, std::string_view why) {
    log::line(level, Subsystem::call, {}, "{} to {} from {} is refused: {}", call.invite.from.uri.user,
              call.invite.request_uri.user, text(call.from.remote), why);
  };
  if (closing_) {
    tell(Level::info, "the server is shutting down");
    return CallRefusal{503, "Shutting down", 30};
  }
  if (!call.authenticated_user.empty() &&
      !callers_.take(call.from.remote.address, snapshot_->limits.calls_per_address, timers_.now())) {
    ++counters_.over_limit;
    tell(Level::warning, "its address is over calls_per_address in [limits]");
    return CallRefusal{503, "Too many calls from this address", 5};
  }
  return calls_->admit_call(call);
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
  Message response = make_register_response(request, registrations_->on_register(wish));
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
