#include "guard/nftables.hpp"

#include "base/log.hpp"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <endian.h>
#include <unistd.h>
#include <utility>

namespace switchroom::guard {
namespace {

constexpr std::size_t in_one_message = 500;  // elements: an attribute has 65,535 bytes at most
constexpr int answer_limit = 5;              // s

std::uint8_t family_of(const std::string& name) {
  return name == "inet" ? NFPROTO_INET : name == "ip" ? NFPROTO_IPV4 : NFPROTO_IPV6;
}

/// Messages and nested attributes, written one behind the other.
class Writer {
 public:
  void begin(std::uint16_t type, std::uint16_t flags, std::uint8_t family, std::uint16_t resource) {
    message_ = bytes_.size();
    const nlmsghdr header{0, type, static_cast<std::uint16_t>(NLM_F_REQUEST | flags), ++sequence_, 0};
    append(&header, sizeof header);
    const nfgenmsg general{family, NFNETLINK_V0, htons(resource)};
    append(&general, sizeof general);
  }
  void end() {
    const auto length = static_cast<std::uint32_t>(bytes_.size() - message_);
    std::memcpy(bytes_.data() + message_, &length, sizeof length);
  }
  std::size_t open(std::uint16_t type) {
    const std::size_t at = bytes_.size();
    const nlattr header{0, static_cast<std::uint16_t>(type | NLA_F_NESTED)};
    append(&header, sizeof header);
    return at;
  }
  void close(std::size_t at) {
    const auto length = static_cast<std::uint16_t>(bytes_.size() - at);
    std::memcpy(bytes_.data() + at, &length, sizeof length);
  }
  void put(std::uint16_t type, const void* value, std::size_t size) {
    const nlattr header{static_cast<std::uint16_t>(NLA_HDRLEN + size), type};
    append(&header, sizeof header);
    append(value, size);
  }
  void put(std::uint16_t type, const std::string& text) { put(type, text.c_str(), text.size() + 1); }
  [[nodiscard]] std::uint32_t sequence() const { return sequence_; }
  [[nodiscard]] std::string take() { return std::move(bytes_); }

 private:
  void append(const void* value, std::size_t size) {
    bytes_.append(static_cast<const char*>(value), size);
    bytes_.append(NLA_ALIGN(size) - size, '\0');
  }

