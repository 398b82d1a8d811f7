// The process: every room made, wired and taken down in order.
#pragma once

#include "base/asio.hpp"
#include "base/task_group.hpp"
#include "base/timer_queue.hpp"
#include "call/services.hpp"
#include "call/switchboard.hpp"
#include "cdr/recorder.hpp"
#include "config/load.hpp"
#include "control/command.hpp"
#include "control/server.hpp"
#include "guard/access.hpp"
#include "main/keepalives.hpp"
#include "main/listeners.hpp"
#include "main/registrations.hpp"
#include "media/engine.hpp"
#include "registrar/registrar.hpp"
#include "sip/endpoint/endpoint.hpp"
#include "sip/transaction/transactions.hpp"
#include "sip/transaction/transport_wire.hpp"
#include "sip/transport/resolver.hpp"
#include "sip/transport/transport.hpp"

#include <boost/asio/signal_set.hpp>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace switchroom::main {

/// How the loader and `switchroom check` judge actions and conditions.
config::Checks config_checks();

/// A running Switchroom. Made, run and destroyed on the call thread (that of main()).
class Server {
 public:
  /// Opens everything; the error says what could not be opened and what to do about it.
  static base::result<std::unique_ptr<Server>> start(config::SnapshotPtr config);
  ~Server();

  /// Serves until a shutdown is complete. Logs "ready" first. Returns the exit status.
  int run();

  // -- for commands; on the call thread --
  /// Validates the file and, if nothing is wrong with it, swaps it in; all problems otherwise.
  std::vector<config::Problem> reload();
  /// Refuses new calls, waits for the running ones for at most `grace`, ends the rest, then stops.
  void shut_down(base::Duration grace);

  [[nodiscard]] const config::Snapshot& config() const { return *config_; }
  [[nodiscard]] call::Switchboard& switchboard() { return *switchboard_; }
  [[nodiscard]] registrar::Registrar& registrar() { return *registrar_; }
  [[nodiscard]] const cdr::Recorder& recorder() const { return *recorder_; }
  [[nodiscard]] const media::Engine& media() const { return *engine_; }
  [[nodiscard]] const sip::Transports& transports() const { return *transports_; }
  [[nodiscard]] const sip::Transactions& transactions() const { return *transactions_; }
  [[nodiscard]] const sip::Endpoint& endpoint() const { return *endpoint_; }
  [[nodiscard]] base::Time started() const { return started_; }
  [[nodiscard]] bool closing() const { return closing_; }

 private:
  explicit Server(config::SnapshotPtr config);
  base::result<void> open();
  void apply(const config::SnapshotPtr& config);
  [[nodiscard]] std::vector<config::Problem> refuse_reload(std::vector<config::Problem> problems) const;
  void watch_signals();
  void on_signal(int number);
  awaitable<void> close(base::Duration grace);

  config::SnapshotPtr config_;
  base::Time started_;
  bool closing_ = false;  // no new calls
  bool closed_ = false;   // nothing is left to wait for
  // In the order that they are made; destroyed the other way round.
  asio::io_context context_{1};
  base::TimerQueue timers_{context_};
  asio::signal_set signals_{context_};
  guard::Access access_{nullptr};
  std::unique_ptr<cdr::Recorder> recorder_;
  std::unique_ptr<registrar::Registrar> registrar_;
  std::unique_ptr<media::Engine> engine_;
  std::unique_ptr<sip::Resolver> resolver_;
  std::unique_ptr<sip::Transports> transports_;
  std::unique_ptr<sip::TransportWire> wire_;
  std::unique_ptr<sip::Transactions> transactions_;
  std::unique_ptr<Listeners> listeners_;
  std::unique_ptr<Registrations> registrations_;
  std::unique_ptr<Keepalives> keepalives_;
  std::unique_ptr<sip::Endpoint> endpoint_;
  std::unique_ptr<call::Switchboard> switchboard_;
  control::CommandTable commands_;
  std::unique_ptr<control::Server> control_;
  std::unique_ptr<base::TaskGroup> tasks_;  // last: empty before the rest goes
};

/// Fills the table with the commands of this version. The server outlives the table.
void add_commands(control::CommandTable& table, Server& server);

}  // namespace switchroom::main
