// One leg's RTP on its media thread: receive, check, count, relay, send.
#pragma once

#include "media/engine/latch.hpp"
#include "media/engine/port_block.hpp"
#include "media/engine/rtcp_session.hpp"
#include "media/engine/socket.hpp"
#include "media/rtp/payload_map.hpp"
#include "media/rtp/receiver_statistics.hpp"
#include "media/rtp/sender.hpp"

#include <cstdint>
#include <memory>
#include <span>

namespace switchroom::media {

using StreamId = std::uint64_t;
using LinkId = std::uint64_t;  // 0: none

/// Counters of one media thread.
struct ThreadTotals {
  Counter relayed, dropped, strangers;
};

/// What the packet path borrows from its thread for one turn.
struct Turn {
  std::span<std::uint8_t> buffer;  // larger than any packet that is meant honestly
  base::Time now;                  // taken once for all packets of a turn
  ThreadTotals& totals;
};

/// The media thread's half of a Port. It belongs to one media thread at a time, which alone calls it;
/// a move to another thread passes the unique_ptr on as a posted value, with the sockets registered at
/// neither thread meanwhile: what arrives then waits in the kernel.
///
/// A packet's way: on_rtp (receive, parse, latch, count) → forward (map the payload type) → send of the
/// partner (continuity, header, socket). The payload is never copied: the new header is written in front
/// of it, which drops CSRCs, extensions and padding, none of which were negotiated.
class Stream {
 public:
  struct Setup {
    StreamId id = 0;
    PortSettings settings;
    Socket rtp;
    Socket rtcp;
    std::shared_ptr<PortBlock> block;  // why shared: see PortBlock
    asio::io_context& call_context;    // where events are posted; outlives the engine
  };
  explicit Stream(Setup setup);
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  [[nodiscard]] StreamId id() const { return id_; }

  // Commands of the call thread, in its order.
  void apply(const sdp::MediaPlan& plan, base::Time now);
  void echo(bool on);
  /// The last thing said to the peer: RTCP BYE (RFC 3550 section 6.3.7).
  void say_goodbye(base::Time now);

  // Links. The names are set by the call thread's commands; the pointers only while both are here.
  void name_partner(LinkId link, StreamId partner);
  [[nodiscard]] LinkId link() const { return link_; }
  [[nodiscard]] StreamId partner() const { return partner_id_; }
  void connect(Stream& partner);
  void disconnect();

  /// What epoll hands back for a socket that can be read.
  struct Readable {
    Stream* stream = nullptr;  // not owned: the one that this is a member of
    bool rtcp = false;
    [[nodiscard]] int fd() const { return rtcp ? stream->rtcp_.fd() : stream->rtp_.fd(); }
    void receive(Turn& turn) const { rtcp ? stream->on_rtcp(turn) : stream->on_rtp(turn); }
  };
  Readable& rtp_readable() { return rtp_readable_; }
  Readable& rtcp_readable() { return rtcp_readable_; }

  /// Timeouts and reports; called about ten times a second.
  void sweep(base::Time now);

 private:
  struct Received {
    std::span<std::uint8_t> datagram;
    SocketAddress source;
    bool whole = false;  // something was received and it fitted
  };
  static Received receive(const Socket& socket, Turn& turn);
  void on_rtp(Turn& turn);
  void on_rtcp(Turn& turn);
  void read_report(const Received& received, Turn& turn);
  bool admit(const SocketAddress& source, const RtpPacket& packet, Turn& turn);
  void on_bad_packet(const SocketAddress& source, Turn& turn);
  void accept(const RtpPacket& packet, const PayloadKind& kind, Turn& turn);
  void forward(RtpPacket& packet, std::span<std::uint8_t> datagram, Turn& turn);
  void send(RtpPacket& packet, std::span<std::uint8_t> datagram, const Stream& from, Turn& turn);

  void route();
  [[nodiscard]] bool can_send() const;
  [[nodiscard]] bool peer_is_silent_by_plan() const;
  void send_report(base::Time now, bool goodbye);
  [[nodiscard]] const SocketAddress* report_destination() const;
  void tell_first_packet();
  void tell_timeout(base::Duration silent);

  // Read for each packet.
  StreamId id_;
  Socket rtp_;
  Latch latch_;
  Stream* target_ = nullptr;  // not owned; who sends what we receive: the partner, or ourselves (echo)
  bool planned_ = false;      // apply() was called
  bool receives_ = false;
  bool mux_ = false;
  bool heard_ = false;
  bool timed_out_ = false;  // told, and nothing came since
  base::Time last_activity_;
  ReceiverStatistics statistics_;
  Sender sender_;
  std::shared_ptr<PortBlock> block_;
  PayloadMap map_ = empty_payload_map();  // to target_'s payload types
  PayloadKinds kinds_{};

  // Now and then.
  Readable rtp_readable_{this, false};
  Readable rtcp_readable_{this, true};
  Socket rtcp_;
  RtcpSession reports_;
  sdp::MediaPlan plan_;
  PortSettings settings_;
  asio::io_context& call_context_;
  bool echo_ = false;
  bool open_ = false;  // map_ leads somewhere
  LinkId link_ = 0;
  StreamId partner_id_ = 0;
  Stream* partner_ = nullptr;  // not owned; set while both are on one thread
};

}  // namespace switchroom::media
