// One leg's sound as call control sees it: its offer/answer state and its media port.
#pragma once

#include "base/result.hpp"
#include "call/keys.hpp"
#include "call/leg_encryption.hpp"
#include "config/snapshot.hpp"
#include "media/engine.hpp"
#include "sdp/negotiate.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace switchroom::call {

enum class MediaError : std::uint8_t {
  malformed,       // the SDP cannot be read: 400
  not_acceptable,  // no codec in common: 488
  ports_used_up,   // 503
  // Encryption, all 488:
  plain_refused,      // it is mandatory, and the peer does without
  encrypted_refused,  // it is forbidden, or of a kind that we lack
  no_fingerprint,     // DTLS without a certificate's hash that proves anything
  no_common_suite,
  keys_in_the_open  // its keys would travel by signalling that others can read
};
int sip_status(MediaError error);
std::string_view describe(MediaError error);

/// Where a leg's port is bound, what it tells the peer, which codecs its profile allows.
struct LegMediaSettings {
  media::PortSettings port;
  base::IpAddress advertised;
  std::vector<sdp::CodecId> codecs;
  KeyForm key_form = KeyForm::event;
  std::string hold_music;
  int gain_in = 0;  // dB
  int gain_out = 0;
  LegEncryption encryption;
};

/// The settings for a leg of `profile` whose signalling goes to `peer`.
LegMediaSettings leg_media_settings(const config::Profile& profile, const base::IpAddress& sip_local,
                                    const base::IpAddress& peer);

/// Call thread. The port is opened with the first offer or answer that needs one.
class LegMedia {
 public:
  LegMedia(media::Engine& engine, LegMediaSettings settings, media::PortEvents events);

  /// The port, if there is none yet. Offers and answers open it by themselves; a link wants it before.
  /// `beside`: the port that it will be linked with, or null.
  base::result<void, MediaError> open(const media::Port* beside = nullptr);
  /// The peer's offer, kept until it is answered.
  base::result<void, MediaError> receive_offer(const std::string& sdp);
  [[nodiscard]] bool has_offer() const { return remote_offer_.has_value(); }
  /// Answers the kept offer with those of `codecs` that it names; the plan is in force from here on.
  base::result<std::string, MediaError> answer(const std::vector<sdp::CodecId>& codecs);
  /// The kept offer has keys that are not taken, since others can read the signalling.
  [[nodiscard]] bool passes_keys_over() const;
  /// The peer has answered: a DTLS handshake is due from here on, if it did not come while it rang.
  void expect_handshake();
  void drop_offer() { remote_offer_.reset(); }

  /// Our own offer of `codecs`; the plan in force stays until its answer comes.
  base::result<std::string, MediaError> offer(const std::vector<sdp::CodecId>& codecs);
  base::result<void, MediaError> receive_answer(const std::string& sdp);

  /// What this leg and a partner could speak: of the plan in force, else of the kept offer, else what
  /// the profile allows.
  [[nodiscard]] std::vector<sdp::CodecId> usable_codecs() const;
  /// The codecs for an answer or offer to this leg's peer, which is to talk with somebody who speaks
  /// `partners`. An answer names what both speak, so that sound passes through as it is, or, if that is
  /// nothing, all that the profile allows; an offer names what both speak first and the rest after it.
  [[nodiscard]] std::vector<sdp::CodecId> codecs_with(const std::vector<sdp::CodecId>& partners) const;
  [[nodiscard]] const std::vector<sdp::CodecId>& allowed() const { return settings_.codecs; }

  [[nodiscard]] KeyForm key_form() const { return settings_.key_form; }
  [[nodiscard]] const std::string& hold_music() const { return settings_.hold_music; }
  /// Hz of the best sound that the peer can hear; 8000 without a plan.
  [[nodiscard]] unsigned sound_rate() const;
  [[nodiscard]] const std::optional<sdp::MediaPlan>& plan() const { return plan_; }
  /// The SRTP suite in force ("DTLS …" by a handshake), "none" for plain sound; empty without a plan.
  [[nodiscard]] std::string_view encryption() const;
  [[nodiscard]] const std::string& last_answer() const { return last_answer_; }
  [[nodiscard]] media::Port* port() const { return port_.get(); }
  [[nodiscard]] media::StreamStatistics statistics() const;
  /// The codec that the peer speaks: of the last packet, before there is one the first that was agreed on.
  /// Empty without a plan.
  [[nodiscard]] std::string_view codec() const;

 private:
  [[nodiscard]] sdp::LocalStream wishes(const std::vector<sdp::CodecId>& codecs) const;
  [[nodiscard]] sdp::LocalStream local(const std::vector<sdp::CodecId>& codecs) const;
  void put_in_force(sdp::MediaPlan plan);

  media::Engine& engine_;
  LegMediaSettings settings_;
  media::PortEvents events_;
  std::unique_ptr<media::Port> port_;
  sdp::LocalState state_;
  std::optional<sdp::SessionDescription> remote_offer_;
  std::optional<sdp::SessionDescription> local_offer_;
  std::optional<sdp::MediaPlan> plan_;
  std::string last_answer_;
};

}  // namespace switchroom::call
