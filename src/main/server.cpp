#include "main/server.hpp"

#include "apps/application.hpp"
#include "base/log.hpp"
#include "dialplan/plan.hpp"
#include "embedded/embedded.hpp"
#include "main/commands.hpp"
#include "main/log_settings.hpp"
#include "main/mp3_attachment.hpp"
#include "main/process_facts.hpp"
#include "main/service_manager.hpp"

#include <algorithm>
#include <csignal>
#include <utility>

namespace switchroom::main {
namespace {

using log::Level;
using log::Subsystem;
using namespace std::chrono_literals;

constexpr auto signal_grace = 10s;  // TERM: running calls get so long to end by themselves
constexpr auto flush_limit = 5s;  // records are in the journal already: what is left waits for the next start

media::Engine::Settings media_settings(const config::Snapshot& config) {
  media::Engine::Settings settings;
  settings.first_port = config.media.first_port;
  settings.last_port = config.media.last_port;
  return settings;
}

sip::Transports::Settings transport_settings(const config::Snapshot& config) {
  sip::Transports::Settings settings;
  settings.max_connections = config.limits.connections;
  settings.max_connections_per_address = config.limits.connections_per_address;
  settings.max_handshakes_per_address = config.limits.handshakes_per_address;
  settings.max_messages = config.limits.messages_per_connection;
  return settings;
}

cdr::Recorder::Settings record_settings(const config::Snapshot& config) {
  const auto in_data = [&](const std::string& path) {
    return path.empty() ? std::filesystem::path() : config.pbx.data_dir / path;
  };
  return {config.pbx.data_dir, in_data(config.cdr.csv), in_data(config.cdr.sqlite)};
}

base::result<void> make_data_directory(const std::filesystem::path& directory) {
  std::error_code ec;
  std::filesystem::create_directories(directory, ec);
  if (ec) {
    return base::Error{"cannot make the data directory " + directory.string() + ": " + ec.message() +
                       " (see [pbx] data_dir)"};
  }
  return {};
}

}  // namespace

Server::Server(config::SnapshotPtr config)
    : rules_{config, std::make_shared<const dialplan::Dialplan>(std::move(config))},
      started_(base::Clock::now()),
      tasks_(std::make_unique<base::TaskGroup>(context_.get_executor(), [](const std::string& what) {
        log::line(Level::error, Subsystem::main, {}, "an internal task failed: {}", what);
      })) {}

Server::~Server() = default;

base::result<std::unique_ptr<Server>> Server::start(const config::Loaded& loaded, KeptFiles kept) {
  std::unique_ptr<Server> server(new Server(loaded.snapshot));
  tell(loaded.warnings);
  if (auto opened = server->open(std::move(kept)); !opened) {
    return opened.error();
  }
  return server;
}

base::result<void> Server::open(KeptFiles kept) {
  if (auto made = make_data_directory(config().pbx.data_dir); !made) {
    return made;
  }
  auto recorder = cdr::Recorder::open(record_settings(config()));
  if (!recorder) {
    return recorder.error();
  }
  recorder_ = std::move(*recorder);
  auto registrar = registrar::Registrar::open({config().pbx.data_dir / "registrations.db", 10}, timers_);
  if (!registrar) {
    return registrar.error();
  }
  registrar_ = std::move(*registrar);
  auto database = values::SharedValues::open(config().pbx.data_dir / "values.db");
  if (!database) {
    return database.error();
  }
  shared_.database = std::move(*database);
  shared_.tolls = std::make_unique<call::TollGate>(timers_, events_, shared_.database);
  shared_.prompts = std::make_unique<call::OwnPrompts>(context_);
  engine_ = media::Engine::start(context_, media_settings(config()));
  sounds_ = std::make_unique<sounds::Library>(context_);
  auto archive =
      recording::Archive::open(context_, config().pbx.data_dir / "recordings.db", config().recording);
  if (!archive) {
    return archive.error();
  }
  archive_ = std::move(*archive);
  sound_recorder_ = std::make_unique<recording::Recorder>(context_);
  sound_recorder_->observe(archive_.get());
  const recording::CallRecordings::Rooms rooms{context_, timers_,          events_,
                                               *sounds_, *sound_recorder_, *archive_};
  recordings_ =
      std::make_unique<recording::CallRecordings>(rooms, [this](const std::string& id) -> call::Call* {
        const auto found = switchboard_->find(id);
        return found ? *found : nullptr;
      });
  resolver_ = std::make_unique<sip::Resolver>(context_);
  const auto admit = [this](const base::IpAddress& source, const std::string& profile) {
    return !bans_.is_banned(source, base::wall_now()) &&
           (access_.admit(guard::Wish::send, source, profile) ||
            (trunks_ != nullptr && trunks_->is_trunk(source, profile)));
  };
  transports_ = std::make_unique<sip::Transports>(context_, transport_settings(config()), admit);
  wire_ = std::make_unique<sip::TransportWire>(*transports_);
  transactions_ = std::make_unique<sip::Transactions>(timers_, *wire_, sip::Transactions::Settings{});
  certificates_ =
      std::make_unique<Certificates>(timers_, *transports_, embedded::ca_certificates, std::move(kept));
  const auto news = [this](const std::string& trunk, const std::string& state, const std::string& why) {
    events_.publish("trunk." + state, {{"trunk", trunk}, {"why", why}});
  };
  trunks_ = std::make_unique<sip::Trunks>(
      sip::TrunkServices{&context_, transports_.get(), transactions_.get(), resolver_.get(), news});
  listeners_ = std::make_unique<Listeners>(*transports_);
  registrations_ = std::make_unique<Registrations>(*registrar_);
  keepalives_ = std::make_unique<Keepalives>(timers_, *registrar_, *transports_);
  endpoint_ = std::make_unique<sip::Endpoint>(timers_, *transports_, *transactions_);
  conferences_ = std::make_unique<conference::Rooms>(
      conference::Rooms::Needs{context_, timers_, *engine_, *sounds_, events_, *sound_recorder_});
  if (auto opened = open_voicemail(); !opened) {
    return opened;
  }
  const call::Services services{.context = context_,
                                .timers = timers_,
                                .endpoint = *endpoint_,
                                .resolver = *resolver_,
                                .media = *engine_,
                                .registrar = *registrar_,
                                .recorder = *recorder_,
                                .sounds = *sounds_,
                                .events = events_,
                                .shared = shared_,
                                .ring_order = ring_order_,
                                .trunks = *trunks_,
                                .sound_recorder = *sound_recorder_,
                                .recordings = recordings_.get(),
                                .voicemail = mailboxes_.get(),
                                .conferences = conferences_.get()};
  switchboard_ =
      std::make_unique<call::Switchboard>(services, [](call::Call& call, const dialplan::Step& step) {
        return apps::run(call, step.application, step.argument);
      });
  endpoint_->set_bans(&bans_);
  conferences_->set_dialler([this](const std::string& target, const std::string& argument) {
    return switchboard_->originate_to(target, argument.substr(0, argument.find('@')),
                                      {"conference", argument, "conference dial"});
  });
  endpoint_->set_takers(switchboard_.get(), registrations_.get());
  endpoint_->set_trunks(trunks_.get());
  notices_ = std::make_unique<EmergencyNotices>(events_, *switchboard_, rules_.config);
  toll_alerts_ = std::make_unique<TollAlerts>(events_, *mailer_, rules_.config);
  apply(rules_);
  if (auto usable = certificates_->configure(config()); !usable) {
    return usable;
  }
  if (auto listening = listeners_->configure(config()); !listening) {
    return listening;
  }
  open_bans();
  (void)message_waiting_->refresh({});  // now that there is a way to the phones
  mailboxes_->on_message([this](const voicemail::Message& message) { on_new_message(message); });
  add_commands(commands_, *this);
  auto control = control::Server::open(context_, config().control.socket, commands_);
  if (!control) {
    return control.error();
  }
  control_ = std::move(*control);
  trunks_->configure(rules_.config);  // when nothing can fail any more: from here on they want to be closed
  watch_signals();
  return {};
}

base::result<void> Server::open_voicemail() {
  const auto folder = config().pbx.data_dir / "mail";
  auto mailer = mail::Mailer::open(
      {folder, embedded::ca_certificates, [folder](const auto& wav) { return mp3_of(wav, folder); }},
      context_);
  if (!mailer) {
    return mailer.error();
  }
  mailer_ = std::move(*mailer);
  const auto shortest = static_cast<std::uint32_t>(config().voicemail.min_length.count() * 1000);
  auto mailboxes =
      voicemail::Mailboxes::open({config().pbx.data_dir / "voicemail", shortest}, context_, timers_);
  if (!mailboxes) {
    return mailboxes.error();
  }
  mailboxes_ = std::move(*mailboxes);
  mailing_ = std::make_unique<voicemail::Mailing>(*mailboxes_, *mailer_);
  message_waiting_ = std::make_unique<MessageWaiting>(timers_, *endpoint_, *registrar_, *mailboxes_);
  mailboxes_->on_change([this](const std::string& mailbox) { message_waiting_->on_change(mailbox); });
  mailer_->on_fate([this](const mail::Mailer::Fate& fate) {
    events_.publish("mail." + std::string(fate.what == "given up" ? "given_up" : fate.what),
                    {{"to", fate.to}, {"id", fate.id}, {"said", fate.words}});
    if (fate.what == "delivered") {
      mailing_->on_delivered(fate.tag);
    }
  });
  return {};
}

void Server::on_new_message(const voicemail::Message& message) {
  events_.publish("voicemail.new", {{"mailbox", message.mailbox},
                                    {"id", std::to_string(message.id)},
                                    {"caller_number", message.caller_number},
                                    {"caller_name", message.caller_name},
                                    {"length_ms", std::to_string(message.length_ms)},
                                    {"urgent", message.urgent ? "true" : "false"},
                                    {"call", message.call}});
  mailing_->on_message(message);
}

// What a new configuration changes at once. Running calls keep the one that they began with.
void Server::apply(const call::Rulebook& rules) {
  rules_ = rules;
  const auto& config = rules.config;
  access_.configure(config);
  bans_.configure(config);
  if (ban_file_ != nullptr) {  // not yet at the start
    shut_out_banned();
  }
  endpoint_->configure(config);
  switchboard_->configure(rules);
  shared_.tolls->configure(config);
  conferences_->configure(config);
  engine_->configure(media_settings(*config));
  sounds_->configure(config);
  keepalives_->configure(config);
  archive_->configure(config->recording);
  mailer_->configure(config);
  mailing_->configure(config);
  mailboxes_->configure(config);
  message_waiting_->configure(config);
  registrar_->keep_only(
      [&](std::string_view extension) { return config->extensions.contains(std::string(extension)); });
}

void Server::watch_signals() {
  signals_.add(SIGTERM);
  signals_.add(SIGINT);
  signals_.add(SIGHUP);
  signals_.async_wait([this](error_code ec, int number) {
    if (!ec) {
      on_signal(number);
    }
  });
}

void Server::on_signal(int number) {
  if (number == SIGHUP) {
    tasks_->spawn(reload_alone());
  } else {
    shut_down(closing_ ? base::Duration::zero() : base::Duration(signal_grace));
  }
  signals_.async_wait([this](error_code ec, int next) {
    if (!ec) {
      on_signal(next);
    }
  });
}

void Server::shut_down(base::Duration grace) {
  log::line(Level::info, Subsystem::main, {}, "shutting down: {} call{} up, at most {} s for them to end",
            switchboard_->active(), switchboard_->active() == 1 ? "" : "s",
            std::chrono::duration_cast<std::chrono::seconds>(grace).count());
  endpoint_->stop_taking_calls();
  if (closing_) {
    tasks_->cancel();  // an impatient second word: the running close() goes on without its grace
  }
  closing_ = true;
  tasks_->spawn(close(grace), [this] {
    if (closed_) {
      context_.stop();
    }
  });
}

awaitable<void> Server::close(base::Duration grace) {
  while (reloads_ > 0) {
    reloaded_.reset();
    co_await reloaded_.wait();
  }
  co_await switchboard_->drain(grace);
  co_await recordings_->close();
  co_await trunks_->close();
  co_await conferences_->close();
  co_await control_->close();
  signals_.cancel();
  closed_ = true;
}

int Server::run() {
  for (const auto& listener : transports_->listeners()) {
    log::line(Level::info, Subsystem::sip, {}, "profile {} listens on {} {}", listener.profile,
              sip::name(listener.kind), base::text(listener.local));
  }
  log::line(Level::info, Subsystem::main, {}, "ready");
  tell_service_manager("READY=1");
  forget_pages_of_the_start();
  context_.run();
  sound_recorder_->close();
  registrar_->flush();
  if (!mailboxes_->flush(flush_limit)) {
    log::line(Level::warning, Subsystem::voicemail, {}, "changes of mailboxes are not all on the disk");
  }
  if (!recorder_->flush(flush_limit)) {
    log::line(Level::warning, Subsystem::cdr, {},
              "records still wait in the journal: they are written at the next start");
  }
  log::line(Level::info, Subsystem::main, {}, "stopped");
  return 0;
}

}  // namespace switchroom::main
