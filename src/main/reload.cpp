// A new configuration for a server that runs.
#include "base/log.hpp"
#include "main/log_settings.hpp"
#include "main/server.hpp"

#include <memory>
#include <utility>

namespace switchroom::main {
namespace {

using log::Level;
using log::Subsystem;

}  // namespace

// The work is a task of the server's own: a client who goes away does not stop it half way.
awaitable<std::vector<config::Problem>> Server::reload() {
  struct Outcome {
    explicit Outcome(asio::io_context& context) : done(context.get_executor()) {}
    std::vector<config::Problem> problems;
    base::Signal done;
  };
  // Shared: the task and the one who waits for it end in any order.
  const auto outcome = std::make_shared<Outcome>(context_);
  const auto work = [](Server* server, std::shared_ptr<Outcome> mine) -> awaitable<void> {
    mine->problems = server->take_over(co_await server->loader_.load(server->config().file));
  };
  ++reloads_;
  tasks_->spawn(work(this, outcome), [this, outcome] {
    --reloads_;
    reloaded_.notify();
    outcome->done.notify();
  });
  co_await outcome->done.wait();
  co_return std::move(outcome->problems);
}

awaitable<void> Server::reload_alone() { (void)co_await reload(); }

std::vector<config::Problem> Server::take_over(const Loader::Loaded& loaded) {
  if (loaded.rules.config == nullptr) {
    return refuse_reload(loaded.problems);
  }
  const config::Snapshot& wanted = *loaded.rules.config;
  const auto refuse = [&](const char* key, const base::Error& why) {
    return refuse_reload({{{wanted.file.string(), 0, 0}, key, why.what}});
  };
  if (closing_) {
    return refuse("", base::Error{"the server is shutting down"});
  }
  // What the system may refuse comes first: as long as it does nothing has changed.
  if (const auto logging = log::start(log_settings(wanted)); !logging) {
    return refuse("log.file", logging.error());
  }
  if (const auto usable = certificates_->configure(wanted); !usable) {
    (void)log::start(log_settings(config()));
    return refuse("tls", usable.error());
  }
  if (const auto listening = listeners_->configure(wanted); !listening) {
    (void)log::start(log_settings(config()));
    return refuse("profiles", listening.error());
  }
  if (wanted.pbx.data_dir != config().pbx.data_dir || wanted.control.socket != config().control.socket ||
      wanted.recording.folder != config().recording.folder ||
      wanted.recording.mp3_folder != config().recording.mp3_folder || wanted.cdr.csv != config().cdr.csv ||
      wanted.cdr.sqlite != config().cdr.sqlite) {
    log::line(
        Level::warning, Subsystem::config, {},
        "data_dir, [cdr], the folders of [recording] and the control socket change with the next start only");
  }
  call::Rulebook old = rules_;
  apply(loaded.rules);
  trunks_->configure(loaded.rules.config);
  loader_.retire(std::move(old));
  recorder_->reopen();
  log::line(Level::info, Subsystem::config, {}, "configuration reloaded from {}", config().file.string());
  return {};
}

std::vector<config::Problem> Server::refuse_reload(std::vector<config::Problem> problems) const {
  log::line(Level::error, Subsystem::config, {}, "reload refused, nothing has changed: {} problem{} in {}",
            problems.size(), problems.size() == 1 ? "" : "s", config().file.string());
  for (const auto& problem : problems) {
    log::line(Level::error, Subsystem::config, {}, "{}", problem.text());
  }
  return problems;
}

}  // namespace switchroom::main
