#include "sip/transport/connection.hpp"

#include <netinet/tcp.h>

#include <algorithm>
#include <utility>

namespace switchroom::sip {
namespace {

constexpr auto connect_limit = std::chrono::seconds(5);
constexpr auto farewell_limit = std::chrono::seconds(2);  // for the 400 to a peer that is then left
constexpr unsigned max_junk = 16;

void set_option(int socket, int level, int what, int value) {
  (void)::setsockopt(socket, level, what, &value, sizeof value);
}

/// As a socket would say it.
std::size_t as_of_socket(const TlsStream::Step& step, error_code& ec) {
  using Next = TlsStream::Step::Next;
  switch (step.next) {
    case Next::go_on: return step.size;
    case Next::wait_to_read:
    case Next::wait_to_write: ec = asio::error::would_block; break;
    case Next::ended: ec = asio::error::eof; break;
    case Next::failed: ec = make_error_code(boost::system::errc::protocol_error); break;
  }
  return 0;
}

}  // namespace

Connection::Connection(asio::ip::tcp::socket socket, const Setup& setup)
    : setup_(setup),
      socket_(std::move(socket)),
      timer_(socket_.get_executor()),
      since_(base::Clock::now()),
      heard_(since_),
      partial_since_(base::Time::max()) {}

// -- beginning -------------------------------------------------------------------------------------

void Connection::start() {
  tune();
  begin();
}

void Connection::connect(const base::IpAddress& from) {
  state_ = State::connecting;
  spoke_ = true;  // it is we who speak first
  ours_ = true;
  const asio::ip::tcp::endpoint remote(setup_.remote.address, setup_.remote.port);
  error_code ec;
  socket_.open(remote.protocol(), ec);
  if (!ec && !from.is_unspecified() && from.is_v4() == remote.address().is_v4()) {
    socket_.bind({from, 0}, ec);
  }
  watch();
  if (ec) {
    asio::post(socket_.get_executor(), [self = shared_from_this(), ec] { self->on_connected(ec); });
    return;
  }
  socket_.async_connect(remote,
                        [self = shared_from_this()](error_code failed) { self->on_connected(failed); });
}

void Connection::on_connected(const error_code& ec) {
  if (state_ != State::connecting) {
    return;
  }
  if (ec) {
    close(ec.message());
    return;
  }
  tune();
  begin();
}

/// The way is open, or is secured first.
void Connection::begin() {
  heard_ = since_ = base::Clock::now();
  if (setup_.tls == nullptr || secured_) {
    state_ = State::open;
    watch();
    await_read();
    flush();
    return;
  }
  const int fd = socket_.native_handle();
  tls_ = ours_ ? TlsStream::connect(*setup_.tls, fd, setup_.peer) : TlsStream::accept(*setup_.tls, fd);
  state_ = State::securing;
  watch();
  if (tls_ == nullptr) {
    close("no TLS can be had");
    return;
  }
  shake_hands();
}

void Connection::shake_hands() {
  using Next = TlsStream::Step::Next;
  const auto next = tls_->handshake().next;
  if (next == Next::go_on) {
    secured_ = true;
    setup_.owner->on_secured(*this);
    begin();
    return;
  }
  if (next != Next::wait_to_read && next != Next::wait_to_write) {
    close("the TLS handshake failed: " + (tls_->why().empty() ? "it was cut off" : tls_->why()));
    return;
  }
  using Socket = asio::ip::tcp::socket;
  socket_.async_wait(next == Next::wait_to_read ? Socket::wait_read : Socket::wait_write,
                     [self = shared_from_this()](error_code ec) {
                       if (!ec && self->state_ == State::securing) {
                         self->shake_hands();
                       }
                     });
}

void Connection::tune() {
  connected_ = true;
  error_code ignored;
  socket_.non_blocking(true, ignored);
  const int fd = socket_.native_handle();
  set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  // A peer that vanished is found out by what we send (20 s) or by the kernel's probes (about 2 min).
  set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 20000);
  set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, 90);
  set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, 15);
}

base::IpAddress Connection::local_address() const {
  error_code ec;
  const auto local = socket_.local_endpoint(ec);
  return ec || state_ != State::open ? base::IpAddress() : base::unmapped(local.address());
}

