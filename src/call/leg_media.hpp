// One leg's sound as call control sees it: its offer/answer state and its media port.
#pragma once

#include "base/result.hpp"
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
  not_acceptable,  // no codec in common, or encryption that we lack: 488
  ports_used_up,   // 503
};
int sip_status(MediaError error);
std::string_view describe(MediaError error);

/// Where a leg's port is bound, what it tells the peer, which codecs its profile allows.
struct LegMediaSettings {
  media::PortSettings port;
  base::IpAddress advertised;
  std::vector<sdp::CodecId> codecs;
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
  void drop_offer() { remote_offer_.reset(); }

  /// Our own offer of `codecs`; the plan in force stays until its answer comes.
  base::result<std::string, MediaError> offer(const std::vector<sdp::CodecId>& codecs);
  base::result<void, MediaError> receive_answer(const std::string& sdp);

  /// What this leg and a partner could speak: of the plan in force, else of the kept offer, else what
  /// the profile allows.
  [[nodiscard]] std::vector<sdp::CodecId> usable_codecs() const;
  /// Could the kept offer be answered with one of `codecs`?
  [[nodiscard]] std::vector<sdp::CodecId> offered(const std::vector<sdp::CodecId>& codecs) const;
  [[nodiscard]] const std::vector<sdp::CodecId>& allowed() const { return settings_.codecs; }

  [[nodiscard]] const std::optional<sdp::MediaPlan>& plan() const { return plan_; }
  [[nodiscard]] const std::string& last_answer() const { return last_answer_; }
  [[nodiscard]] media::Port* port() const { return port_.get(); }
  [[nodiscard]] media::StreamStatistics statistics() const;
  /// The codec that the peer speaks: of the last packet, before there is one the first that was agreed on.
  /// Empty without a plan.
  [[nodiscard]] std::string_view codec() const;

 private:
  [[nodiscard]] sdp::LocalStream local(const std::vector<sdp::CodecId>& codecs) const;
  void put_in_force(const sdp::MediaPlan& plan);

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
