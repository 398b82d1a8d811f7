// The stream's sound itself: what it hears, says, plays, copies and mixes, at each beat of its thread.
#include "media/engine/stream.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace switchroom::media {
namespace {

// Names of sources, for the ramp between them.
enum Source : unsigned { nobody, a_key, a_player, a_mix, the_partner };

std::uint32_t legal_ptime(sdp::CodecId codec, std::uint32_t wanted) {
  const std::uint32_t ptime = std::clamp<std::uint32_t>(wanted / 10 * 10, 10, 60);
  if (codec != sdp::CodecId::opus) {
    return ptime;
  }
  return ptime >= 60 ? 60 : ptime >= 40 ? 40 : ptime >= 20 ? 20 : 10;  // RFC 6716 section 2.1.4
}

/// The rates at which sound is decoded and encoded.
unsigned working_rate(unsigned wanted) {
  for (const unsigned rate : {8000U, 16000U, 24000U}) {
    if (wanted <= rate) {
      return rate;
    }
  }
  return 48000;
}

void add_up(PlayoutStatistics& sum, const PlayoutStatistics& more) {
  sum.played_ms += more.played_ms;
  sum.concealed_ms += more.concealed_ms;
  sum.recovered += more.recovered;
  sum.late += more.late;
  sum.duplicates += more.duplicates;
  sum.reordered += more.reordered;
  sum.resets += more.resets;
}

}  // namespace

// -- what is needed ----------------------------------------------------------------------------------

void Stream::live_by(const Home& home) {
  if (clock_ != nullptr) {
    clock_->leave(*this);
  }
  clock_ = home.clock;
  epoll_ = home.epoll;
  totals_ = home.totals;
  if (clock_ != nullptr) {
    settle();
  }
}

const sdp::AgreedCodec* Stream::codec_in_use() const {
  return planned_ && !plan_.codecs.empty() ? &plan_.codecs.front() : nullptr;
}

bool Stream::is_occupied() const {
  return player_ != nullptr || chime_ != nullptr || presser_.form() == KeyPresser::Form::packets ||
         desk_ != nullptr;
}

bool Stream::is_heard() const {
  if (codec_in_use() == nullptr) {
    return false;
  }
  const auto hears_us = [](const TapEntry& tap) { return tap.received; };
  const auto is_told_us = [](const TapEntry& tap) { return tap.sent; };
  return way_ == Way::decoded || heard_there_ || tone_keys_ != ToneKeys::ignored ||
         std::ranges::any_of(taps_, hears_us) ||
         (partner_ != nullptr && way_ == Way::relayed && std::ranges::any_of(partner_->taps_, is_told_us));
}

bool Stream::says_something() const {
  return codec_in_use() != nullptr &&
         (player_ != nullptr || chime_ != nullptr || presser_.form() == KeyPresser::Form::tone ||
          desk_ != nullptr ||
          (partner_ != nullptr && partner_->way_ == Way::decoded && partner_->target_ == this));
}

unsigned Stream::ear_rate() const {
  const unsigned natural = natural_rate(codec_in_use()->codec);
  if (codec_in_use()->codec != sdp::CodecId::opus) {
    return natural;
  }
  // opus is decoded at what its listeners can use.
  unsigned wanted = 8000;
  if (way_ == Way::decoded && target_->codec_in_use() != nullptr) {
    wanted = natural_rate(target_->codec_in_use()->codec);
  }
  if (desk_ != nullptr) {
    wanted = std::max(wanted, desk_->rate());
  }
  for (const TapEntry& tap : taps_) {
    wanted = std::max(wanted, tap.received ? tap.rate : 0);
  }
  return working_rate(wanted);
}

unsigned Stream::mouth_rate() const {
  unsigned wanted = 8000;
  if (desk_ != nullptr) {
    wanted = desk_->rate();
  } else if (partner_ != nullptr && partner_->way_ == Way::decoded) {
    wanted = natural_rate(partner_->codec_in_use()->codec);
  }
  if (player_ != nullptr) {
    wanted = std::max(wanted, play_rate_);
  }
  return working_rate(wanted);
}

