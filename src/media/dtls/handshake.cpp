#include "media/dtls/handshake.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace switchroom::media {
namespace {

using namespace std::chrono_literals;

constexpr unsigned most_restarts = 8;
constexpr unsigned most_rubbish = 1000;
constexpr std::size_t most_barred = 16;
constexpr auto breath = 300ms;   // before the next try of the active side
constexpr auto turn_limit = 2s;  // of a source that shook hands and does not come to an end: then another may

std::span<const std::uint8_t> bytes_of(const SocketAddress& address) {
  return {reinterpret_cast<const std::uint8_t*>(address.data()), address.size()};
}

}  // namespace

Handshake::Handshake(const DtlsIdentity& identity, DtlsTerms terms, const SocketAddress& announced,
                     base::Time now)
    : identity_(identity),
      terms_(std::move(terms)),
      announced_(announced),
      began_(now),
      deadline_(now + limit) {
  restart(now);
}

void Handshake::restart(base::Time now) {
  peer_ = SocketAddress();
  begins_ = retry_ = base::Time::max();
  association_ = DtlsAssociation::make(identity_, terms_);
  if (association_ == nullptr) {
    settle(HandshakeEnd::Outcome::failed, "OpenSSL has no memory, or srtp_suites has no suite for DTLS");
    over_ = true;
  } else if (announced_) {
    association_->begin();
    collect(announced_, now);
  }
}

/// Whether the association is fed with what `source` says.
bool Handshake::may_speak(const SocketAddress& source, base::Time now) {
  if (std::ranges::find(barred_, source) != barred_.end()) {
    return false;
  }
  if (!peer_ || peer_ == source) {
    return true;
  }
  const bool takes_over = !terms_.active && (source == announced_ || now - began_ > turn_limit);
  if (end_ || !takes_over || restarts_ >= most_restarts) {
    return false;
  }
  ++restarts_;
  restart(now);
  return !over_;
}

void Handshake::receive(std::span<const std::uint8_t> datagram, const SocketAddress& source, base::Time now) {
  if (over_ || begins_ != base::Time::max() || !may_speak(source, now)) {
    return;
  }
  association_->receive(datagram, bytes_of(source));
  collect(source, now);
  if (!end_) {
    judge(source, now);
  }
}

void Handshake::judge(const SocketAddress& source, base::Time now) {
  using State = DtlsAssociation::State;
  switch (association_->state()) {
    case State::waiting:
      if (terms_.active && source == announced_) {
        peer_ = source;
        began_ = now;
      }
      return;
    case State::shaking:
      if (!peer_) {
        peer_ = source;
        began_ = now;
      }
      return;
    case State::secured:
      peer_ = source;
      settle(HandshakeEnd::Outcome::secured, association_->why());
      deadline_ = now + linger;
      return;
    case State::mistaken:
    case State::unsuitable:
      complaint_ = association_->why();
      mistaken_ = true;
      if (source == announced_ || restarts_ >= most_restarts) {
        peer_ = source;
        settle(HandshakeEnd::Outcome::failed, complaint_);
        over_ = true;
        return;
      }
      if (barred_.size() < most_barred) {
        barred_.push_back(source);
      }
      break;
    case State::broken: complaint_ = association_->why(); break;
  }
  const bool unproven = !terms_.active && !peer_;
  const bool hopeless = unproven ? rubbish_++ >= most_rubbish : restarts_++ >= most_restarts;
  peer_ = SocketAddress();
  retry_ = base::Time::max();
  if (hopeless) {
    begins_ = deadline_;  // it is not worth another try
  } else if (terms_.active) {
    begins_ = now + breath;
  } else {
    restart(now);
  }
}

void Handshake::on_time(base::Time now) {
  if (over_) {
    return;
  }
  if (now >= deadline_) {
    if (!end_) {
      const char* const silent = terms_.active ? "nothing answered our DTLS handshake within {} s"
                                               : "no DTLS handshake came within {} s";
      const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(limit).count();
      std::string what = fmt::format(fmt::runtime(silent), seconds);
      if (!complaint_.empty()) {
        what = fmt::format("no DTLS handshake was completed within {} s: {}", seconds, complaint_);
      }
      settle(mistaken_ ? HandshakeEnd::Outcome::failed : HandshakeEnd::Outcome::overdue, std::move(what));
    }
    over_ = true;
    return;
  }
  if (now >= begins_) {
    restart(now);
  } else if (now >= retry_) {
    const SocketAddress to = peer_ ? peer_ : announced_;
    association_->on_time();
    collect(to, now);
    if (!end_ && association_->failed()) {
      judge(to, now);
    }
  }
}

base::Time Handshake::due() const {
  return over_ ? base::Time::max() : std::min({deadline_, retry_, begins_});
}

void Handshake::extend(base::Time now) {
  if (!end_) {
    deadline_ = now + limit;
  }
}

void Handshake::collect(const SocketAddress& to, base::Time now) {
  for (auto& bytes : association_->take_output()) {
    if (to) {
      output_.push_back({to, std::move(bytes)});
    }
  }
  const auto patience = association_->patience();
  retry_ = patience ? now + *patience : base::Time::max();
}

std::vector<Handshake::Datagram> Handshake::take_output() { return std::exchange(output_, {}); }

void Handshake::settle(HandshakeEnd::Outcome outcome, std::string what) {
  end_ = HandshakeEnd{outcome, (peer_ ? peer_ : announced_).endpoint(), std::move(what)};
}

}  // namespace switchroom::media