// -- reading ---------------------------------------------------------------------------------------

// Waits for readiness, not for bytes, so that an idle connection holds no buffer.
void Connection::await_read() {
  socket_.async_wait(asio::ip::tcp::socket::wait_read, [self = shared_from_this()](error_code ec) {
    if (!ec && self->state_ == State::open && !self->closing_) {
      self->read();
    }
  });
}

std::size_t Connection::read_some(error_code& ec) {
  // A TLS record is smaller than the scratch: nothing stays behind in OpenSSL that the socket knows not of.
  return tls_ == nullptr ? socket_.read_some(asio::buffer(*setup_.scratch), ec)
                         : as_of_socket(tls_->read(*setup_.scratch), ec);
}

std::size_t Connection::write_some(std::string_view bytes, error_code& ec) {
  return tls_ == nullptr ? socket_.write_some(asio::buffer(bytes.data(), bytes.size()), ec)
                         : as_of_socket(tls_->write(bytes), ec);
}

std::string Connection::why(const error_code& ec) const {
  if (ec == asio::error::eof) {
    return "closed by the peer";
  }
  return tls_ != nullptr && !tls_->why().empty() ? "TLS: " + tls_->why() : ec.message();
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
      case Frame::Kind::bad: reject(rest); return bytes.size();
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
void Connection::reject(std::string_view bytes) {
  const auto end = bytes.find("\r\n\r\n");
  Parsed parsed = parse_datagram(bytes.substr(0, end == std::string_view::npos ? bytes.size() : end + 4));
  if (parsed.message) {  // well-formed as a datagram, but not by its Content-Length
    parsed.error = ParseError::unanswerable;
    parsed.why = "no usable Content-Length";
    if (parsed.message->is_request) {
      parsed.error = ParseError::malformed;
      parsed.reject = std::move(parsed.message);
    }
    parsed.message.reset();
  }
  closing_ = true;
  setup_.owner->on_bad_frame(parsed, flow());
  if (state_ == State::open && queue_.empty()) {
    close("sent what cannot be a SIP message");
  } else if (state_ == State::open) {
    since_ = base::Clock::now();
    watch();
  }
}

// -- writing ---------------------------------------------------------------------------------------

bool Connection::send(std::string bytes, std::function<void()> failed) {
  if (state_ == State::closed) {
    return false;
  }
  if (queued_ + bytes.size() > setup_.settings->max_queued_bytes) {
    close("does not read what is sent to it");
    return false;
  }
  queued_ += bytes.size();
  queue_.push_back({std::move(bytes), 0, std::move(failed)});
  if (state_ == State::open && !writing_) {
    flush();
  }
  return true;
}

void Connection::flush() {
  while (!queue_.empty() && state_ == State::open) {
    Outgoing& front = queue_.front();
    error_code ec;
    const std::size_t sent = write_some(std::string_view(front.bytes).substr(front.sent), ec);
    if (ec == asio::error::would_block || ec == asio::error::try_again) {
      await_write();
      return;
    }
    if (ec) {
      close(why(ec));
      return;
    }
    heard_ = base::Clock::now();
    front.sent += sent;
    queued_ -= sent;
    if (front.sent == front.bytes.size()) {
      queue_.pop_front();
    }
  }
  if (closing_ && state_ == State::open) {
    close("sent what cannot be a SIP message");
  }
}

void Connection::await_write() {
  writing_ = true;
  socket_.async_wait(asio::ip::tcp::socket::wait_write, [self = shared_from_this()](error_code ec) {
    self->writing_ = false;
    if (!ec && self->state_ == State::open) {
      self->flush();
    }
  });
}

// -- deadlines and the end -------------------------------------------------------------------------

base::Time Connection::deadline() const {
  if (state_ == State::connecting) {
    return since_ + connect_limit;
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
    close("does not answer");
  } else if (state_ == State::securing) {
    close("the TLS handshake took too long");
  } else if (!spoke_ || partial_since_ != base::Time::max()) {
    close("sent no whole message in time");
  } else {
    close("idle");
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
  if (tls_ != nullptr && state_ == State::open) {
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