void Stream::settle_ear() {
  if (!is_heard()) {
    if (ear_ != nullptr) {
      add_up(spent_, ear_->statistics());
      ear_.reset();
      first_sound_.reset();
      note_playout();
    }
    return;
  }
  if (ear_ == nullptr) {
    ear_ = std::make_unique<Ear>(ear_rate());
  }
  ear_->change_rate(ear_rate());
  ear_->detect_keys(tone_keys_ != ToneKeys::ignored);
  ear_->amplify(received_db_);
}

void Stream::settle_mouth() {
  if (!says_something()) {
    leave_choir();
    mouth_.reset();
    return;
  }
  if (mouth_ == nullptr) {
    mouth_ = std::make_unique<Mouth>();
  }
  const sdp::AgreedCodec& codec = *codec_in_use();
  const CodecSettings settings{.codec = codec.codec,
                               .rate = mouth_rate(),
                               .peer_fmtp = codec.peer_fmtp,
                               .ptime = legal_ptime(codec.codec, plan_.ptime)};
  mouth_->agree(settings, rtp_clock_rate(codec.codec),
                plan_.comfort_noise && natural_rate(codec.codec) == 8000);
  mouth_->amplify(sent_db_);
  settle_choir(settings);
}

/// Makes what is needed now, lets go of what is not, and joins or leaves the beat.
void Stream::settle() {
  if (clock_ == nullptr) {
    return;
  }
  settle_ear();
  settle_mouth();
  if (ear_ == nullptr && mouth_ == nullptr && presser_.form() == KeyPresser::Form::none && taps_.empty()) {
    clock_->leave(*this);
    return;
  }
  clock_->join(*this, desk_ != nullptr ? static_cast<const Beating*>(desk_) : partner_);
  if (partner_ != nullptr) {
    clock_->unite(*this, *partner_);
  }
}

/// Two who begin to talk get the beat that suits both; later nobody's beat is shifted any more.
void Stream::note_sound(base::Time now) {
  constexpr auto beginning = std::chrono::milliseconds(500);
  last_sound_ = now;
  if (first_sound_) {
    return;
  }
  first_sound_ = now;
  if (partner_ != nullptr && desk_ == nullptr && partner_->first_sound_ &&
      now - *partner_->first_sound_ < beginning) {
    clock_->suit(*this, now, *partner_, partner_->last_sound_);
    ear_->catch_up();
    partner_->ear_->catch_up();
  }
}

// -- commands ----------------------------------------------------------------------------------------

void Stream::play(PlayList list, const PlaySettings& settings, std::shared_ptr<PlayHandle> handle) {
  play_rate_ = KeyPresser::tone_rate;
  for (const PlayItem& item : list) {
    if (const Sound* const sound = sound_of(item)) {
      play_rate_ = std::max(play_rate_, sound->rate);
    }
  }
  player_ = std::make_unique<Player>(std::move(list), settings, play_rate_, handle->progress);
  playing_ = std::move(handle);
  play_settings_ = settings;
  reroute();
}

void Stream::stop_playing(const PlayHandle& handle) {
  if (playing_.get() != &handle) {
    return;
  }
  if (mouth_ != nullptr && can_send()) {
    playing_.reset();  // its end is not told
    player_->stop();
    return;
  }
  player_.reset();
  playing_.reset();
  reroute();
}

void Stream::pause_playing(const PlayHandle& handle, bool on) {
  if (playing_.get() == &handle) {
    player_->pause(on);
  }
}

void Stream::seek_playing(const PlayHandle& handle, base::Duration by) {
  if (playing_.get() == &handle) {
    player_->seek(by);
  }
}

