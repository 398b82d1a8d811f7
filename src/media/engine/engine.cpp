// The call thread's half of the engine: where each stream lives, and what it is told.
#include "media/engine.hpp"

#include "base/log.hpp"
#include "media/engine/media_thread.hpp"
#include "media/engine/port_range.hpp"

#include <algorithm>
#include <cassert>
#include <thread>
#include <unordered_map>
#include <vector>

namespace switchroom::media {
namespace {

class PortExchange;

/// The call thread's half of a port.
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
  [[nodiscard]] StreamStatistics statistics() const override { return setup_.block->read(); }
  [[nodiscard]] StreamId id() const { return setup_.id; }

 private:
  PortExchange& exchange_;
  Setup setup_;
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

/// The engine. It knows for each stream the thread that it lives on, or is on its way to.
class PortExchange final : public Engine {
 public:
  PortExchange(asio::io_context& call_context, Settings settings);
  PortExchange(const PortExchange&) = delete;
  PortExchange& operator=(const PortExchange&) = delete;
  ~PortExchange() override;

  base::result<std::unique_ptr<Port>, OpenError> open(const PortSettings& settings, PortEvents events,
                                                      const Port* beside) override;
  std::unique_ptr<Link> link(Port& a, Port& b) override;
  void configure(const Settings& settings) override {
    range_.configure(settings.first_port, settings.last_port);
  }
  [[nodiscard]] std::size_t open_ports() const override { return homes_.size(); }
  [[nodiscard]] Totals totals() const override;

  /// Nothing for a stream whose port is gone.
  void command(StreamId stream, MediaThread::Command command);
  void close(StreamId stream, const base::Endpoint& local);
  void unlink(StreamId stream, LinkId link);

 private:
  void move(StreamId stream, std::size_t to);
  /// The media thread for a new stream.
  [[nodiscard]] std::size_t home_for(const Port* beside) const;

  asio::io_context& call_context_;
  PortRange range_;
  std::vector<std::unique_ptr<MediaThread>> threads_;
  std::vector<std::size_t> loads_;                   // streams on each thread
  std::unordered_map<StreamId, std::size_t> homes_;  // index into threads_
  StreamId last_stream_ = 0;
  LinkId last_link_ = 0;
};

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

EngineLink::~EngineLink() {
  exchange_.unlink(first_, id_);
  exchange_.unlink(second_, id_);
}

PortExchange::PortExchange(asio::io_context& call_context, Settings settings)
    : call_context_(call_context), range_(settings.first_port, settings.last_port) {
  const unsigned wanted = settings.threads != 0 ? settings.threads : std::thread::hardware_concurrency();
  for (unsigned i = 0; i < std::max(wanted, 1U); ++i) {
    threads_.push_back(std::make_unique<MediaThread>(i));
  }
  loads_.resize(threads_.size());
  log::line(log::Level::debug, log::Subsystem::media, "", "{} media threads, ports {} to {}", threads_.size(),
            settings.first_port, settings.last_port);
}

PortExchange::~PortExchange() {
  assert(homes_.empty());  // every port refers to us
  // All are told before one is waited for, and all are joined before one is destroyed: a stream that is
  // on its way from one to the other still finds both.
  for (const auto& thread : threads_) {
    thread->finish();
  }
  for (const auto& thread : threads_) {
    thread->join();
  }
}

base::result<std::unique_ptr<Port>, Engine::OpenError> PortExchange::open(const PortSettings& settings,
                                                                          PortEvents events,
                                                                          const Port* beside) {
  auto pair = range_.open(settings.local);
  if (!pair) {
    return pair.error();
  }
  const auto block = std::make_shared<PortBlock>();
  block->events = std::move(events);
  const StreamId id = ++last_stream_;
  const std::size_t home = home_for(beside);
  threads_[home]->adopt(std::make_unique<Stream>(
      Stream::Setup{id, settings, std::move(pair->rtp), std::move(pair->rtcp), block, call_context_}));
  ++loads_[home];
  homes_[id] = home;
  return std::unique_ptr<Port>(
      std::make_unique<EnginePort>(*this, EnginePort::Setup{id, {settings.local, pair->port}, block}));
}

std::size_t PortExchange::home_for(const Port* beside) const {
  if (beside != nullptr) {
    return homes_.at(static_cast<const EnginePort&>(*beside).id());
  }
  return static_cast<std::size_t>(std::ranges::min_element(loads_) - loads_.begin());
}

std::unique_ptr<Link> PortExchange::link(Port& a, Port& b) {
  const StreamId first = static_cast<EnginePort&>(a).id();
  const StreamId second = static_cast<EnginePort&>(b).id();
  assert(first != second);  // a port that hears itself is echo()
  const LinkId link = ++last_link_;
  move(second, homes_.at(first));
  const auto name = [link](StreamId partner) {
    return [link, partner](MediaThread& thread, Stream& stream) {
      stream.name_partner(link, partner);
      thread.join_partners(stream);
    };
  };
  command(first, name(second));
  command(second, name(first));
  return std::make_unique<EngineLink>(*this, link, first, second);
}

void PortExchange::move(StreamId stream, std::size_t to) {
  std::size_t& home = homes_.at(stream);
  if (home == to) {
    return;
  }
  command(stream, [stream, target = threads_[to].get()](MediaThread& here, Stream&) {
    here.hand_over(stream, *target);
  });
  --loads_[home];
  ++loads_[to];
  home = to;
}

void PortExchange::command(StreamId stream, MediaThread::Command command) {
  const auto home = homes_.find(stream);
  if (home != homes_.end()) {
    threads_[home->second]->command(stream, std::move(command));
  }
}

void PortExchange::close(StreamId stream, const base::Endpoint& local) {
  command(stream, [stream](MediaThread& here, Stream&) { here.close(stream); });
  --loads_[homes_.at(stream)];
  homes_.erase(stream);
  range_.release(local.address, local.port);
}

void PortExchange::unlink(StreamId stream, LinkId link) {
  command(stream, [link](MediaThread&, Stream& here) {
    if (here.link() == link) {
      here.name_partner(0, 0);
    }  // unless a newer link took its place
  });
}

Engine::Totals PortExchange::totals() const {
  Totals sum;
  for (const auto& thread : threads_) {
    sum.relayed += thread->totals().relayed.read();
    sum.dropped += thread->totals().dropped.read();
    sum.strangers += thread->totals().strangers.read();
  }
  return sum;
}

}  // namespace

std::unique_ptr<Engine> Engine::start(asio::io_context& call_context, Settings settings) {
  return std::make_unique<PortExchange>(call_context, settings);
}

}  // namespace switchroom::media
