// What a trunk asks: REGISTER and OPTIONS.
#include "base/log.hpp"
#include "base/random.hpp"
#include "sip/trunk/trunk_line.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace switchroom::sip {
namespace {

using log::Level;
using log::Subsystem;
using namespace std::chrono_literals;

constexpr auto alone_limit = 32s;  // 64*T1: a place that is the only one is waited for to the end
constexpr auto among_limit = 8s;   // one of several
constexpr auto silent_for = 60s;   // a place that failed comes behind the others for so long

std::optional<std::uint32_t> number_in(std::string_view text) {
  std::uint32_t number = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), number);
  return ec == std::errc{} && end != text.data() ? std::optional(number) : std::nullopt;
}

}  // namespace

// -- requests --------------------------------------------------------------------------------------

Message TrunkLine::make_request(Method method, const Flow& way) {
  const std::string account = settings_.from_user.empty() ? settings_.username : settings_.from_user;
  Message request;
  request.is_request = true;
  request.method = method;
  request.method_token = std::string(name(method));
  request.request_uri = uri_of({});
  request.from.uri.user = account.empty() ? std::string("switchroom") : account;
  request.from.uri.host = settings_.from_domain.empty() ? settings_.host : settings_.from_domain;
  request.to = request.from;
  if (method != Method::registration) {
    request.to.uri = request.request_uri;
  }
  request.from.parameters.set("tag", base::random_token(12));
  request.call_id = method == Method::registration ? call_id_ : base::random_uuid();
  request.cseq = {method == Method::registration ? ++cseq_ : 1, method, request.method_token};
  request.max_forwards = 70;
  const base::Endpoint here = services_.transports->advertised_for(way);
  Address contact;
  contact.uri.user = settings_.username.empty() ? request.from.uri.user : settings_.username;
  contact.uri.host = here.address.to_string();
  contact.uri.port = here.port;
  if (is_reliable(way.kind)) {
    contact.uri.parameters.set("transport", way.kind == TransportKind::tls ? "tls" : "tcp");
  }
  request.contact = {contact};
  request.add_header("User-Agent", "Switchroom");
  return request;
}

std::string TrunkLine::realm() const {
  return !settings_.realm.empty()  ? settings_.realm
         : !learned_realm_.empty() ? learned_realm_
                                   : settings_.host;
}

// -- registration ----------------------------------------------------------------------------------

awaitable<void> TrunkLine::keep_registered() {
  for (;;) {
    const bool was_bound = registration_.is_bound(base::Clock::now());
    register_now_.reset();
    registration_.begin_round();
    co_await register_round();
    on_registration(was_bound);
    (void)co_await register_now_.wait_until(registration_.next());
  }
}

awaitable<void> TrunkLine::register_round() {
  const auto found = co_await ways();
  if (!found) {
    registration_.end_round(base::Clock::now(), found.error().what);
    co_return;
  }
  for (std::size_t i = 0; i < found->size(); ++i) {
    if (co_await register_at((*found)[i], i + 1 == found->size())) {
      co_return;
    }
    silent_[base::text((*found)[i].remote)] = base::Clock::now() + silent_for;
  }
  registration_.end_round(base::Clock::now());
}

/// False: another place may do better.
awaitable<bool> TrunkLine::register_at(Flow way, bool last) {
  Authorizer::Attempts attempts;
  Message request = make_request(Method::registration, way);
  for (;;) {
    request.expires = static_cast<std::uint32_t>(registration_.expires().count());
    const Inquired inquired =
        co_await inquire(*services_.transactions, request, way, last ? alone_limit : among_limit);
    auto answer = read_answer(inquired, request, attempts);
    answer.words += fmt::format(" from {}", base::text(way.remote));
    switch (registration_.on_answer(answer, base::Clock::now())) {
      case RegisterMachine::Next::again: request.cseq.number = ++cseq_; break;
      case RegisterMachine::Next::elsewhere: co_return false;
      case RegisterMachine::Next::done:
        if (registration_.state() == RegisterMachine::State::registered) {
          registered_at_ = way;
          silent_.erase(base::text(way.remote));
        }
        co_return true;
    }
  }
}

