// One leg's RTP on its media thread: receive, check, count, relay, send; and, while somebody needs the
// sound itself, decode, play, encode.
#pragma once

#include "media/engine/beat_clock.hpp"
#include "media/engine/choir.hpp"
#include "media/engine/delay_line.hpp"
#include "media/engine/doze.hpp"
#include "media/engine/ear.hpp"
#include "media/engine/key_presser.hpp"
#include "media/engine/latch.hpp"
#include "media/engine/mix_desk.hpp"
#include "media/engine/mouth.hpp"
#include "media/engine/play_handle.hpp"
#include "media/engine/port_block.hpp"
#include "media/engine/rtcp_session.hpp"
#include "media/engine/socket.hpp"
#include "media/engine/stream_crypto.hpp"
#include "media/engine/stream_dtls.hpp"
#include "media/engine/tap_ring.hpp"
#include "media/rtp/payload_map.hpp"
#include "media/rtp/receiver_statistics.hpp"
#include "media/rtp/sender.hpp"
#include "media/rtp/telephone_event.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

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
/// of it, which drops CSRCs, extensions and padding, none of which were negotiated. Encrypted packets are
/// opened right after they came and sealed right before they go, in the same place.
///
/// Where the partner cannot take the packets, or somebody alters the sound, they go to the ear instead; at
/// each beat the ear gives 20 ms, and the partner's mouth says them (stream_voice.cpp). A tap alone makes
/// the ear hear a copy and leaves the relay as it is. route() decides, at every change.
class Stream final : public Beating {
 public:
  struct Setup {
    StreamId id = 0;
    PortSettings settings;
    Socket rtp;
    Socket rtcp;
    std::shared_ptr<PortBlock> block;  // why shared: see PortBlock
    asio::io_context& call_context;    // where events are posted; outlives the engine
    DtlsWorker& dtls;                  // outlives the stream
  };
  explicit Stream(Setup setup);
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream() override;

  /// What its thread gives it: the beat, the epoll set, the counters.
  struct Home {
    BeatClock* clock = nullptr;
    int epoll = -1;
    ThreadTotals* totals = nullptr;
  };
  /// Null clock: it moves.
  void live_by(const Home& home);

  [[nodiscard]] StreamId id() const { return id_; }

  // Commands of the call thread, in its order.
  void apply(const sdp::MediaPlan& plan, base::Time now);
  void echo(bool on);
  void delay_echo(base::Duration delay);
  /// The last thing said to the peer: RTCP BYE (RFC 3550 section 6.3.7).
  void say_goodbye(base::Time now);

  // Links. The names are set by the call thread's commands; the pointers only while both are here.
  void name_partner(LinkId link, StreamId partner);
  [[nodiscard]] LinkId link() const { return link_; }
  [[nodiscard]] StreamId partner() const { return partner_id_; }
  void connect(Stream& partner);
  void disconnect();

  // Sound of our own making; the call thread's commands.
  void play(PlayList list, const PlaySettings& settings, std::shared_ptr<PlayHandle> handle);
  void stop_playing(const PlayHandle& handle);
  void pause_playing(const PlayHandle& handle, bool on);
  void seek_playing(const PlayHandle& handle, base::Duration by);
  void chime(const ToneScript& tones);
  void press(char key, base::Duration length);
  void release();
  void listen_for_tones(ToneKeys what);
  void amplify(double received_db, double sent_db);
  using TapId = std::uint64_t;
  void add_tap(TapId id, std::shared_ptr<TapRing> ring);
  void remove_tap(TapId id);