void Stream::chime(const ToneScript& tones) {
  chime_ = std::make_unique<Player>(PlayList{tones}, PlaySettings{}, KeyPresser::tone_rate,
                                    std::make_shared<PlayProgress>());
  reroute();
}

void Stream::listen_for_tones(ToneKeys what) {
  tone_keys_ = what;
  reroute();
}

void Stream::amplify(double received_db, double sent_db) {
  received_db_ = received_db;
  sent_db_ = sent_db;
  reroute();
}

void Stream::add_tap(TapId id, std::shared_ptr<TapRing> ring) {
  const TapSettings settings = ring->settings();
  taps_.push_back({id, settings.received, settings.sent, settings.rate, TapWriter(std::move(ring))});
  reroute();
}

void Stream::remove_tap(TapId id) {
  // The last one takes its place, by construction anew: writers can be moved, not assigned.
  std::vector<TapEntry> kept;
  for (TapEntry& tap : taps_) {
    if (tap.id != id) {
      kept.push_back(std::move(tap));
    }
  }
  taps_.swap(kept);
  reroute();
}

// -- mixes -------------------------------------------------------------------------------------------

void Stream::sit_at(MixId mix, MixDesk& desk, const MixRole& role, std::shared_ptr<SeatBlock> block) {
  (void)rise_from(mix_);
  name_partner(0, 0);
  mix_ = mix;
  desk_ = &desk;
  heard_there_ = role.is_heard();
  seat_ = desk.sit(*this, role, std::move(block));
  settle();
  clock_->unite(desk, *this);
  wait_for_packets(false);
}

void Stream::change_role(MixId mix, const MixRole& role) {
  if (mix_ == mix && desk_ != nullptr) {
    desk_->change(seat_, role);
    heard_there_ = role.is_heard();
    settle();
  }
}

bool Stream::rise_from(MixId mix) {
  if (desk_ == nullptr || mix_ != mix) {
    return false;
  }
  wait_for_packets(true);
  leave_choir();
  desk_->rise(seat_);
  desk_ = nullptr;
  heard_there_ = false;
  mix_ = 0;
  reroute();
  return true;
}

void Stream::leave_choir() {
  if (choir_ == nullptr) {
    return;
  }
  if (std::exchange(in_choir_, false)) {
    mouth_->continue_from(choir_->mouth(), {}, a_mix);
    choir_->cease_to_listen();
  }
  desk_->leave_choir(std::exchange(choir_, nullptr));
}

/// The choir of what we hear, as we say it.
void Stream::settle_choir(const CodecSettings& settings) {
  if (desk_ == nullptr) {
    return leave_choir();
  }
  const ChoirKey key{.audience = desk_->audience(seat_),
                     .codec = settings,
                     .clock_rate = rtp_clock_rate(settings.codec),
                     .comfort_noise = plan_.comfort_noise && natural_rate(settings.codec) == 8000};
  if (choir_ != nullptr && choir_->key() == key) {
    return;
  }
  leave_choir();
  choir_ = desk_->join_choir(key);
}

void Stream::choose_words() {
  if (choir_ == nullptr || mouth_ == nullptr) {
    return;
  }
  const bool may = desk_->hears_shared(seat_) && player_ == nullptr &&
                   presser_.form() == KeyPresser::Form::none && sent_db_ == 0 && can_send();
  if (in_choir_) {
    if (!may && choir_->at_packet_start()) {
      in_choir_ = false;
      alone_beats_ = 0;
      choir_->cease_to_listen();
      mouth_->continue_from(choir_->mouth(), desk_->heard_before(seat_), a_mix);
    }
    return;
  }
  alone_beats_ = may ? alone_beats_ + 1 : 0;
  // The first frame is our own, with a ramp from what we said before. A coder with a memory changes seldom.
  const unsigned wait = natural_rate(codec_in_use()->codec) == 8000 ? 1 : 50;
  if (may && alone_beats_ > wait && mouth_->at_packet_start() && choir_->at_packet_start()) {
    in_choir_ = true;
    choir_->begin_to_listen(desk_->heard_before(seat_));
  }
}

