// Connection: what comes in, cut into messages, and the end of a peer that sends none.
#include "sip/transport/connection.hpp"

#include <algorithm>
#include <utility>

namespace switchroom::sip {
namespace {

constexpr unsigned max_junk = 16;

}  // namespace

// Waits for readiness, not for bytes, so that an idle connection holds no buffer.
void Connection::await_read() {
  socket_.async_wait(asio::ip::tcp::socket::wait_read, [self = shared_from_this()](error_code ec) {
    if (!ec && self->state_ == State::open && !self->closing_) {
      self->read();
    }
  });
}

void Connection::read() {
  error_code ec;
  // One read a turn: a peer that sends without end shares the thread with all others.
  const std::size_t size = read_some(ec);
  if (ec == asio::error::would_block || ec == asio::error::try_again || ec == asio::error::interrupted) {
    await_read();
    return;
  }
  if (ec) {
    close(why(ec));
    return;
  }
  heard_ = base::Clock::now();
  consume({setup_.scratch->data(), size});
  if (state_ == State::open && !closing_) {
    watch();
    read_on();
  }
}

/// It has sent as many messages as it may in the second that began at second_.
bool Connection::is_sated() const {
  const unsigned most = setup_.settings->max_messages;
  return most != 0 && messages_ >= most && heard_ - second_ < std::chrono::seconds(1);
}

/// At once, or, for one that sends more messages than it may, when the second is over: what it has sent waits
/// in partial_, what it sends meanwhile fills the kernel's buffer, and then it has to wait.
void Connection::read_on() {
  if (!is_sated()) {
    await_read();
    return;
  }
  if (rest_ == nullptr) {
    rest_ = std::make_unique<asio::steady_timer>(socket_.get_executor());
  }
  rest_->expires_at(second_ + std::chrono::seconds(1));
  rest_->async_wait([weak = weak_from_this()](error_code ec) {
    const auto self = weak.lock();
    if (self && !ec && self->state_ == State::open && !self->closing_) {
      self->heard_ = base::Clock::now();
      self->consume({});
      if (self->state_ == State::open && !self->closing_) {
        self->watch();
        self->read_on();
      }
    }
  });
}

void Connection::consume(std::string_view fresh) {
  if (partial_.empty()) {
    const std::size_t taken = take_frames(fresh);
    if (state_ == State::open) {
      partial_.assign(fresh.substr(taken));
    }
  } else {
    partial_.append(fresh);
    const std::size_t taken = take_frames(partial_);
    partial_.erase(0, taken);
    if (taken != 0) {
      partial_since_ = base::Time::max();
    }
  }
  if (partial_.find_first_not_of("\r\n") == std::string::npos) {  // nothing, or a pong that may become a ping
    partial_since_ = base::Time::max();
  } else {
    partial_since_ = std::min(partial_since_, heard_);
  }
  if (partial_.empty()) {
    std::string().swap(partial_);  // an idle connection holds no buffer; an assignment would keep it
  }
}

/// How many bytes at the front are done with.
std::size_t Connection::take_frames(std::string_view bytes) {
  std::size_t taken = 0;
  while (taken < bytes.size() && state_ == State::open && !closing_ && !is_sated()) {
    const std::string_view rest = bytes.substr(taken);
    const Frame frame = next_frame(rest, setup_.settings->max_header, setup_.settings->max_body, &progress_);
    switch (frame.kind) {
      case Frame::Kind::need_more: return taken;
      case Frame::Kind::bad: reject(rest, frame.fault); return bytes.size();
      case Frame::Kind::ping:
        setup_.owner->on_ping();
        (void)send("\r\n", {});
        break;
      case Frame::Kind::skip: break;
      case Frame::Kind::message: take_message(rest.substr(0, frame.size)); break;
    }
    progress_ = {};
    taken += std::max<std::size_t>(frame.size, 1);
  }
  return std::min(taken, bytes.size());
}

void Connection::take_message(std::string_view bytes) {
  if (heard_ - second_ >= std::chrono::seconds(1)) {
    second_ = heard_;
    messages_ = 0;
  }
  ++messages_;
  Parsed parsed = parse_datagram(bytes);
  if (parsed.message) {
    spoke_ = true;
    setup_.owner->on_frame(std::move(*parsed.message), flow());
    return;
  }
  const bool answerable = parsed.error == ParseError::malformed;
  setup_.owner->on_bad_frame(parsed, flow());
  if (state_ == State::open && ((!answerable && parsed.error == ParseError::not_sip) || ++junk_ > max_junk)) {
    close("does not speak SIP");
  }
}

/// The stream cannot be cut into messages from here on: an answer if it deserves one, and the end.
void Connection::reject(std::string_view bytes, Frame::Fault fault) {
  closing_ = true;
  setup_.owner->on_bad_frame(parse_bad_frame(bytes, fault, setup_.settings->max_header), flow());
  if (state_ == State::open && queue_.empty() && !lingering_) {
    close("sent what cannot be a SIP message");
  } else if (state_ == State::open) {
    since_ = base::Clock::now();
    watch();
  }
}

/// Closing with bytes unread would be a reset, which may overtake the answer: the peer is told that this is
/// the end, and what it still sends is thrown away until it closes too, or the time is over (RFC 9112 9.6
/// tells the same of HTTP).
void Connection::linger() {
  if (lingering_) {
    return;
  }
  lingering_ = true;
  error_code ignored;
  if (tls_ != nullptr) {
    tls_->say_goodbye();
  }
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  read_on_for_nothing();
}

void Connection::read_on_for_nothing() {
  socket_.async_wait(asio::ip::tcp::socket::wait_read, [self = shared_from_this()](error_code ec) {
    if (ec || self->state_ != State::open) {
      return;
    }
    self->socket_.read_some(asio::buffer(*self->setup_.scratch), ec);  // TLS or not: nobody reads it
    if (ec && ec != asio::error::would_block && ec != asio::error::interrupted) {
      self->close("sent what cannot be a SIP message");
    } else {
      self->read_on_for_nothing();
    }
  });
}

}  // namespace switchroom::sip