  // A mix; like a link, a newer one takes the stream over.
  void sit_at(MixId mix, MixDesk& desk, const MixRole& role, std::shared_ptr<SeatBlock> block);
  void change_role(MixId mix, const MixRole& role);
  /// Returns whether it sat there.
  bool rise_from(MixId mix);
  [[nodiscard]] MixId mix() const { return mix_; }
  /// What the peer says in this beat; empty while it is silent or not decoded.
  [[nodiscard]] std::span<const std::int16_t> spoken() const {
    return !doze_.on() && ear_ != nullptr && ear_->speaks() ? ear_->frame() : std::span<const std::int16_t>();
  }
  /// How loud that is which is too quiet to be decoded; nullopt: there is none of that.
  [[nodiscard]] std::optional<unsigned> undecoded() const { return doze_.amplitude(); }
  /// `used`: the mix wanted what the peer said in this beat.
  void end_hearing(bool used);
  /// The mix of this beat is there: with whose coder we say it.
  void choose_words();

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
  bool open(Received& received, bool rtcp, Turn& turn);
  void on_rtp(Turn& turn);
  void take(Received received, Turn& turn);
  void wait_for_packets(bool by_epoll);
  void stamp_packets(bool on);
  void drain(base::Time now);
  [[nodiscard]] bool may_wait();
  void on_rtcp(Turn& turn);
  void read_report(Received received, Turn& turn);
  bool shake_hands(const Received& received, bool rtcp, Turn& turn);
  void mind_handshakes(base::Time now);
  bool admit(const SocketAddress& source, const RtpPacket& packet, Turn& turn);
  void on_bad_packet(const SocketAddress& source, Turn& turn);
  void accept(const RtpPacket& packet, const PayloadKind& kind, Turn& turn);
  void forward(RtpPacket& packet, std::span<std::uint8_t> datagram, Turn& turn);
  void listen(const RtpPacket& packet, std::span<const std::uint8_t> datagram, base::Time now);
  void send_delayed(Turn& turn);
  void send(RtpPacket& packet, std::span<std::uint8_t> datagram, const Stream& from, Turn& turn);

  // How what we receive reaches the partner.
  enum class Way : std::uint8_t { none, relayed, decoded };
  void reroute();
  void route();
  [[nodiscard]] Way way_to(const Stream& target) const;
  [[nodiscard]] bool can_send() const;

  // The beat.
  void hear(base::Time now) override;
  void blend(base::Time) override {}
  void speak(base::Time now) override;
  void settle();
  void settle_ear();
  void settle_doze();
  void note_for_beats();
  void settle_mouth();
  void note_sound(base::Time now);
  [[nodiscard]] bool is_heard() const;
  [[nodiscard]] bool says_something() const;
  /// Nobody else's packets may be sent now: we play, press a key, or sit in a mix.
  [[nodiscard]] bool is_occupied() const;
  [[nodiscard]] unsigned ear_rate() const;
  [[nodiscard]] unsigned mouth_rate() const;
  [[nodiscard]] const sdp::AgreedCodec* codec_in_use() const;
  void settle_choir(const CodecSettings& settings);
  void leave_choir();
  void say(base::Time now);
  void say_with_choir(base::Time now);
  enum Source : unsigned { nobody, a_key, a_player, a_mix, the_partner };  // what a ramp lies between
  struct Utterance {
    std::span<const std::int16_t> pcm;
    unsigned source = 0;
    bool silent = false;
  };
  Utterance find_words(std::span<std::int16_t, 960> buffer);
  Utterance with_player(const Utterance& words, std::span<std::int16_t, 960> buffer);
  Utterance with_chime(const Utterance& words, std::span<std::int16_t, 960> buffer);
  std::span<std::int16_t> played(std::span<std::int16_t, 960> buffer);
  void emit(const RtpPacket& header, std::span<const std::uint8_t> payload);
  void press_on(base::Time now);
  void press_further(base::Time now);
  [[nodiscard]] KeyPresser::Events event_clock() const;
  [[nodiscard]] const sdp::AgreedCodec* events(std::uint32_t& clock_rate) const;
  void write_taps();
  void hear_keys(base::Time now);
  void on_event(const RtpPacket& packet, std::span<const std::uint8_t> payload, bool relayed, base::Time now);
  void tell_digit(const Digit& digit);
  void end_player();
  void note_playout();
  [[nodiscard]] bool peer_is_silent_by_plan() const;
  void send_report(base::Time now, bool goodbye);
  [[nodiscard]] const SocketAddress* report_destination() const;
  void tell_first_packet();
  void tell_timeout(base::Duration silent);
  void tell_forged();
  void tell_handshake(const HandshakeEnd& end);

