#include "media/engine/latch.hpp"

#include <algorithm>

namespace switchroom::media {
namespace {

constexpr std::uint16_t max_advance = 100;  // a larger step in the sequence is no stream that moves on

}  // namespace

void Latch::start(const SocketAddress& announced, const SocketAddress& signalling) {
  signalling_ = signalling;
  if (announced == announced_) {
    return;
  }
  announced_ = announced;
  peer_ = SocketAddress();
  has_peer_ = locked_ = false;
  candidates_ = {};
}

bool Latch::admit(const SocketAddress& source, const Claim& claim, base::Time now) {
  if (!announced_) {
    return false;
  }
  if (source == announced_) {
    locked_ = true;
    accept(source, now);
    return true;
  }
  if (locked_ || (has_peer_ && now - last_heard_ <= patience)) {
    return false;
  }
  if (!source.same_host(announced_) && !(signalling_ && source.same_host(signalling_))) {
    return false;
  }
  Candidate& c = candidate(source);
  const auto ahead = static_cast<std::uint16_t>(claim.sequence - c.sequence);
  const bool goes_on = c.count > 0 && c.ssrc == claim.ssrc && ahead > 0 && ahead <= max_advance;
  c.count = goes_on ? c.count + 1 : 1;
  c.ssrc = claim.ssrc;
  c.sequence = claim.sequence;
  c.last = now;
  if (c.count < proof && !claim.proven) {
    return false;
  }
  accept(source, now);
  return true;
}

Latch::Candidate& Latch::candidate(const SocketAddress& source) {
  const auto known = std::ranges::find(candidates_, source, &Candidate::source);
  if (known != candidates_.end()) {
    return *known;
  }
  Candidate& oldest = *std::ranges::min_element(candidates_, {}, &Candidate::last);
  oldest = Candidate{.source = source};
  return oldest;
}

void Latch::accept(const SocketAddress& source, base::Time now) {
  peer_ = source;
  has_peer_ = true;
  last_heard_ = now;
  candidates_ = {};
}

}  // namespace switchroom::media
