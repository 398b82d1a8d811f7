// c-ares in asio: questions go out in parallel, answers are waited for. Private to this folder.
#pragma once

#include "base/asio.hpp"
#include "base/net.hpp"
#include "base/signal.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <sys/stat.h>

#include <ares.h>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace switchroom::sip {

struct NaptrRecord {
  std::uint16_t order = 0;
  std::uint16_t preference = 0;
  std::string flags;
  std::string service;
  std::string replacement;
};

struct SrvRecord {
  std::uint16_t priority = 0;
  std::uint16_t weight = 0;
  std::uint16_t port = 0;
  std::string target;
};

/// A question that is under way or answered. Call thread. Shared by the asker and by the client, which
/// must not lose it while c-ares still works on it after the asker was cancelled.
template <class Record>
struct Question {
  explicit Question(const asio::any_io_executor& executor) : answered(executor) {}
  base::Signal answered;
  int status = ARES_ETIMEOUT;      // of c-ares
  std::uint32_t ttl = UINT32_MAX;  // seconds: the shortest of its records; the largest number without any
  std::vector<Record> records;
};
template <class Record>
using Asked = std::shared_ptr<Question<Record>>;

/// Call thread.
class DnsClient {
 public:
  /// `servers`: "127.0.0.1:5353,…"; empty means the system's resolv.conf, read again when it has changed.
  DnsClient(asio::io_context& context, std::string servers);
  ~DnsClient();
  DnsClient(const DnsClient&) = delete;
  DnsClient& operator=(const DnsClient&) = delete;

  Asked<NaptrRecord> naptr(const std::string& name);
  Asked<SrvRecord> srv(const std::string& name);
  /// A and AAAA, also from /etc/hosts; IPv4 first.
  Asked<base::IpAddress> addresses(const std::string& name);

 private:
  /// One that c-ares holds a pointer to, until it calls back, which it does exactly once.
  struct Pending {
    DnsClient* client = nullptr;  // not owned
    std::list<Pending>::iterator self;
    std::function<void(int status, const unsigned char* bytes, int size)> on_bytes;
    Asked<base::IpAddress> addresses;
  };
  /// A socket of c-ares'. Shared: the handler that asio holds looks whether it is gone.
  struct Socket {
    Socket(asio::io_context& context, int fd) : descriptor(context, fd) {}
    asio::posix::stream_descriptor descriptor;
    bool wants_read = false, wants_write = false, reading = false, writing = false;
  };

  void open();
  void close();
  void renew_if_changed();
  void ask(const std::string& name, int type, std::function<void(int, const unsigned char*, int)> on_bytes);
  Pending& add_pending();
  static void on_answer(void* pending, int status, int timeouts, unsigned char* bytes, int size);
  static void on_addresses(void* pending, int status, int timeouts, ares_addrinfo* found);
  void on_socket(int fd, bool read, bool write);
  void await(const std::shared_ptr<Socket>& socket);
  void process(int read, int write);
  void arm();

  asio::io_context& context_;
  std::string servers_;
  timespec configured_{};  // when resolv.conf was last changed
  asio::steady_timer timer_;
  std::list<Pending> pending_;
  std::unordered_map<int, std::shared_ptr<Socket>> sockets_;
  ares_channel channel_ = nullptr;
  std::shared_ptr<char> alive_ =
      std::make_shared<char>();  // shared: a timer that has already fired looks at it
};

}  // namespace switchroom::sip
