// The engine as its ports, links and mixes see it: where each stream lives, and how it is told something.
#pragma once

#include "media/dtls/worker.hpp"
#include "media/engine.hpp"
#include "media/engine/doorbell.hpp"
#include "media/engine/media_thread.hpp"
#include "media/engine/port_range.hpp"

#include <memory>
#include <unordered_map>
#include <vector>

namespace switchroom::media {

/// The engine. It knows for each stream the thread that it lives on, or is on its way to. Call thread.
class PortExchange final : public Engine {
 public:
  /// Throws std::runtime_error when OpenSSL makes no certificate.
  PortExchange(asio::io_context& call_context, Settings settings);
  PortExchange(const PortExchange&) = delete;
  PortExchange& operator=(const PortExchange&) = delete;
  ~PortExchange() override;

  base::result<std::unique_ptr<Port>, OpenError> open(const PortSettings& settings, PortEvents events,
                                                      const Port* beside) override;
  std::unique_ptr<Link> link(Port& a, Port& b) override;
  std::unique_ptr<Mix> mix(const MixSettings& settings) override;
  void configure(const Settings& settings) override {
    range_.configure(settings.first_port, settings.last_port);
  }
  [[nodiscard]] const sdp::Fingerprint& fingerprint() const override { return dtls_.fingerprint(); }
  [[nodiscard]] std::size_t open_ports() const override { return homes_.size(); }
  [[nodiscard]] Totals totals() const override;

  /// Nothing for a stream whose port is gone.
  void command(StreamId stream, MediaThread::Command command);
  void task(std::size_t thread, MediaThread::Task task);
  void close(StreamId stream, const base::Endpoint& local);
  void unlink(StreamId stream, LinkId link);
  [[nodiscard]] std::size_t home_of(StreamId stream) const { return homes_.at(stream); }
  void move(StreamId stream, std::size_t to);
  /// The media thread for a new stream.
  [[nodiscard]] std::size_t home_for(const Port* beside) const;

 private:
  asio::io_context& call_context_;
  PortRange range_;
  DtlsWorker dtls_;  // before the threads, whose streams use it
  std::vector<std::unique_ptr<MediaThread>> threads_;
  std::vector<std::size_t> loads_;                   // streams on each thread
  std::unordered_map<StreamId, std::size_t> homes_;  // index into threads_
  StreamId last_stream_ = 0;
  LinkId last_link_ = 0;
  MixId last_mix_ = 0;
  Doorbell doorbell_;
};

}  // namespace switchroom::media
