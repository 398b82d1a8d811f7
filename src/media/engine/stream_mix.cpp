// The stream as a member of a mix: its seat, and the choir that speaks for it.
#include "media/engine/stream.hpp"

#include <limits>
#include <span>
#include <utility>

namespace switchroom::media {

namespace {

/// The amplitude from which on what a member says may be wanted. A gate that is always open is none; of who
/// is muted and watched no more is wanted than how loud it is.
unsigned gate_level(const MixRole& role) {
  if (role.speaks == 0) {
    return std::numeric_limits<unsigned>::max();
  }
  return role.ungated ? 0 : role.energy_level;
}

}  // namespace

void Stream::sit_at(MixId mix, MixDesk& desk, const MixRole& role, std::shared_ptr<SeatBlock> block) {
  (void)rise_from(mix_);
  name_partner(0, 0);
  mix_ = mix;
  desk_ = &desk;
  heard_there_ = role.is_heard();
  gate_level_ = gate_level(role);
  seat_ = desk.sit(*this, role, std::move(block));
  settle();
  clock_->unite(desk, *this);
  stamp_packets(true);
  wait_for_packets(false);
}

void Stream::change_role(MixId mix, const MixRole& role) {
  if (mix_ == mix && desk_ != nullptr) {
    desk_->change(seat_, role);
    heard_there_ = role.is_heard();
    gate_level_ = gate_level(role);
    settle();
  }
}

bool Stream::rise_from(MixId mix) {
  if (desk_ == nullptr || mix_ != mix) {
    return false;
  }
  wait_for_packets(true);
  stamp_packets(false);
  leave_choir();
  desk_->rise(seat_);
  desk_ = nullptr;
  heard_there_ = false;
  mix_ = 0;
  reroute();
  return true;
}

void Stream::end_hearing(bool used) {
  if (doze_.end_beat(used)) {
    note_playout();  // as it stays until it wakes
  }
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
  const bool may = desk_->hears_shared(seat_) && !own_sound_ && can_send();
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
  for (const Choir::Packet& packet : choir_->packets()) {
    if (packet.size == 0 || now < events_until_) {
      sender_.skip(packet.units);
      continue;
    }
    RtpPacket header = sender_.next(packet.units, choir_->key().clock_rate, now);
    header.payload_type = packet.noise ? plan_.comfort_noise->send_payload_type : send_type_;
    emit(header, std::span(packet.bytes).first(packet.size));
  }
}

}  // namespace switchroom::media
