#include "main/server.hpp"

#include "apps/application.hpp"
#include "base/log.hpp"
#include "dialplan/plan.hpp"
#include "main/log_settings.hpp"

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

config::Checks config_checks() {
  config::Checks checks;
  checks.application = [](const config::Action& action, const config::Snapshot&) {
    return apps::check_action(action);
  };
  checks.condition = [](const config::Condition& condition) { return dialplan::check_condition(condition); };
  return checks;
}

Server::Server(config::SnapshotPtr config)
    : config_(std::move(config)),
      started_(base::Clock::now()),
      tasks_(std::make_unique<base::TaskGroup>(context_.get_executor(), [](const std::string& what) {
        log::line(Level::error, Subsystem::main, {}, "an internal task failed: {}", what);
      })) {}

Server::~Server() = default;

base::result<std::unique_ptr<Server>> Server::start(config::SnapshotPtr config) {
  std::unique_ptr<Server> server(new Server(std::move(config)));
  if (auto opened = server->open(); !opened) {
    return opened.error();
  }
  return server;
}

base::result<void> Server::open() {
  if (auto made = make_data_directory(config_->pbx.data_dir); !made) {
    return made;
  }
  auto recorder = cdr::Recorder::open(record_settings(*config_));
  if (!recorder) {
    return recorder.error();
  }
  recorder_ = std::move(*recorder);
  auto registrar = registrar::Registrar::open({config_->pbx.data_dir / "registrations.db", 10}, timers_);
  if (!registrar) {
    return registrar.error();
  }
  registrar_ = std::move(*registrar);
  engine_ = media::Engine::start(context_, media_settings(*config_));
  resolver_ = std::make_unique<sip::Resolver>(context_);
  const auto admit = [this](const base::IpAddress& source, const std::string& profile) {
    return access_.admit(guard::Wish::send, source, profile);
  };
  transports_ = std::make_unique<sip::Transports>(context_, sip::Transports::Settings{}, admit);
  wire_ = std::make_unique<sip::TransportWire>(*transports_);
  transactions_ = std::make_unique<sip::Transactions>(timers_, *wire_, sip::Transactions::Settings{});
  listeners_ = std::make_unique<Listeners>(*transports_);
  registrations_ = std::make_unique<Registrations>(*registrar_);
  keepalives_ = std::make_unique<Keepalives>(timers_, *registrar_, *transports_);
  endpoint_ = std::make_unique<sip::Endpoint>(timers_, *transports_, *transactions_);
  const call::Services services{context_, timers_, *endpoint_, *resolver_, *engine_, *registrar_, *recorder_};
  switchboard_ =
      std::make_unique<call::Switchboard>(services, [](call::Call& call, const dialplan::Step& step) {
        return apps::run(call, step.application, step.argument);
      });
  endpoint_->set_takers(switchboard_.get(), registrations_.get());
  apply(config_);
  if (auto listening = listeners_->configure(*config_); !listening) {
    return listening;
  }
  add_commands(commands_, *this);
  auto control = control::Server::open(context_, config_->control.socket, commands_);
  if (!control) {
    return control.error();
  }
  control_ = std::move(*control);
  watch_signals();
  return {};
}

// What a new configuration changes at once. Running calls keep the one that they began with.
void Server::apply(const config::SnapshotPtr& config) {
  config_ = config;
  access_.configure(config);
  endpoint_->configure(config);
  switchboard_->configure({config, std::make_shared<const dialplan::Dialplan>(config)});
  engine_->configure(media_settings(*config));
  keepalives_->configure(config);
  registrar_->keep_only(
      [&](std::string_view extension) { return config->extensions.contains(std::string(extension)); });
}

std::vector<config::Problem> Server::reload() {
  auto loaded = config::load(config_->file, config_checks());
  if (loaded.snapshot == nullptr) {
    return refuse_reload(std::move(loaded.problems));
  }
  const config::Snapshot& wanted = *loaded.snapshot;
  const auto refuse = [&](const char* key, const base::Error& why) {
    return refuse_reload({{{wanted.file.string(), 0, 0}, key, why.what}});
  };
  // What the system may refuse comes first: as long as it does nothing has changed.
  if (const auto logging = log::start(log_settings(wanted)); !logging) {
    return refuse("log.file", logging.error());
  }
  if (const auto listening = listeners_->configure(wanted); !listening) {
    (void)log::start(log_settings(*config_));
    return refuse("profiles", listening.error());
  }
  if (wanted.pbx.data_dir != config_->pbx.data_dir || wanted.control.socket != config_->control.socket ||
      wanted.cdr.csv != config_->cdr.csv || wanted.cdr.sqlite != config_->cdr.sqlite) {
    log::line(Level::warning, Subsystem::config, {},
              "data_dir, [cdr] and the control socket change with the next start only");
  }
  apply(loaded.snapshot);
  recorder_->reopen();
  log::line(Level::info, Subsystem::config, {}, "configuration reloaded from {}", config_->file.string());
  return {};
}

std::vector<config::Problem> Server::refuse_reload(std::vector<config::Problem> problems) const {
  log::line(Level::error, Subsystem::config, {}, "reload refused, nothing has changed: {} problem{} in {}",
            problems.size(), problems.size() == 1 ? "" : "s", config_->file.string());
  for (const auto& problem : problems) {
    log::line(Level::error, Subsystem::config, {}, "{}", problem.text());
  }
  return problems;
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
    (void)reload();
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
  co_await switchboard_->drain(grace);
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
  context_.run();
  registrar_->flush();
  if (!recorder_->flush(flush_limit)) {
    log::line(Level::warning, Subsystem::cdr, {},
              "records still wait in the journal: they are written at the next start");
  }
  log::line(Level::info, Subsystem::main, {}, "stopped");
  return 0;
}

}  // namespace switchroom::main