void Stream::say_with_choir(base::Time now) {
  if (!can_send()) {
    return;
  }
  const sdp::AgreedCodec& codec = *codec_in_use();
  for (const Choir::Packet& packet : choir_->packets()) {
    if (packet.size == 0 || now < events_until_) {
      sender_.skip(packet.units);
      continue;
    }
    RtpPacket header = sender_.next(packet.units, choir_->key().clock_rate, now);
    header.payload_type = packet.noise ? plan_.comfort_noise->send_payload_type : codec.send_payload_type;
    emit(header, std::span(packet.bytes).first(packet.size));
  }
}

// -- keys --------------------------------------------------------------------------------------------

/// What the plan says of key presses as packets: the clock of the codec in use first.
const sdp::AgreedCodec* Stream::events(std::uint32_t& clock_rate) const {
  const sdp::AgreedCodec* const codec = codec_in_use();
  const bool wide = codec != nullptr && codec->codec == sdp::CodecId::opus;
  if (plan_.telephone_event_48k && (wide || !plan_.telephone_event_8k)) {
    clock_rate = 48000;
    return &*plan_.telephone_event_48k;
  }
  clock_rate = 8000;
  return plan_.telephone_event_8k ? &*plan_.telephone_event_8k : nullptr;
}

KeyPresser::Events Stream::event_clock() const {
  std::uint32_t clock_rate = 0;
  return events(clock_rate) != nullptr ? KeyPresser::Events(clock_rate) : std::nullopt;
}

void Stream::press(char key, base::Duration length) {
  presser_.press(key, length, event_clock());
  reroute();
}

void Stream::release() { presser_.release(); }

void Stream::press_on(base::Time now) {
  const auto packet = presser_.next_packet();
  std::uint32_t clock_rate = 0;
  const sdp::AgreedCodec* const to = events(clock_rate);
  if (!packet || to == nullptr || !can_send()) {
    return;
  }
  RtpPacket header;
  if (packet->first) {
    header = sender_.next(0, presser_.clock_rate(), now);
    header.marker = true;
    key_timestamp_ = header.timestamp;
  } else {
    key_timestamp_ += packet->moved;
    header = sender_.next_at(key_timestamp_);
  }
  header.payload_type = to->send_payload_type;
  emit(header, packet->payload);
}

/// After a beat in which a key was pressed.
void Stream::press_further(base::Time now) {
  const auto form = presser_.form();
  const auto beats = presser_.end_beat(event_clock());
  if (beats && form == KeyPresser::Form::packets) {
    sender_.pass(*beats * presser_.clock_rate() / 50, now);
  }
  if (form != presser_.form()) {
    reroute();
  }
}

void Stream::on_event(const RtpPacket& packet, std::span<const std::uint8_t> payload, bool relayed,
                      base::Time now) {
  const auto event = parse_telephone_event(payload);
  if (!event) {
    block_->malformed.add();
    return;
  }
  const auto news = keys_.on_packet(packet.timestamp, *event, kinds_[packet.payload_type].clock_rate, now);
  for (const auto& press : news.presses) {
    if (press) {
      tell_digit({.key = press->key, .ended = press->ended, .length = press->length, .relayed = relayed});
    }
  }
}

void Stream::hear_keys(base::Time now) {
  const KeyDetector::Change& change = ear_->key_change();
  if (change.ended && tone_began_) {
    tell_digit({.key = tone_key_, .ended = true, .length = now - *tone_began_, .form = Digit::Form::tone});
    tone_began_.reset();
  }
  if (change.began) {
    tone_key_ = *change.began;
    tone_began_ = now;
    tell_digit({.key = tone_key_, .form = Digit::Form::tone});
  }
}

