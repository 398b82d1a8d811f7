// What the stream needs to hear and to speak, made when somebody wants its sound, and commands that ask for
// some.
#include "media/engine/stream.hpp"

#include <algorithm>
#include <utility>

namespace switchroom::media {
namespace {

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
      spent_.add(ear_->statistics());
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

/// A mix alone can tell that it does not want what we hear.
void Stream::settle_doze() {
  const bool mix_alone = ear_ != nullptr && desk_ != nullptr && tone_keys_ == ToneKeys::ignored &&
                         received_db_ == 0 && std::ranges::none_of(taps_, &TapEntry::received);
  doze_.settle(mix_alone, gate_level_);
}

/// What each beat asks, answered in few bytes.
void Stream::note_for_beats() {
  own_sound_ =
      player_ != nullptr || chime_ != nullptr || presser_.form() != KeyPresser::Form::none || sent_db_ != 0;
  tapped_ = !taps_.empty();
  if (const sdp::AgreedCodec* const codec = codec_in_use()) {
    send_type_ = codec->send_payload_type;
  }
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
  note_for_beats();
  if (clock_ == nullptr) {
    return;
  }
  settle_ear();
  settle_doze();
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

}  // namespace switchroom::media
