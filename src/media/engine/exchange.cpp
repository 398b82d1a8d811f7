// The call thread's half of the engine: where each stream lives, and what it is told.
#include "media/engine/exchange.hpp"

#include "base/log.hpp"
#include "media/engine/handles.hpp"

#include <algorithm>
#include <cassert>
#include <thread>

namespace switchroom::media {

PortExchange::PortExchange(asio::io_context& call_context, Settings settings)
    : call_context_(call_context),
      range_(settings.first_port, settings.last_port),
      dtls_(DtlsIdentity::make().value()),
      doorbell_(call_context, [this] {
        for (const auto& thread : threads_) {
          thread->wake();
        }
      }) {
  const unsigned wanted = settings.threads != 0 ? settings.threads : std::thread::hardware_concurrency();
  for (unsigned i = 0; i < std::max(wanted, 1U); ++i) {
    threads_.push_back(std::make_unique<MediaThread>(i, call_context));
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
      Stream::Setup{id, settings, std::move(pair->rtp), std::move(pair->rtcp), block, call_context_, dtls_}));
  doorbell_.press();
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
      thread.clear_desks();
      thread.join_partners(stream);
    };
  };
  command(first, name(second));
  command(second, name(first));
  return std::make_unique<EngineLink>(*this, link, first, second);
}

std::unique_ptr<Mix> PortExchange::mix(const MixSettings& settings) {
  return std::make_unique<EngineMix>(*this, ++last_mix_, settings);
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
    doorbell_.press();
  }
}

void PortExchange::task(std::size_t thread, MediaThread::Task task) {
  threads_[thread]->task(std::move(task));
  doorbell_.press();
}

void PortExchange::close(StreamId stream, const base::Endpoint& local) {
  command(stream, [stream](MediaThread& here, Stream&) { here.close(stream); });
  if (4 * homes_.size() >= range_.pairs()) {  // a small range: the next call may want the ports of this one
    doorbell_.press_now();
  }
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

std::unique_ptr<Engine> Engine::start(asio::io_context& call_context, Settings settings) {
  return std::make_unique<PortExchange>(call_context, settings);
}

}  // namespace switchroom::media
