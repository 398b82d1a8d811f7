#include "media/engine/handles.hpp"

#include "media/delayed_echo.hpp"

#include <utility>

namespace switchroom::media {
namespace {

class EnginePlayback final : public Playback {
 public:
  EnginePlayback(PortExchange& exchange, StreamId stream, std::shared_ptr<PlayHandle> handle)
      : exchange_(exchange), stream_(stream), handle_(std::move(handle)) {}
  EnginePlayback(const EnginePlayback&) = delete;
  EnginePlayback& operator=(const EnginePlayback&) = delete;
  ~EnginePlayback() override {
    handle_->on_end = nullptr;
    exchange_.command(stream_,
                      [handle = handle_](MediaThread&, Stream& stream) { stream.stop_playing(*handle); });
  }
  void pause(bool on) override {
    exchange_.command(
        stream_, [handle = handle_, on](MediaThread&, Stream& stream) { stream.pause_playing(*handle, on); });
  }
  void seek(base::Duration by) override {
    exchange_.command(
        stream_, [handle = handle_, by](MediaThread&, Stream& stream) { stream.seek_playing(*handle, by); });
  }
  [[nodiscard]] base::Duration position() const override {
    return std::chrono::milliseconds(handle_->progress->position_ms.load(std::memory_order_relaxed));
  }

 private:
  PortExchange& exchange_;
  StreamId stream_;
  std::shared_ptr<PlayHandle> handle_;
};

class EngineTap final : public Tap {
 public:
  EngineTap(PortExchange& exchange, StreamId stream, Stream::TapId id, std::shared_ptr<TapRing> ring)
      : exchange_(exchange), stream_(stream), id_(id), ring_(std::move(ring)) {}
  EngineTap(const EngineTap&) = delete;
  EngineTap& operator=(const EngineTap&) = delete;
  ~EngineTap() override {
    exchange_.command(stream_, [id = id_](MediaThread&, Stream& stream) { stream.remove_tap(id); });
  }
  [[nodiscard]] std::shared_ptr<TapReader> reader() const override { return ring_; }

 private:
  PortExchange& exchange_;
  StreamId stream_;
  Stream::TapId id_;
  std::shared_ptr<TapRing> ring_;
};

class EngineSeat final : public MixSeat {
 public:
  EngineSeat(PortExchange& exchange, StreamId stream, MixId mix, std::shared_ptr<SeatBlock> block)
      : exchange_(exchange), stream_(stream), mix_(mix), block_(std::move(block)) {}
  EngineSeat(const EngineSeat&) = delete;
  EngineSeat& operator=(const EngineSeat&) = delete;
  ~EngineSeat() override {
    block_->on_talking = nullptr;
    exchange_.command(stream_, [mix = mix_](MediaThread& thread, Stream& stream) {
      if (stream.rise_from(mix)) {
        thread.clear_desks();
      }
    });
  }
  void change(const MixRole& role) override {
    exchange_.command(stream_,
                      [mix = mix_, role](MediaThread&, Stream& stream) { stream.change_role(mix, role); });
  }
  [[nodiscard]] SeatState state() const override {
    return {block_->energy.load(std::memory_order_relaxed), block_->talking.load(std::memory_order_relaxed)};
  }

 private:
  PortExchange& exchange_;
  StreamId stream_;
  MixId mix_;
  std::shared_ptr<SeatBlock> block_;  // why shared: see SeatBlock
};

/// Where a mix is, and which of its sounds or taps is meant.
struct MixPlace {
  PortExchange& exchange;
  std::size_t thread = 0;
  MixId mix = 0;
  MixDesk::Number number = 0;

  /// Does something with the desk, if it is there still.
  void act(std::function<void(MixDesk& desk)> action) const {
    exchange.task(thread, [mix = mix, action = std::move(action)](MediaThread& here) {
      if (MixDesk* const desk = here.find_desk(mix)) {
        action(*desk);
        here.clear_desks();
      }
    });
  }
};

class MixPlayback final : public Playback {
 public:
  MixPlayback(const MixPlace& place, std::shared_ptr<PlayHandle> handle)
      : place_(place), handle_(std::move(handle)) {}
  MixPlayback(const MixPlayback&) = delete;
  MixPlayback& operator=(const MixPlayback&) = delete;
  ~MixPlayback() override {
    handle_->on_end = nullptr;
    place_.act([number = place_.number](MixDesk& desk) { desk.stop(number); });
  }
  void pause(bool on) override {
    place_.act([number = place_.number, on](MixDesk& desk) { desk.pause(number, on); });
  }
  void seek(base::Duration by) override {
    place_.act([number = place_.number, by](MixDesk& desk) { desk.seek(number, by); });
  }
  [[nodiscard]] base::Duration position() const override {
    return std::chrono::milliseconds(handle_->progress->position_ms.load(std::memory_order_relaxed));
  }

 private:
  MixPlace place_;
  std::shared_ptr<PlayHandle> handle_;
};

class MixTap final : public Tap {
 public:
  MixTap(const MixPlace& place, std::shared_ptr<TapRing> ring) : place_(place), ring_(std::move(ring)) {}
  MixTap(const MixTap&) = delete;
  MixTap& operator=(const MixTap&) = delete;
  ~MixTap() override {
    place_.act([number = place_.number](MixDesk& desk) { desk.remove_tap(number); });
  }
  [[nodiscard]] std::shared_ptr<TapReader> reader() const override { return ring_; }

