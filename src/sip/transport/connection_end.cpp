// Connection: its deadlines and its end.
#include "sip/transport/connection.hpp"

#include <algorithm>
#include <utility>

namespace switchroom::sip {
namespace {

constexpr auto farewell_limit = std::chrono::seconds(2);  // for the answer to a peer that is then left

}  // namespace

base::Time Connection::deadline() const {
  if (state_ == State::connecting) {
    base::Time first = since_ + Transports::connect_limit;
    for (const Outgoing& message : queue_) {
      first = std::min(first, message.until);
    }
    return first;
  }
  if (state_ == State::securing) {
    return since_ + setup_.settings->handshake_limit;
  }
  if (closing_) {
    return since_ + farewell_limit;
  }
  base::Time first = heard_ + setup_.settings->idle_limit;
  if (!spoke_) {
    first = std::min(first, since_ + setup_.settings->first_message_limit);
  }
  if (partial_since_ != base::Time::max()) {  // a message dribbled in has the same limit
    first = std::min(first, partial_since_ + setup_.settings->first_message_limit);
  }
  return first;
}

// A deadline that moves away is noticed when the timer fires; only one that comes nearer arms it anew.
void Connection::watch() {
  const base::Time next = deadline();
  if (next >= armed_) {
    return;
  }
  armed_ = next;
  timer_.expires_at(next);
  timer_.async_wait([weak = weak_from_this()](error_code ec) {
    const auto self = weak.lock();
    if (self && !ec && self->state_ != State::closed) {
      self->on_watch();
    }
  });
}

void Connection::on_watch() {
  armed_ = base::Time::max();
  if (base::Clock::now() < deadline()) {
    watch();
  } else if (state_ == State::connecting) {
    give_up_waiting();
  } else if (state_ == State::securing) {
    close("the TLS handshake took too long");
  } else if (closing_) {
    close("sent what cannot be a SIP message");
  } else if (!spoke_ || partial_since_ != base::Time::max()) {
    close("sent no whole message in time");
  } else {
    close("idle");
  }
}

/// Some who wait have another way to go; while others have the patience, the connection is still awaited.
void Connection::give_up_waiting() {
  const base::Time now = base::Clock::now();
  std::erase_if(queue_, [&](Outgoing& message) {
    if (now < message.until) {
      return false;
    }
    queued_ -= message.bytes.size();
    if (message.failed) {
      setup_.owner->report_failure(std::move(message.failed));
    }
    return true;
  });
  if (queue_.empty() || now >= since_ + Transports::connect_limit) {
    close("does not answer");
  } else {
    watch();
  }
}

void Connection::close(std::string_view why) {
  if (state_ == State::closed) {
    return;
  }
  const auto self = shared_from_this();  // the owner's table may hold the last one
  ConnectionOwner* owner = setup_.owner;
  auto unsent = std::move(queue_);
  drop();
  for (auto& message : unsent) {
    if (message.failed) {
      owner->report_failure(std::move(message.failed));
    }
  }
  owner->on_end(setup_.id, why);
}

void Connection::drop() {
  if (tls_ != nullptr && state_ == State::open && !lingering_) {
    tls_->say_goodbye();
  }
  state_ = State::closed;
  setup_.owner = nullptr;
  queue_.clear();
  queued_ = 0;
  error_code ignored;
  socket_.close(ignored);
  timer_.cancel();
  if (rest_ != nullptr) {
    rest_->cancel();
  }
}

}  // namespace switchroom::sip
