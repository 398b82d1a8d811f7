// The process: every room made, wired and taken down in order.
#pragma once

#include "base/asio.hpp"
#include "base/log.hpp"
#include "base/task_group.hpp"
#include "base/timer_queue.hpp"
#include "call/events.hpp"
#include "call/ring_order.hpp"
#include "call/services.hpp"
#include "call/shared.hpp"
#include "call/switchboard.hpp"
#include "cdr/recorder.hpp"
#include "conference/rooms.hpp"
#include "config/load.hpp"
#include "control/command.hpp"
#include "control/server.hpp"
#include "guard/access.hpp"
#include "guard/ban_file.hpp"
#include "guard/bans.hpp"
#include "guard/nftables.hpp"
#include "guard/socket_filter.hpp"
#include "mail/mailer.hpp"
#include "main/certificates.hpp"
#include "main/emergency_notices.hpp"
#include "main/keepalives.hpp"
#include "main/listeners.hpp"
#include "main/loader.hpp"
#include "main/message_waiting.hpp"
#include "main/privileges.hpp"
#include "main/registrations.hpp"
#include "main/toll_alerts.hpp"
#include "media/engine.hpp"
#include "media/sound.hpp"
#include "recording/archive.hpp"
#include "recording/call_recordings.hpp"
#include "recording/recorder.hpp"
#include "registrar/registrar.hpp"
#include "sip/endpoint/endpoint.hpp"
#include "sip/transaction/transactions.hpp"
#include "sip/transaction/transport_wire.hpp"
#include "sip/transport/resolver.hpp"
#include "sip/transport/transport.hpp"
#include "sip/trunk/trunks.hpp"
#include "sounds/library.hpp"
#include "voicemail/mailboxes.hpp"
#include "voicemail/mailing.hpp"

#include <boost/asio/signal_set.hpp>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace switchroom::main {

/// A running Switchroom. Made, run and destroyed on the call thread (that of main()).
class Server {
 public:
  /// Opens everything; the error says what could not be opened and what to do about it.
  /// `kept`: what was read while the process was root. The file's warnings go to the log.
  static base::result<std::unique_ptr<Server>> start(const config::Loaded& loaded, KeptFiles kept);
  ~Server();

  /// Serves until a shutdown is complete. Logs "ready" first. Returns the exit status.
  int run();

  // -- for commands; on the call thread --
  /// What a reload did: problems (and nothing has changed), or what is worth knowing of the new file.
  struct Reloaded {
    std::vector<config::Problem> problems;
    std::vector<config::Problem> warnings;
    std::vector<std::string> next_start;  // keys that have changed and take effect then
  };
  /// Validates the file, off this thread, and, if nothing is wrong with it, swaps it in. Files that rotate
  /// are opened anew in any case. Who is cancelled while he waits does not stop it.
  awaitable<Reloaded> reload();
  /// Refuses new calls, waits for the running ones for at most `grace`, ends the rest, then stops.
  void shut_down(base::Duration grace);
  /// Makes the sockets drop whom bans() names now; after a change it happens by itself in the next turn.
  void shut_out_banned();

  [[nodiscard]] const config::Snapshot& config() const { return *rules_.config; }
  [[nodiscard]] const dialplan::Dialplan& dialplan() const { return *rules_.dialplan; }
  [[nodiscard]] call::Switchboard& switchboard() { return *switchboard_; }
  [[nodiscard]] registrar::Registrar& registrar() { return *registrar_; }
  [[nodiscard]] const cdr::Recorder& recorder() const { return *recorder_; }
  [[nodiscard]] const media::Engine& media() const { return *engine_; }
  [[nodiscard]] sounds::Library& sound_library() { return *sounds_; }
  [[nodiscard]] const sip::Transports& transports() const { return *transports_; }
  [[nodiscard]] const sip::Transactions& transactions() const { return *transactions_; }
  [[nodiscard]] const sip::Endpoint& endpoint() const { return *endpoint_; }
  [[nodiscard]] call::Shared& shared() { return shared_; }
  [[nodiscard]] const Certificates& certificates() const { return *certificates_; }
  [[nodiscard]] guard::Bans& bans() { return bans_; }
  [[nodiscard]] sip::Trunks& trunks() { return *trunks_; }
  [[nodiscard]] voicemail::Mailboxes& mailboxes() { return *mailboxes_; }
  [[nodiscard]] MessageWaiting& message_waiting() { return *message_waiting_; }
  [[nodiscard]] mail::Mailer& mailer() { return *mailer_; }
  [[nodiscard]] conference::Rooms& conferences() { return *conferences_; }
  [[nodiscard]] const call::Events& events() const { return events_; }
  [[nodiscard]] recording::Archive& archive() { return *archive_; }
  [[nodiscard]] recording::CallRecordings& recordings() { return *recordings_; }
  [[nodiscard]] base::Time started() const { return started_; }
  [[nodiscard]] bool closing() const { return closing_; }