void Stream::tell_digit(const Digit& digit) {
  asio::post(call_context_, [block = block_, digit] {
    const auto tell = block->events.on_digit;  // a copy: the port may go while it runs
    if (tell) {
      tell(digit);
    }
  });
}

// -- the beat ----------------------------------------------------------------------------------------

void Stream::hear(base::Time now) {
  if (dtls_.may_have_news()) {
    mind_handshakes(now);
  }
  if (drains_) {
    drain(now);
  }
  if (ear_ != nullptr) {
    ear_->listen(now);
    if (tone_keys_ != ToneKeys::ignored) {
      hear_keys(now);
    }
  }
}

void Stream::speak(base::Time now) {
  said_ = false;
  const bool presses = presser_.form() != KeyPresser::Form::none;
  if (presser_.form() == KeyPresser::Form::packets) {
    press_on(now);
  } else if (in_choir_) {
    say_with_choir(now);
  } else if (mouth_ != nullptr && !crypto_.waits()) {  // what is played begins when it can be heard
    say(now);
  }
  if (!taps_.empty()) {
    write_taps();
  }
  // Last: what follows may change what we need.
  if (presses) {
    press_further(now);
  }
  if (player_ != nullptr && player_->over()) {
    end_player();
  }
  if (chime_ != nullptr && chime_->over()) {
    chime_.reset();
    reroute();
  }
}

void Stream::say(base::Time now) {
  std::array<std::int16_t, 960> buffer;
  Utterance words = find_words(buffer);
  std::array<std::int16_t, 960> sum;
  if (chime_ != nullptr && words.source != a_key) {
    words = with_chime(words, sum);
  }
  if (!can_send() || words.pcm.empty()) {
    return;
  }
  mouth_->say(words.pcm, words.source, words.silent);
  said_ = true;
  const sdp::AgreedCodec& codec = *codec_in_use();
  const std::uint32_t clock_rate = rtp_clock_rate(codec.codec);
  while (const auto packet = mouth_->next()) {
    if (packet->payload.empty() || now < events_until_) {
      sender_.skip(packet->units);
      continue;
    }
    RtpPacket header = sender_.next(packet->units, clock_rate, now);
    header.payload_type = packet->noise ? plan_.comfort_noise->send_payload_type : codec.send_payload_type;
    emit(header, packet->payload);
  }
}

/// What is to be said in this beat: a key's tone, what is played, the mix, or the partner's words.
Stream::Utterance Stream::find_words(std::span<std::int16_t, 960> buffer) {
  if (presser_.form() == KeyPresser::Form::tone) {
    const auto pcm = buffer.first(KeyPresser::tone_rate / 50);
    presser_.read_tone(pcm);
    return {pcm, a_key, false};
  }
  if (player_ != nullptr && !play_settings_.over) {
    const auto pcm = played(buffer);
    return {pcm, a_player, !played_something_};
  }
  Utterance words;
  if (desk_ != nullptr) {
    words = {desk_->output(seat_), a_mix, !desk_->sends_silence() && desk_->is_silent(seat_)};
  } else if (partner_ != nullptr && partner_->ear_ != nullptr && partner_->way_ == Way::decoded) {
    words = {partner_->ear_->frame(), the_partner, !partner_->ear_->speaks()};
    if (partner_->tone_keys_ == ToneKeys::taken_out && partner_->ear_->key_sounds()) {
      const auto pcm = buffer.first(words.pcm.size());
      std::ranges::fill(pcm, std::int16_t{0});
      words.pcm = pcm;
    }
  }
  return player_ != nullptr ? with_player(words, buffer) : words;
}

std::span<std::int16_t> Stream::played(std::span<std::int16_t, 960> buffer) {
  player_->change_rate(mouth_->rate());
  const auto pcm = buffer.first(mouth_->rate() / 50);
  played_something_ = player_->read(pcm);
  return pcm;
}