RegisterMachine::Answer TrunkLine::read_answer(const Inquired& inquired, Message& request,
                                               Authorizer::Attempts& attempts) {
  RegisterMachine::Answer read;
  read.status = inquired.status();
  read.words = inquired.words();
  if (!inquired.answer) {
    return read;
  }
  const Message& answer = *inquired.answer;
  read.min_expires = answer.min_expires;
  if (const auto* retry = answer.header("Retry-After")) {
    read.retry_after = number_in(*retry);
  }
  if (read.status >= 200 && read.status < 300) {
    read.granted = granted(answer, request);
  } else if (read.status == 401 || read.status == 407) {
    const auto& challenges = read.status == 407 ? answer.proxy_authenticate : answer.www_authenticate;
    // The registrar of the trunk's own host says what its realm is, unless the file does.
    if (settings_.realm.empty() && !challenges.empty()) {
      learned_realm_ = realm_of(challenges.front());
    }
    const bool tried = attempts.plain != 0;
    if (!settings_.password.empty()) {
      const Authorizer authorizer({settings_.auth_username, settings_.password}, realm());
      read.authorized = authorizer.authorize(request, answer, attempts);
    }
    if (!read.authorized) {
      read.words += settings_.password.empty() ? " (there is no password for it)"
                    : tried                    ? " (wrong user name or password)"
                                               : fmt::format(" (for another realm than \"{}\")", realm());
    }
  } else if (read.status >= 300 && read.status < 400) {
    read.words += " (not followed: the password is for this host alone)";
  }
  return read;
}

/// Seconds of our own contact, for others may stand beside it.
std::optional<std::uint32_t> TrunkLine::granted(const Message& answer, const Message& request) const {
  const auto own = std::find_if(answer.contact.begin(), answer.contact.end(), [&](const Address& contact) {
    return contact.uri.same_target(request.contact.front().uri);
  });
  if (own != answer.contact.end()) {
    if (const auto seconds = number_in(own->parameters.value("expires"))) {
      return seconds;
    }
  }
  return answer.expires;
}

void TrunkLine::on_registration(bool was_bound) {
  if (registration_.state() == RegisterMachine::State::registered) {
    ++registrations_;
    if (!was_bound) {
      log::line(Level::info, Subsystem::sip, {}, "trunk {} is registered at {}", settings_.name,
                base::text(registered_at_->remote));
    }
    tell("registered", {});
    return;
  }
  ++registration_failures_;
  const auto pause =
      std::chrono::duration_cast<std::chrono::seconds>(registration_.next() - base::Clock::now()).count();
  log::line(Level::warning, Subsystem::sip, {}, "trunk {} cannot register: {}; next try in {} s",
            settings_.name, registration_.last_failure(), pause);
  tell("failed", registration_.last_failure());
}

/// 10.2.2: takes the binding back.
awaitable<void> TrunkLine::unregister() {
  const Flow way = *std::exchange(registered_at_, std::nullopt);
  Authorizer::Attempts attempts;
  Message request = make_request(Method::registration, way);
  for (;;) {
    request.expires = 0;
    const Inquired inquired = co_await inquire(*services_.transactions, request, way, among_limit);
    const auto answer = read_answer(inquired, request, attempts);
    if (!answer.authorized) {
      log::line(Level::info, Subsystem::sip, {}, "trunk {} is unregistered: {}", settings_.name,
                inquired.words());
      co_return;
    }
    request.cseq.number = ++cseq_;
  }
}

// -- OPTIONS ---------------------------------------------------------------------------------------

awaitable<void> TrunkLine::keep_asking() {
  for (;;) {
    ask_now_.reset();
    co_await ask_once();
    (void)co_await ask_now_.wait_for(settings_.ping);
  }
}

awaitable<void> TrunkLine::ask_once() {
  const auto found = co_await ways();
  bool alive = false;
  std::string words = found ? "" : found.error().what;
  const base::Duration limit = std::clamp<base::Duration>(settings_.ping, 1s, among_limit);
  for (std::size_t i = 0; found && i < found->size() && !alive; ++i) {
    const Flow& way = (*found)[i];
    Message request = make_request(Method::options, way);
    request.add_header("Accept", "application/sdp");
    const Inquired inquired = co_await inquire(*services_.transactions, std::move(request), way, limit);
    alive = PingCounter::is_alive(inquired.status());
    if (alive) {
      silent_.erase(base::text(way.remote));
    } else {
      words = fmt::format("{} to OPTIONS from {}", inquired.words(), base::text(way.remote));
      silent_[base::text(way.remote)] =
          base::Clock::now() + std::max<base::Duration>(silent_for, 2 * settings_.ping);
    }
  }
  if (alive) {
    ping_failure_.clear();
    if (pings_.on_answer()) {
      log::line(Level::warning, Subsystem::sip, {}, "trunk {} is up again", settings_.name);
      tell("up", {});
      if (*settings_.registers && registration_.state() != RegisterMachine::State::registered) {
        register_now_.notify();
      }
    }
    co_return;
  }
  ping_failure_ = words;
  if (pings_.on_miss()) {
    log::line(Level::warning, Subsystem::sip, {}, "trunk {} is down: {}", settings_.name, words);
    tell("down", words);
  }
}

}  // namespace switchroom::sip
