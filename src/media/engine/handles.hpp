// What the call thread holds of the engine: ports, links, mixes, and what goes with them. Each tells the
// exchange, which tells the stream; none waits.
#pragma once

#include "media/engine/exchange.hpp"

#include <memory>
#include <optional>

namespace switchroom::media {

class EnginePort final : public Port {
 public:
  struct Setup {
    StreamId id = 0;
    base::Endpoint local;
    std::shared_ptr<PortBlock> block;
  };
  EnginePort(PortExchange& exchange, Setup setup) : exchange_(exchange), setup_(std::move(setup)) {}
  EnginePort(const EnginePort&) = delete;
  EnginePort& operator=(const EnginePort&) = delete;
  ~EnginePort() override;

  [[nodiscard]] base::Endpoint local_rtp() const override { return setup_.local; }
  [[nodiscard]] std::uint16_t local_rtcp_port() const override {
    return static_cast<std::uint16_t>(setup_.local.port + 1U);
  }
  void apply(const sdp::MediaPlan& plan) override;
  void echo(bool on) override;
  void delay_echo(base::Duration delay);
  std::unique_ptr<Playback> play(PlayList list, const PlaySettings& settings,
                                 std::function<void()> on_end) override;
  void press(char key, base::Duration length) override;
  void release() override;
  void listen_for_tones(ToneKeys what) override;
  void amplify(double received_db, double sent_db) override;
  void chime(const ToneScript& tones) override;
  std::unique_ptr<Tap> tap(const TapSettings& settings) override;
  [[nodiscard]] StreamStatistics statistics() const override { return setup_.block->read(); }
  [[nodiscard]] StreamId id() const { return setup_.id; }

 private:
  PortExchange& exchange_;
  Setup setup_;
  Stream::TapId last_tap_ = 0;
};

class EngineLink final : public Link {
 public:
  EngineLink(PortExchange& exchange, LinkId id, StreamId first, StreamId second)
      : exchange_(exchange), id_(id), first_(first), second_(second) {}
  EngineLink(const EngineLink&) = delete;
  EngineLink& operator=(const EngineLink&) = delete;
  ~EngineLink() override;

 private:
  PortExchange& exchange_;
  LinkId id_;
  StreamId first_;  // by name: a port may go before the link does
  StreamId second_;
};

class EngineMix final : public Mix {
 public:
  EngineMix(PortExchange& exchange, MixId id, const MixSettings& settings)
      : exchange_(exchange), id_(id), settings_(settings) {}
  EngineMix(const EngineMix&) = delete;
  EngineMix& operator=(const EngineMix&) = delete;
  ~EngineMix() override;
  std::unique_ptr<MixSeat> join(Port& port, const MixRole& role,
                                std::function<void(bool talking)> on_talking) override;
  std::unique_ptr<Playback> play(PlayList list, const PlaySettings& settings, std::uint32_t to,
                                 std::function<void()> on_end) override;
  std::unique_ptr<Tap> tap(const TapSettings& settings, std::uint32_t hears) override;

 private:
  /// Its thread: that of the first who needs it.
  std::size_t home();

  PortExchange& exchange_;
  MixId id_;
  MixSettings settings_;
  std::optional<std::size_t> home_;
  MixDesk::Number last_ = 0;
};

}  // namespace switchroom::media
