// A member of a mix takes its packets at the beat: they are needed then and not before, and a thread that is
// woken for each of a thousand members' packets does little else.
#include "media/engine/stream.hpp"

#include <sys/epoll.h>

#include <array>
#include <cstring>
#include <time.h>

namespace switchroom::media {
namespace {

constexpr std::size_t batch = 6;
constexpr std::size_t usual_batch = 4;     // of who is heard: more than come within a beat
constexpr unsigned muted_turn = 4;         // beats for which the packets of who is muted may wait
constexpr std::size_t most = 16;           // at a beat: a flood takes no more than this
constexpr unsigned silent_after = 50;      // times that nothing was there
constexpr std::size_t packet_size = 2048;  // bytes, as in media_thread.cpp

/// When the kernel got it, on our clock: so exact that the jitter buffer sees the network and not the beat.
base::Time arrival(const msghdr& message, const BeatClock& clock, base::Time now) {
  for (const cmsghdr* note = CMSG_FIRSTHDR(&message); note != nullptr;
       note = CMSG_NXTHDR(const_cast<msghdr*>(&message), const_cast<cmsghdr*>(note))) {
    if (note->cmsg_level == SOL_SOCKET && note->cmsg_type == SCM_TIMESTAMPNS) {
      timespec stamp{};
      std::memcpy(&stamp, CMSG_DATA(note), sizeof stamp);
      return clock.arrival(stamp);
    }
  }
  return now;
}

}  // namespace

void Stream::stamp_packets(bool on) {
  const int stamps = on ? 1 : 0;
  (void)::setsockopt(rtp_.fd(), SOL_SOCKET, SO_TIMESTAMPNS, &stamps, sizeof stamps);
}

void Stream::wait_for_packets(bool by_epoll) {
  if (drains_ != by_epoll || epoll_ < 0) {
    return;  // it does so already
  }
  drains_ = !by_epoll;
  empty_beats_ = 0;
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = &rtp_readable_;
  (void)::epoll_ctl(epoll_, by_epoll ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, rtp_.fd(), &event);
}

/// What a muted member sends is counted, and no more: four packets at once cost little more than one.
bool Stream::may_wait() {
  return ear_ == nullptr && !dtls_.may_have_news() && ++muted_beats_ % muted_turn != 0;
}

void Stream::drain(base::Time now) {
  if (may_wait()) {
    return;
  }
  struct alignas(cmsghdr) Notes {
    std::array<std::uint8_t, 64> bytes;
  };
  std::array<std::array<std::uint8_t, packet_size>, batch> buffers;
  std::array<Notes, batch> notes;
  std::array<SocketAddress, batch> sources;
  std::array<iovec, batch> parts;
  std::array<mmsghdr, batch> messages;
  // Who dozes wakes with a loud packet: one is taken, and more only while they are older than a beat, which
  // saves asking an empty socket for another one.
  const bool dozes = doze_.on();
  const std::size_t wanted = dozes ? 1 : ear_ == nullptr ? batch : usual_batch;
  for (std::size_t taken = 0; taken < most;) {
    for (std::size_t i = 0; i < wanted; ++i) {
      parts[i] = {buffers[i].data(), buffers[i].size()};
      messages[i] = {};
      messages[i].msg_hdr.msg_name = sources[i].data();
      messages[i].msg_hdr.msg_namelen = SocketAddress::capacity();
      messages[i].msg_hdr.msg_iov = &parts[i];
      messages[i].msg_hdr.msg_iovlen = 1;
      messages[i].msg_hdr.msg_control = notes[i].bytes.data();
      messages[i].msg_hdr.msg_controllen = notes[i].bytes.size();
    }
    const int got = rtp_.receive(std::span(messages).first(wanted));
    const std::size_t count = got > 0 ? static_cast<std::size_t>(got) : 0;
    if (count == 0 && taken == 0) {
      if (++empty_beats_ >= silent_after) {
        wait_for_packets(true);  // it costs nothing until something comes
      }
      return;
    }
    empty_beats_ = 0;
    base::Time newest{};
    for (std::size_t i = 0; i < count; ++i) {
      Received received{{}, sources[i], messages[i].msg_len <= packet_size};
      received.datagram = std::span(buffers[i]).first(received.whole ? messages[i].msg_len : 0);
      newest = arrival(messages[i].msg_hdr, *clock_, now);
      Turn turn{buffers[i], newest, *totals_};
      take(received, turn);
    }
    taken += count;
    if (count < wanted || (dozes && now - newest < BeatClock::beat)) {
      return;
    }
  }
}

}  // namespace switchroom::media