 private:
  MixPlace place_;
  std::shared_ptr<TapRing> ring_;
};

}  // namespace

EnginePort::~EnginePort() {
  setup_.block->events = {};
  exchange_.close(setup_.id, setup_.local);
}

void EnginePort::apply(const sdp::MediaPlan& plan) {
  exchange_.command(setup_.id,
                    [plan](MediaThread&, Stream& stream) { stream.apply(plan, base::Clock::now()); });
}

void EnginePort::echo(bool on) {
  exchange_.command(setup_.id, [on](MediaThread&, Stream& stream) { stream.echo(on); });
}

void EnginePort::delay_echo(base::Duration delay) {
  exchange_.command(setup_.id, [delay](MediaThread&, Stream& stream) { stream.delay_echo(delay); });
}

void delay_echo(Port& port, base::Duration delay) { static_cast<EnginePort&>(port).delay_echo(delay); }

std::unique_ptr<Playback> EnginePort::play(PlayList list, const PlaySettings& settings,
                                           std::function<void()> on_end) {
  auto handle = std::make_shared<PlayHandle>();
  handle->on_end = std::move(on_end);
  exchange_.command(setup_.id,
                    [list = std::move(list), settings, handle](MediaThread&, Stream& stream) mutable {
                      stream.play(std::move(list), settings, std::move(handle));
                    });
  return std::make_unique<EnginePlayback>(exchange_, setup_.id, std::move(handle));
}

void EnginePort::chime(const ToneScript& tones) {
  exchange_.command(setup_.id, [tones](MediaThread&, Stream& stream) { stream.chime(tones); });
}

void EnginePort::press(char key, base::Duration length) {
  exchange_.command(setup_.id, [key, length](MediaThread&, Stream& stream) { stream.press(key, length); });
}

void EnginePort::release() {
  exchange_.command(setup_.id, [](MediaThread&, Stream& stream) { stream.release(); });
}

void EnginePort::listen_for_tones(ToneKeys what) {
  exchange_.command(setup_.id, [what](MediaThread&, Stream& stream) { stream.listen_for_tones(what); });
}

void EnginePort::amplify(double received_db, double sent_db) {
  exchange_.command(setup_.id, [received_db, sent_db](MediaThread&, Stream& stream) {
    stream.amplify(received_db, sent_db);
  });
}

std::unique_ptr<Tap> EnginePort::tap(const TapSettings& settings) {
  auto ring = std::make_shared<TapRing>(settings);
  const Stream::TapId id = ++last_tap_;
  exchange_.command(setup_.id, [id, ring](MediaThread&, Stream& stream) { stream.add_tap(id, ring); });
  return std::make_unique<EngineTap>(exchange_, setup_.id, id, std::move(ring));
}

EngineLink::~EngineLink() {
  exchange_.unlink(first_, id_);
  exchange_.unlink(second_, id_);
}

EngineMix::~EngineMix() {
  if (home_) {
    MixPlace{exchange_, *home_, id_, 0}.act([](MixDesk& desk) { desk.close(); });
  }
}

std::size_t EngineMix::home() {
  if (!home_) {
    home_ = exchange_.home_for(nullptr);
  }
  return *home_;
}

std::unique_ptr<MixSeat> EngineMix::join(Port& port, const MixRole& role,
                                         std::function<void(bool talking)> on_talking) {
  const StreamId stream = static_cast<EnginePort&>(port).id();
  if (!home_) {
    home_ = exchange_.home_of(stream);
  }
  auto block = std::make_shared<SeatBlock>();
  block->on_talking = std::move(on_talking);
  exchange_.move(stream, *home_);
  exchange_.command(stream,
                    [mix = id_, settings = settings_, role, block](MediaThread& thread, Stream& here) {
                      here.sit_at(mix, thread.desk(mix, settings), role, block);
                      thread.clear_desks();
                    });
  return std::make_unique<EngineSeat>(exchange_, stream, id_, std::move(block));
}

std::unique_ptr<Playback> EngineMix::play(PlayList list, const PlaySettings& settings, std::uint32_t to,
                                          std::function<void()> on_end) {
  const MixPlace place{exchange_, home(), id_, ++last_};
  auto handle = std::make_shared<PlayHandle>();
  handle->on_end = std::move(on_end);
  // Made here: its memory comes from this thread. Shared only because a std::function is copied.
  auto player = std::make_shared<std::unique_ptr<Player>>(
      std::make_unique<Player>(std::move(list), settings, settings_.rate, handle->progress));
  exchange_.task(place.thread, [mix = id_, settings = settings_, number = place.number, player, handle,
                                to](MediaThread& thread) {
    thread.desk(mix, settings).play(number, std::move(*player), handle, to);
  });
  return std::make_unique<MixPlayback>(place, std::move(handle));
}

std::unique_ptr<Tap> EngineMix::tap(const TapSettings& settings, std::uint32_t hears) {
  const MixPlace place{exchange_, home(), id_, ++last_};
  auto ring = std::make_shared<TapRing>(settings);
  exchange_.task(place.thread,
                 [mix = id_, settings = settings_, number = place.number, ring, hears](MediaThread& thread) {
                   thread.desk(mix, settings).add_tap(number, ring, hears);
                 });
  return std::make_unique<MixTap>(place, std::move(ring));
}

}  // namespace switchroom::media
