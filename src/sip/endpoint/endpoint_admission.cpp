// Who is heard, who may call and who has proved who he is: limits, access lists, bans, digests.
#include "base/log.hpp"
#include "base/random.hpp"
#include "sip/endpoint/endpoint.hpp"

#include <utility>

namespace switchroom::sip {
namespace {

using log::Level;
using log::Subsystem;

}  // namespace

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

}  // namespace switchroom::sip