  // What a beat of a member of a mix reads and writes stands together, in few lines of the cache: of a
  // thousand members none is in the cache any more when its turn comes. Then what is read for each packet.
  Socket rtp_;
  bool planned_ = false;   // apply() was called
  bool receives_ = false;  // by the plan
  bool sends_ = false;     // likewise
  bool mux_ = false;
  bool heard_ = false;
  bool timed_out_ = false;    // told, and nothing came since
  bool drains_ = false;       // packets wait in the socket until the beat
  bool heard_there_ = false;  // the mix wants what we hear
  bool in_choir_ = false;     // it speaks for us just now
  bool own_sound_ = false;    // we have something to say that the choir does not
  bool tapped_ = false;
  bool said_ = false;             // the mouth did, in this beat
  std::uint8_t send_type_ = 0;    // payload type of what we send by ourselves
  std::uint8_t empty_beats_ = 0;  // in which nothing was in the socket
  std::uint8_t muted_beats_;      // begins with our number: not all shall take their turn in the same beat
  Way way_ = Way::none;
  bool lacking_former_ = false;  // because packets of an earlier plan are still arriving
  bool lacking_ = false;         // the peer sends a codec that the partner did not agree to
  bool open_ = false;            // map_ leads somewhere
  Doze doze_;                    // of the ear
  std::unique_ptr<Ear> ear_;
  std::unique_ptr<Mouth> mouth_;
  std::unique_ptr<Player> player_;
  std::unique_ptr<Player> chime_;  // over all else
  MixDesk* desk_ = nullptr;        // not owned
  MixDesk::Member seat_ = 0;       // at it
  Choir* choir_ = nullptr;         // not owned: the desk's, with others who hear the same in the same codec
  Stream* target_ = nullptr;       // not owned; who sends what we receive: the partner, or ourselves (echo)
  ThreadTotals* totals_ = nullptr;
  std::shared_ptr<PortBlock> block_;
  base::Time last_activity_;
  base::Time events_until_;  // relayed events occupy the stream until then
  Sender sender_;
  ReceiverStatistics statistics_;
  StreamCrypto crypto_;
  StreamDtls dtls_;
  Latch latch_;
  PayloadMap map_ = empty_payload_map();  // to target_'s payload types
  PayloadKinds kinds_{};

  // Sound itself; there only while it is needed.
  StreamId id_;
  std::optional<base::Time> first_sound_;  // that the ear was given
  base::Time last_sound_{};
  std::shared_ptr<PlayHandle> playing_;  // of player_
  PlaySettings play_settings_;
  unsigned play_rate_ = 8000;      // Hz of the best sound in its list
  bool played_something_ = false;  // in this beat
  PlayoutStatistics spent_;        // of ears that are gone
  struct TapEntry {
    TapId id = 0;
    bool received = false;
    bool sent = false;
    unsigned rate = 8000;
    TapWriter writer;
  };
  std::vector<TapEntry> taps_;
  double received_db_ = 0;
  double sent_db_ = 0;
  ToneKeys tone_keys_ = ToneKeys::ignored;
  KeyReceiver keys_;
  std::optional<base::Time> tone_began_;  // of the key that sounds
  char tone_key_ = 0;
  KeyPresser presser_;
  std::uint32_t key_timestamp_ = 0;
  MixId mix_ = 0;
  unsigned gate_level_ = 0;     // amplitude from which on its gate for us may open; 0: it has none
  unsigned alone_beats_ = 0;    // since we began to speak for ourselves
  BeatClock* clock_ = nullptr;  // not owned
  int epoll_ = -1;              // its thread's

  // Now and then.
  Readable rtp_readable_{this, false};
  Readable rtcp_readable_{this, true};
  Socket rtcp_;
  RtcpSession reports_;
  sdp::MediaPlan plan_;
  PortSettings settings_;
  asio::io_context& call_context_;
  bool echo_ = false;
  std::unique_ptr<DelayLine> echo_delay_;  // null: the echo is at once
  LinkId link_ = 0;
  StreamId partner_id_ = 0;
  Stream* partner_ = nullptr;  // not owned; set while both are on one thread
};

}  // namespace switchroom::media
