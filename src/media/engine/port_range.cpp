#include "media/engine/port_range.hpp"

#include "base/random.hpp"

#include <cerrno>

namespace switchroom::media {
namespace {

/// The error that tells "somebody else has this port" from "no port of this address can be had".
bool is_taken(int error) { return error == EADDRINUSE; }

base::result<BoundPair, int> bind_pair(const base::IpAddress& local, std::uint16_t port) {
  auto rtp = Socket::bind({local, port});
  if (!rtp) {
    return rtp.error();
  }
  auto rtcp = Socket::bind({local, static_cast<std::uint16_t>(port + 1)});
  if (!rtcp) {
    return rtcp.error();
  }
  return BoundPair{std::move(*rtp), std::move(*rtcp), port};
}

}  // namespace

void PortRange::configure(std::uint16_t first, std::uint16_t last) {
  const std::uint32_t even = (std::uint32_t{first} + 1U) & ~1U;
  first_ = static_cast<std::uint16_t>(even);
  pairs_ = even < last ? (last - even + 1U) / 2U : 0;
  if (even == 0 && pairs_ > 0) {  // port 0 is no port
    first_ = 2;
    --pairs_;
  }
}

base::result<BoundPair, Engine::OpenError> PortRange::open(const base::IpAddress& local) {
  if (pairs_ == 0) {
    return Engine::OpenError::ports_used_up;
  }
  std::vector<bool>& used = used_.try_emplace(local, std::size_t{1} << 15U).first->second;
  unsigned attempts = 0;
  // Random picks find a free pair fast in a range with room; the walk that follows finds the last one.
  const std::uint32_t picks = 16;
  const std::uint32_t start = base::random_below(pairs_);
  for (std::uint32_t i = 0; i < picks + pairs_ && attempts < max_attempts; ++i) {
    const std::uint32_t pair = i < picks ? base::random_below(pairs_) : (start + i) % pairs_;
    const auto port = static_cast<std::uint16_t>(first_ + 2 * pair);
    if (used[port / 2U]) {
      continue;
    }
    ++attempts;
    auto bound = bind_pair(local, port);
    if (bound) {
      used[port / 2U] = true;
      return std::move(*bound);
    }
    if (!is_taken(bound.error())) {
      return Engine::OpenError::cannot_bind;
    }
  }
  return Engine::OpenError::ports_used_up;
}

void PortRange::release(const base::IpAddress& local, std::uint16_t port) {
  const auto used = used_.find(local);
  if (used != used_.end()) {
    used->second[port / 2U] = false;
  }
}

}  // namespace switchroom::media
