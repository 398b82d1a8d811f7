#include "mail/resolve.hpp"

#include "base/signal.hpp"

#include <sys/select.h>

#include <ares.h>
#include <cstring>
#include <memory>
#include <netdb.h>
#include <optional>

namespace switchroom::mail {
namespace {

using namespace std::chrono_literals;

struct Question {
  bool over = false;
  int status = ARES_SUCCESS;
  std::vector<base::IpAddress> found;
};

struct Destroy {
  void operator()(ares_channeldata* channel) const { ares_destroy(channel); }
};

void on_answer(void* self, int status, int /*timeouts*/, ares_addrinfo* info) {
  auto& question = *static_cast<Question*>(self);
  question.over = true;
  question.status = status;
  if (status != ARES_SUCCESS) {
    return;
  }
  for (const auto* node = info->nodes; node != nullptr; node = node->ai_next) {
    if (node->ai_family == AF_INET) {
      sockaddr_in address{};
      std::memcpy(&address, node->ai_addr, sizeof address);
      question.found.emplace_back(asio::ip::make_address_v4(ntohl(address.sin_addr.s_addr)));
    } else if (node->ai_family == AF_INET6) {
      sockaddr_in6 address{};
      std::memcpy(&address, node->ai_addr, sizeof address);
      asio::ip::address_v6::bytes_type bytes{};
      std::memcpy(bytes.data(), &address.sin6_addr, bytes.size());
      question.found.emplace_back(asio::ip::make_address_v6(bytes));
    }
  }
  ares_freeaddrinfo(info);
}

}  // namespace

awaitable<base::result<std::vector<base::IpAddress>>> resolve(std::string host, base::Duration limit) {
  error_code not_numeric;
  const auto numeric = asio::ip::make_address(host, not_numeric);
  if (!not_numeric) {
    co_return std::vector<base::IpAddress>{numeric};
  }
  Question question;  // before the channel, whose end calls back
  ares_channel raw = nullptr;
  if (ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS || ares_init(&raw) != ARES_SUCCESS) {
    co_return base::Error{"the resolver cannot start"};
  }
  const std::unique_ptr<ares_channeldata, Destroy> channel(raw);
  ares_addrinfo_hints hints{};
  hints.ai_family = AF_UNSPEC;
  ares_getaddrinfo(channel.get(), host.c_str(), nullptr, &hints, on_answer, &question);
  // A look every 20 ms: mail asks a few times an hour, which is not worth a place in the reactor.
  const base::Time deadline = base::Clock::now() + limit;
  while (!question.over && base::Clock::now() < deadline) {
    fd_set readers;
    fd_set writers;
    FD_ZERO(&readers);
    FD_ZERO(&writers);
    const int count = ares_fds(channel.get(), &readers, &writers);
    timeval none{};
    if (count > 0) {
      (void)::select(count, &readers, &writers, nullptr, &none);
    }
    ares_process(channel.get(), &readers, &writers);
    if (!question.over) {
      co_await base::nap(20ms);
    }
  }
  if (!question.over) {
    co_return base::Error{"the name " + host + " could not be looked up in time"};
  }
  if (question.found.empty()) {
    co_return base::Error{"the name " + host + " has no address: " + ares_strerror(question.status)};
  }
  co_return std::move(question.found);
}

}  // namespace switchroom::mail
