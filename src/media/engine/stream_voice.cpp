// What the stream hears and says at each beat of its thread.
#include "media/engine/stream.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace switchroom::media {

void Stream::hear(base::Time now) {
  if (dtls_.may_have_news()) {
    mind_handshakes(now);
  }
  if (drains_) {
    drain(now);
  }
  if (ear_ != nullptr && !doze_.on()) {
    ear_->listen(now);
    if (tone_keys_ != ToneKeys::ignored) {
      hear_keys(now);
    }
  }
}

void Stream::speak(base::Time now) {
  said_ = false;
  if (in_choir_ && !own_sound_ && !tapped_) {  // most of a room
    return say_with_choir(now);
  }
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
    header.payload_type = packet->noise ? plan_.comfort_noise->send_payload_type : send_type_;
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
  std::size_t size = rtp_header_size + payload.size();
  if (crypto_.on()) {
    size = crypto_.seal(packet, size).value_or(0);
    if (size == 0) {
      return;
    }
  }
  if (!rtp_.send(std::span(packet).first(size), latch_.destination())) {
    return;
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
    sum.add(now);
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
