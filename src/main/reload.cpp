// A new configuration for a server that runs.
#include "base/log.hpp"
#include "main/log_settings.hpp"
#include "main/server.hpp"

#include <fmt/ranges.h>

#include <memory>
#include <utility>

namespace switchroom::main {
namespace {

using log::Level;
using log::Subsystem;

/// Where the log goes, with the levels that hold now: `pbxctl log level` may have changed them.
log::Settings log_in_force(const config::Snapshot& config) {
  log::Settings settings = log_settings(config);
  for (std::size_t i = 0; i < log::subsystem_count; ++i) {
    settings.levels[i] = log::level(static_cast<Subsystem>(i));
  }
  return settings;
}

}  // namespace

// The work is a task of the server's own: a client who goes away does not stop it half way.
awaitable<Server::Reloaded> Server::reload() {
  struct Outcome {
    explicit Outcome(asio::io_context& context) : done(context.get_executor()) {}
    Reloaded what;
    base::Signal done;
  };
  // Shared: the task and the one who waits for it end in any order.
  const auto outcome = std::make_shared<Outcome>(context_);
  const auto work = [](Server* server, std::shared_ptr<Outcome> mine) -> awaitable<void> {
    mine->what = server->take_over(co_await server->loader_.load(server->rules_.config));
  };
  ++reloads_;
  tasks_->spawn(work(this, outcome), [this, outcome] {
    --reloads_;
    reloaded_.notify();
    outcome->done.notify();
  });
  co_await outcome->done.wait();
  co_return std::move(outcome->what);
}

awaitable<void> Server::reload_alone() { (void)co_await reload(); }

Server::Reloaded Server::take_over(const Loader::Loaded& loaded) {
  const log::Settings logging = log_in_force(config());
  auto problems = loaded.problems;
  if (problems.empty()) {
    swap_in(loaded, problems);
  }
  if (!problems.empty()) {
    reopen_files(logging);
    log::line(Level::error, Subsystem::config, {}, "reload refused, nothing has changed: {} problem{} in {}",
              problems.size(), problems.size() == 1 ? "" : "s", config().file.string());
    for (const auto& problem : problems) {
      log::line(Level::error, Subsystem::config, {}, "{}", problem.text());
    }
    return {.problems = std::move(problems), .warnings = {}, .next_start = {}};
  }
  log::line(Level::info, Subsystem::config, {}, "configuration reloaded from {}", config().file.string());
  if (!loaded.next_start.empty()) {
    log::line(Level::warning, Subsystem::config, {},
              "these keys have changed and take effect at the next start: {}",
              fmt::join(loaded.next_start, ", "));
  }
  tell(loaded.warnings);
  return {.problems = {}, .warnings = loaded.warnings, .next_start = loaded.next_start};
}

/// The new configuration is in force, or `problems` says what the system refused, and the old one is.
void Server::swap_in(const Loader::Loaded& loaded, std::vector<config::Problem>& problems) {
  const config::Snapshot& wanted = *loaded.rules.config;
  const auto refuse = [&](const char* key, const base::Error& why) {
    problems.push_back({{wanted.file.string(), 0, 0}, key, why.what});
  };
  if (closing_) {
    return refuse("", base::Error{"the server is shutting down"});
  }
  // What the system may refuse comes first: as long as it does nothing has changed.
  if (const auto opened = log::start(log_settings(wanted)); !opened) {
    return refuse("log.file", opened.error());
  }
  if (const auto usable = certificates_->configure(wanted); !usable) {
    return refuse("tls", usable.error());
  }
  if (const auto listening = listeners_->configure(wanted); !listening) {
    return refuse("profiles", listening.error());
  }
  call::Rulebook old = rules_;
  apply(loaded.rules);
  trunks_->configure(loaded.rules.config);
  loader_.retire(std::move(old));
  recorder_->reopen();
}

/// What logrotate has put aside is left alone, whatever became of the new configuration.
void Server::reopen_files(const log::Settings& logging) {
  if (const auto opened = log::start(logging); !opened) {
    log::line(Level::error, Subsystem::main, {}, "the log cannot be opened anew: {}", opened.error().what);
  }
  recorder_->reopen();
}

void Server::tell(const std::vector<config::Problem>& warnings) {
  for (const auto& warning : warnings) {
    log::line(Level::warning, Subsystem::config, {}, "{}", warning.text());
  }
}

}  // namespace switchroom::main
