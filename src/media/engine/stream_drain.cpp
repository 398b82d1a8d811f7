// A member of a mix takes its packets at the beat: they are needed then and not before, and a thread that is
// woken for each of a thousand members' packets does little else.
#include "media/engine/stream.hpp"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <time.h>

namespace switchroom::media {
namespace {

constexpr std::size_t batch = 4;
constexpr int most_batches = 4;            // at a beat: a flood takes no more than this
constexpr std::size_t packet_size = 2048;  // bytes, as in media_thread.cpp
constexpr auto longest_wait = std::chrono::seconds(1);

/// When the kernel got it, on our clock: so exact that the jitter buffer sees the network and not the beat.
base::Time arrival(const msghdr& message, base::Time now, const timespec& wall) {
  for (const cmsghdr* note = CMSG_FIRSTHDR(&message); note != nullptr;
       note = CMSG_NXTHDR(const_cast<msghdr*>(&message), const_cast<cmsghdr*>(note))) {
    if (note->cmsg_level != SOL_SOCKET || note->cmsg_type != SCM_TIMESTAMPNS) {
      continue;
    }
    timespec stamp{};
    std::memcpy(&stamp, CMSG_DATA(note), sizeof stamp);
    const auto age = std::chrono::seconds(wall.tv_sec - stamp.tv_sec) +
                     std::chrono::nanoseconds(wall.tv_nsec - stamp.tv_nsec);
    return now - std::clamp<base::Duration>(age, base::Duration::zero(), longest_wait);
  }
  return now;
}

}  // namespace

void Stream::wait_for_packets(bool by_epoll) {
  if (drains_ != by_epoll || epoll_ < 0) {
    return;  // it does so already
  }
  drains_ = !by_epoll;
  const int stamps = drains_ ? 1 : 0;
  (void)::setsockopt(rtp_.fd(), SOL_SOCKET, SO_TIMESTAMPNS, &stamps, sizeof stamps);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = &rtp_readable_;
  (void)::epoll_ctl(epoll_, by_epoll ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, rtp_.fd(), &event);
}

void Stream::drain(base::Time now) {
  struct alignas(cmsghdr) Notes {
    std::array<std::uint8_t, 64> bytes;
  };
  std::array<std::array<std::uint8_t, packet_size>, batch> buffers;
  std::array<Notes, batch> notes;
  std::array<SocketAddress, batch> sources;
  std::array<iovec, batch> parts;
  std::array<mmsghdr, batch> messages;
  for (int round = 0; round < most_batches; ++round) {
    for (std::size_t i = 0; i < batch; ++i) {
      parts[i] = {buffers[i].data(), buffers[i].size()};
      messages[i] = {};
      messages[i].msg_hdr.msg_name = sources[i].data();
      messages[i].msg_hdr.msg_namelen = SocketAddress::capacity();
      messages[i].msg_hdr.msg_iov = &parts[i];
      messages[i].msg_hdr.msg_iovlen = 1;
      messages[i].msg_hdr.msg_control = notes[i].bytes.data();
      messages[i].msg_hdr.msg_controllen = notes[i].bytes.size();
    }
    const int count = ::recvmmsg(rtp_.fd(), messages.data(), batch, MSG_DONTWAIT | MSG_TRUNC, nullptr);
    timespec wall{};
    if (count > 0) {
      ::clock_gettime(CLOCK_REALTIME, &wall);
    }
    for (std::size_t i = 0; count > 0 && i < static_cast<std::size_t>(count); ++i) {
      Received received{{}, sources[i], messages[i].msg_len <= packet_size};
      received.datagram = std::span(buffers[i]).first(received.whole ? messages[i].msg_len : 0);
      Turn turn{buffers[i], arrival(messages[i].msg_hdr, now, wall), *totals_};
      take(received, turn);
    }
    if (count < static_cast<int>(batch)) {
      return;
    }
  }
}

}  // namespace switchroom::media