  std::string bytes_;
  std::size_t message_ = 0;
  std::uint32_t sequence_ = 0;
};

void put_element(Writer& out, const void* key, std::size_t size, std::uint64_t left_ms,
                 bool end_of_interval) {
  const std::size_t element = out.open(NFTA_LIST_ELEM);
  const std::size_t data = out.open(NFTA_SET_ELEM_KEY);
  out.put(NFTA_DATA_VALUE, key, size);
  out.close(data);
  if (end_of_interval) {
    const std::uint32_t flags = htonl(NFT_SET_ELEM_INTERVAL_END);
    out.put(NFTA_SET_ELEM_FLAGS, &flags, sizeof flags);
  } else {
    const std::uint64_t timeout = htobe64(left_ms);
    out.put(NFTA_SET_ELEM_TIMEOUT, &timeout, sizeof timeout);
  }
  out.close(element);
}

/// IPv6: the 64 bits that the address stands for, as an interval.
void put_ban(Writer& out, const Ban& ban, base::WallMicros now) {
  const auto left = static_cast<std::uint64_t>((ban.until - now) / 1000 + 1);
  if (ban.address.is_v4()) {
    const auto key = ban.address.to_v4().to_bytes();
    put_element(out, key.data(), key.size(), left, false);
    return;
  }
  auto key = ban.address.to_v6().to_bytes();
  std::fill(key.begin() + 8, key.end(), std::uint8_t{0});
  put_element(out, key.data(), key.size(), left, false);
  for (std::size_t at = 8; at > 0; --at) {
    if (++key[at - 1] != 0) {
      break;
    }
  }
  put_element(out, key.data(), key.size(), left, true);
}

void begin_of_set(Writer& out, const config::NftablesSet& where, std::uint16_t what, bool v6) {
  const auto type = static_cast<std::uint16_t>((NFNL_SUBSYS_NFTABLES << 8U) | what);
  const std::uint16_t create = what == NFT_MSG_NEWSETELEM ? NLM_F_CREATE : 0;
  out.begin(type, static_cast<std::uint16_t>(NLM_F_ACK | create), family_of(where.family), 0);
  out.put(NFTA_SET_ELEM_LIST_TABLE, where.table);
  out.put(NFTA_SET_ELEM_LIST_SET, where.set + (v6 ? "6" : ""));
}

/// The errno that the kernel answered with, 0 when all was done.
int transact(const NetlinkBatch& batch) {
  const int fd = ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
  if (fd < 0) {
    return errno;
  }
  const timeval limit{answer_limit, 0};
  const int room = 1 << 20;
  (void)::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  (void)::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
  int why = 0;
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  if (::sendto(fd, batch.bytes.data(), batch.bytes.size(), 0, reinterpret_cast<const sockaddr*>(&kernel),
               sizeof kernel) < 0) {
    why = errno;
  }
  for (bool done = why != 0; !done;) {
    alignas(nlmsghdr) std::array<char, 16384> answer{};
    const ssize_t size = ::recv(fd, answer.data(), answer.size(), 0);
    if (size <= 0) {
      why = size < 0 ? errno : EPIPE;
      break;
    }
    auto left = static_cast<std::uint32_t>(size);
    for (const auto* one = reinterpret_cast<const nlmsghdr*>(answer.data()); NLMSG_OK(one, left);
         one = NLMSG_NEXT(one, left)) {
      if (one->nlmsg_type == NLMSG_ERROR && one->nlmsg_len >= NLMSG_LENGTH(sizeof(nlmsgerr))) {
        why = -static_cast<const nlmsgerr*>(NLMSG_DATA(one))->error;
        done = done || why != 0 || one->nlmsg_seq == batch.last;
      }
      if (why != 0) {
        break;
      }
    }
  }
  ::close(fd);
  return why;
}

}  // namespace

NetlinkBatch fill_set(const config::NftablesSet& where, bool v6, const std::vector<Ban>& bans,
                      base::WallMicros now) {
  Writer out;
  out.begin(NFNL_MSG_BATCH_BEGIN, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
  out.end();
  begin_of_set(out, where, NFT_MSG_DELSETELEM, v6);  // without elements: all of them
  out.end();
  std::size_t count = 0;
  std::size_t list = 0;
  for (const Ban& ban : bans) {
    if (ban.address.is_v6() != v6 || ban.until <= now || count == most_handed_over) {
      continue;
    }
    if (count % in_one_message == 0) {
      if (count != 0) {
        out.close(list);
        out.end();
      }
      begin_of_set(out, where, NFT_MSG_NEWSETELEM, v6);
      list = out.open(NFTA_SET_ELEM_LIST_ELEMENTS);
    }
    put_ban(out, ban, now);
    ++count;
  }
  if (count != 0) {
    out.close(list);
    out.end();
  }
  const std::uint32_t last = out.sequence();
  out.begin(NFNL_MSG_BATCH_END, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
  out.end();
  return {out.take(), last};
}

Nftables::Nftables(config::NftablesSet where) : where_(std::move(where)), thread_([this] { run(); }) {}

Nftables::~Nftables() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
    bans_.emplace();
  }
  wake_.notify_one();
  thread_.join();
}

void Nftables::put(std::vector<Ban> bans) {
  {
    const std::scoped_lock lock(mutex_);
    bans_ = std::move(bans);
  }
  wake_.notify_one();
}

void Nftables::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [&] { return bans_.has_value(); });
    const auto bans = *std::exchange(bans_, std::nullopt);
    const bool last = stopping_;
    lock.unlock();
    hand_over(bans);
    if (last) {
      return;
    }
    lock.lock();
  }
}

// Two transactions: who has no set for IPv6 has that for IPv4 all the same.
void Nftables::hand_over(const std::vector<Ban>& bans) {
  const auto now = base::wall_now();
  std::string wrong;
  for (const bool v6 : {false, true}) {
    if (where_.family == (v6 ? "ip" : "ip6")) {
      continue;
    }
    if (const int why = transact(fill_set(where_, v6, bans, now)); why != 0) {
      wrong += (wrong.empty() ? "" : "; ") + where_.set + (v6 ? "6" : "") + ": " + std::strerror(why) +
               (why == EPERM ? " (it wants CAP_NET_ADMIN)" : "");
    }
  }
  if (!wrong.empty() && wrong != complained_) {
    log::line(
        log::Level::error, log::Subsystem::guard, {},
        "bans cannot be handed to nftables {} {} ({}): they hold all the same, by our own socket filter",
        where_.family, where_.table, wrong);
  }
  complained_ = wrong;
}

}  // namespace switchroom::guard
