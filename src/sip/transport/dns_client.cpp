#include "sip/transport/dns_client.hpp"

#include "base/log.hpp"
#include "sip/transport/dns_ttl.hpp"

#include <arpa/nameser.h>

#include <algorithm>
#include <cstring>
#include <netdb.h>
#include <stdexcept>
#include <utility>

namespace switchroom::sip {
namespace {

constexpr int first_try_ms = 1000;  // the second try has twice as long: 3 s in all, of the 5 that there are
constexpr int tries = 2;
constexpr std::size_t max_records = 32;

timespec changed_at(const char* path) {
  struct stat facts{};
  return ::stat(path, &facts) == 0 ? facts.st_mtim : timespec{};
}

std::vector<NaptrRecord> parse_naptr(const unsigned char* bytes, int size, int& status) {
  ares_naptr_reply* list = nullptr;
  status = ares_parse_naptr_reply(bytes, size, &list);
  std::vector<NaptrRecord> records;
  const auto text = [](const unsigned char* raw) {
    return std::string(raw, raw + std::char_traits<char>::length(reinterpret_cast<const char*>(raw)));
  };
  for (const auto* one = list; one != nullptr && records.size() < max_records; one = one->next) {
    records.push_back({one->order, one->preference, text(one->flags), text(one->service), one->replacement});
  }
  ares_free_data(list);
  return records;
}

std::vector<SrvRecord> parse_srv(const unsigned char* bytes, int size, int& status) {
  ares_srv_reply* list = nullptr;
  status = ares_parse_srv_reply(bytes, size, &list);
  std::vector<SrvRecord> records;
  for (const auto* one = list; one != nullptr && records.size() < max_records; one = one->next) {
    records.push_back({one->priority, one->weight, one->port, one->host});
  }
  ares_free_data(list);
  return records;
}

base::IpAddress address_of(const ares_addrinfo_node& node) {
  if (node.ai_family == AF_INET) {
    sockaddr_in raw{};
    std::memcpy(&raw, node.ai_addr, sizeof raw);
    return asio::ip::address_v4(ntohl(raw.sin_addr.s_addr));
  }
  sockaddr_in6 raw{};
  std::memcpy(&raw, node.ai_addr, sizeof raw);
  asio::ip::address_v6::bytes_type bytes;
  std::memcpy(bytes.data(), &raw.sin6_addr, bytes.size());
  return asio::ip::address_v6(bytes);
}

}  // namespace

DnsClient::DnsClient(asio::io_context& context, std::string servers)
    : context_(context), servers_(std::move(servers)), timer_(context) {
  if (ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS) {
    throw std::runtime_error("the resolver library cannot be initialised");
  }
  open();
}

DnsClient::~DnsClient() {
  close();
  ares_library_cleanup();
}

void DnsClient::open() {
  configured_ = changed_at("/etc/resolv.conf");
  ares_options options{};
  options.flags = ARES_FLAG_NOSEARCH;  // a provider's name is whole; none of ours is put behind it
  options.timeout = first_try_ms;
  options.tries = tries;
  options.sock_state_cb = [](void* self, ares_socket_t fd, int read, int write) {
    static_cast<DnsClient*>(self)->on_socket(fd, read != 0, write != 0);
  };
  options.sock_state_cb_data = this;
  const int what = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB;
  int status = ares_init_options(&channel_, &options, what);
  if (status == ARES_SUCCESS && !servers_.empty()) {
    status = ares_set_servers_ports_csv(channel_, servers_.c_str());
  }
  if (status != ARES_SUCCESS) {
    close();
    throw std::runtime_error(std::string("the resolver cannot start: ") + ares_strerror(status));
  }
}

void DnsClient::close() {
  if (channel_ != nullptr) {
    ares_destroy(std::exchange(channel_, nullptr));  // calls back for all that is pending
  }
  timer_.cancel();
  sockets_.clear();
}

/// A machine that gets its name servers after we started (DHCP) shall not want a restart of ours.
void DnsClient::renew_if_changed() {
  if (!servers_.empty() || !pending_.empty()) {
    return;
  }
  const timespec now = changed_at("/etc/resolv.conf");
  if (now.tv_sec == configured_.tv_sec && now.tv_nsec == configured_.tv_nsec) {
    return;
  }
  close();
  open();
}

// -- questions -------------------------------------------------------------------------------------

DnsClient::Pending& DnsClient::add_pending() {
  const auto self = pending_.emplace(pending_.end());
  self->client = this;
  self->self = self;
  return *self;
}

void DnsClient::ask(const std::string& name, int type,
                    std::function<void(int, const unsigned char*, int)> on_bytes) {
  renew_if_changed();
  Pending& pending = add_pending();
  pending.on_bytes = std::move(on_bytes);
  ares_query(channel_, name.c_str(), ns_c_in, type, &DnsClient::on_answer, &pending);
  arm();
}

Asked<NaptrRecord> DnsClient::naptr(const std::string& name) {
  auto question = std::make_shared<Question<NaptrRecord>>(context_.get_executor());
  ask(name, ns_t_naptr, [question](int status, const unsigned char* bytes, int size) {
    question->status = status;
    if (status == ARES_SUCCESS) {
      question->records = parse_naptr(bytes, size, question->status);
      question->ttl = shortest_ttl(bytes, size);
    }
    question->answered.notify();
  });
  return question;
}

Asked<SrvRecord> DnsClient::srv(const std::string& name) {
  auto question = std::make_shared<Question<SrvRecord>>(context_.get_executor());
  ask(name, ns_t_srv, [question](int status, const unsigned char* bytes, int size) {
    question->status = status;
    if (status == ARES_SUCCESS) {
      question->records = parse_srv(bytes, size, question->status);
      question->ttl = shortest_ttl(bytes, size);
    }
    question->answered.notify();
  });
  return question;
}

Asked<base::IpAddress> DnsClient::addresses(const std::string& name) {
  renew_if_changed();
  auto question = std::make_shared<Question<base::IpAddress>>(context_.get_executor());
  Pending& pending = add_pending();
  pending.addresses = question;
  ares_addrinfo_hints hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_DGRAM;
  hints.ai_flags = ARES_AI_NOSORT;  // sorting opens a socket for each address
  ares_getaddrinfo(channel_, name.c_str(), nullptr, &hints, &DnsClient::on_addresses, &pending);
  arm();
  return question;
}

void DnsClient::on_answer(void* pending, int status, int /*timeouts*/, unsigned char* bytes, int size) {
  auto* self = static_cast<Pending*>(pending);
  const auto on_bytes = std::move(self->on_bytes);
  self->client->pending_.erase(self->self);
  on_bytes(status, bytes, size);
}

void DnsClient::on_addresses(void* pending, int status, int /*timeouts*/, ares_addrinfo* found) {
  auto* self = static_cast<Pending*>(pending);
  const auto question = std::move(self->addresses);
  self->client->pending_.erase(self->self);
  question->status = status;
  for (const int family : {AF_INET, AF_INET6}) {
    for (const auto* node = found != nullptr ? found->nodes : nullptr; node != nullptr;
         node = node->ai_next) {
      if (node->ai_family == family && question->records.size() < max_records) {
        question->records.push_back(address_of(*node));
        question->ttl = std::min(question->ttl, static_cast<std::uint32_t>(std::max(node->ai_ttl, 0)));
      }
    }
  }
  ares_freeaddrinfo(found);
  question->answered.notify();
}

// -- c-ares' sockets and clock ---------------------------------------------------------------------

void DnsClient::on_socket(int fd, bool read, bool write) {
  const auto known = sockets_.find(fd);
  if (!read && !write) {
    if (known != sockets_.end()) {
      known->second->wants_read = known->second->wants_write = false;
      (void)known->second->descriptor.release();  // c-ares closes it itself
      sockets_.erase(known);
    }
    return;
  }
  const auto socket = known != sockets_.end()
                          ? known->second
                          : sockets_.emplace(fd, std::make_shared<Socket>(context_, fd)).first->second;
  socket->wants_read = read;
  socket->wants_write = write;
  await(socket);
}

void DnsClient::await(const std::shared_ptr<Socket>& socket) {
  using Descriptor = asio::posix::stream_descriptor;
  const auto wait = [this, &socket](Descriptor::wait_type what, bool Socket::* wants,
                                    bool Socket::* waiting) {
    if (!((*socket).*wants) || (*socket).*waiting) {
      return;
    }
    (*socket).*waiting = true;
    // The descriptor of a socket that is gone was released: its handlers come with an error, or find
    // that nothing is wanted any more, and then do not touch `this`.
    socket->descriptor.async_wait(what, [this, socket, what, wants, waiting](error_code ec) {
      (*socket).*waiting = false;
      if (ec || !((*socket).*wants)) {
        return;
      }
      const int fd = socket->descriptor.native_handle();
      process(what == Descriptor::wait_read ? fd : ARES_SOCKET_BAD,
              what == Descriptor::wait_write ? fd : ARES_SOCKET_BAD);
      await(socket);
    });
  };
  wait(Descriptor::wait_read, &Socket::wants_read, &Socket::reading);
  wait(Descriptor::wait_write, &Socket::wants_write, &Socket::writing);
}

void DnsClient::process(int read, int write) {
  ares_process_fd(channel_, read, write);
  arm();
}

void DnsClient::arm() {
  timeval room{};
  if (pending_.empty() || ares_timeout(channel_, nullptr, &room) == nullptr) {
    timer_.cancel();
    return;
  }
  timer_.expires_after(std::chrono::seconds(room.tv_sec) + std::chrono::microseconds(room.tv_usec) +
                       std::chrono::milliseconds(1));
  timer_.async_wait([this, alive = std::weak_ptr<char>(alive_)](error_code ec) {
    if (!ec && !alive.expired()) {
      process(ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    }
  });
}

}  // namespace switchroom::sip