 private:
  explicit Server(config::SnapshotPtr config);
  base::result<void> open(KeptFiles kept);
  base::result<void> open_voicemail();
  void on_new_message(const voicemail::Message& message);
  void apply(const call::Rulebook& rules);
  awaitable<void> reload_alone();
  Reloaded take_over(const Loader::Loaded& loaded);
  void swap_in(const Loader::Loaded& loaded, std::vector<config::Problem>& problems);
  void reopen_files(const log::Settings& logging);
  static void tell(const std::vector<config::Problem>& warnings);
  void open_bans();
  void hand_over(const std::vector<guard::Ban>& active);
  void watch_signals();
  void on_signal(int number);
  awaitable<void> close(base::Duration grace);

  call::Rulebook rules_;
  std::size_t reloads_ = 0;  // that run
  base::Time started_;
  bool closing_ = false;  // no new calls
  bool closed_ = false;   // nothing is left to wait for
  // In the order that they are made; destroyed the other way round.
  asio::io_context context_{1};
  base::TimerQueue timers_{context_};
  asio::signal_set signals_{context_};
  guard::Access access_{nullptr};
  call::Events events_;
  call::Shared shared_;
  guard::Bans bans_{rules_.config};
  std::unique_ptr<guard::BanFile> ban_file_;
  std::unique_ptr<guard::Nftables> nftables_;  // null: nobody asked for it
  base::TimerId ban_timer_ = 0;
  call::RingOrder ring_order_;
  std::unique_ptr<cdr::Recorder> recorder_;
  std::unique_ptr<registrar::Registrar> registrar_;
  std::unique_ptr<mail::Mailer> mailer_;
  std::unique_ptr<voicemail::Mailboxes> mailboxes_;
  std::unique_ptr<voicemail::Mailing> mailing_;
  std::unique_ptr<media::Engine> engine_;
  std::unique_ptr<sounds::Library> sounds_;
  std::unique_ptr<recording::Archive> archive_;  // of recordings
  std::unique_ptr<recording::Recorder> sound_recorder_;
  std::unique_ptr<recording::CallRecordings> recordings_;
  std::unique_ptr<sip::Resolver> resolver_;
  std::unique_ptr<sip::Transports> transports_;
  std::unique_ptr<sip::TransportWire> wire_;
  std::unique_ptr<sip::Transactions> transactions_;
  std::unique_ptr<Certificates> certificates_;
  std::unique_ptr<sip::Trunks> trunks_;
  std::unique_ptr<Listeners> listeners_;
  std::unique_ptr<Registrations> registrations_;
  std::unique_ptr<Keepalives> keepalives_;
  std::unique_ptr<sip::Endpoint> endpoint_;
  std::unique_ptr<MessageWaiting> message_waiting_;
  std::unique_ptr<conference::Rooms> conferences_;
  std::unique_ptr<call::Switchboard> switchboard_;
  std::unique_ptr<EmergencyNotices> notices_;
  std::unique_ptr<TollAlerts> toll_alerts_;
  control::CommandTable commands_;
  std::unique_ptr<control::Server> control_;
  Loader loader_{context_};
  base::Signal reloaded_{context_.get_executor()};
  std::unique_ptr<base::TaskGroup> tasks_;  // last: empty before the rest goes
};

}  // namespace switchroom::main