/// What is played over other sound.
Stream::Utterance Stream::with_player(const Utterance& words, std::span<std::int16_t, 960> buffer) {
  if (words.pcm.empty()) {
    return {played(buffer), a_player, !played_something_};
  }
  std::array<std::int16_t, 960> more;
  const auto added = std::span(more).first(words.pcm.size());
  player_->change_rate(static_cast<unsigned>(words.pcm.size() * 50));
  (void)player_->read(added);
  const auto sum = buffer.first(words.pcm.size());
  for (std::size_t i = 0; i < sum.size(); ++i) {
    sum[i] = softly_limited(static_cast<float>(words.pcm[i] + added[i]));
  }
  return {sum, words.source, false};
}

Stream::Utterance Stream::with_chime(const Utterance& words, std::span<std::int16_t, 960> buffer) {
  const std::size_t size = words.pcm.empty() ? mouth_->rate() / 50 : words.pcm.size();
  const auto sum = buffer.first(size);
  chime_->change_rate(static_cast<unsigned>(size * 50));
  if (!chime_->read(sum)) {
    return words;
  }
  for (std::size_t i = 0; i < words.pcm.size(); ++i) {
    sum[i] = static_cast<std::int16_t>(std::clamp(sum[i] + words.pcm[i], -32768, 32767));
  }
  return {sum, words.pcm.empty() ? unsigned{a_player} : words.source, false};
}

void Stream::end_player() {
  player_.reset();
  if (playing_ != nullptr) {
    asio::post(call_context_, [handle = std::move(playing_)] {
      const auto tell = handle->on_end;
      if (tell) {
        tell();
      }
    });
    playing_.reset();
  }
  reroute();
}

void Stream::emit(const RtpPacket& header, std::span<const std::uint8_t> payload) {
  alignas(4) std::array<std::uint8_t, rtp_header_size + max_payload + srtp_trailer> packet;
  write_rtp_header(std::span(packet).first<rtp_header_size>(), header);
  std::ranges::copy(payload, packet.begin() + rtp_header_size);
  const SocketAddress& to = latch_.destination();
  std::size_t size = rtp_header_size + payload.size();
  if (crypto_.on()) {
    size = crypto_.seal(packet, size).value_or(0);
    if (size == 0) {
      return;
    }
  }
  if (::sendto(rtp_.fd(), packet.data(), size, MSG_DONTWAIT | MSG_NOSIGNAL, to.data(), to.size()) < 0) {
    return;  // lost, as it would be on the wire
  }
  sender_.on_sent(payload.size());
  block_->sent.add();
}

void Stream::write_taps() {
  const auto received = ear_ != nullptr ? ear_->frame() : std::span<const std::int16_t>();
  std::span<const std::int16_t> sent;
  if (in_choir_) {
    sent = choir_->mouth().said();
  } else if (said_) {
    sent = mouth_->said();
  } else if (partner_ != nullptr && partner_->way_ == Way::relayed && partner_->ear_ != nullptr) {
    sent = partner_->ear_->frame();
  }
  for (TapEntry& tap : taps_) {
    tap.writer.write(received, sent);
  }
}

void Stream::note_playout() {
  PlayoutStatistics sum = spent_;
  if (ear_ != nullptr) {
    const PlayoutStatistics now = ear_->statistics();
    add_up(sum, now);
    block_->buffer_ms.store(now.delay_ms, std::memory_order_relaxed);
  }
  block_->played_ms.store(sum.played_ms, std::memory_order_relaxed);
  block_->concealed_ms.store(sum.concealed_ms, std::memory_order_relaxed);
  block_->recovered.store(sum.recovered, std::memory_order_relaxed);
  block_->late.store(sum.late, std::memory_order_relaxed);
  block_->duplicates.store(sum.duplicates, std::memory_order_relaxed);
  block_->reordered.store(sum.reordered, std::memory_order_relaxed);
  block_->resets.store(sum.resets, std::memory_order_relaxed);
}

}  // namespace switchroom::media
