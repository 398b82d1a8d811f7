// switchroom and pbxctl: one executable, told apart by its name.
#include "base/log.hpp"
#include "base/version.hpp"
#include "config/load.hpp"
#include "control/server.hpp"
#include "embedded/embedded.hpp"
#include "main/command_line.hpp"
#include "main/config_checks.hpp"
#include "main/crash.hpp"
#include "main/first_run.hpp"
#include "main/log_settings.hpp"
#include "main/privileges.hpp"
#include "main/problem_data.hpp"
#include "main/process_facts.hpp"
#include "main/server.hpp"
#include "main/timezone.hpp"

#include <boost/json.hpp>
#include <sys/stat.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <iostream>

namespace switchroom::main {
namespace {

constexpr int exit_usage = 2;

int check_as_data(const std::filesystem::path& file) {
  const auto loaded = config::load(file, config_checks());
  boost::json::object data{{"ok", loaded.snapshot != nullptr},
                           {"problems", problem_data(loaded.problems)},
                           {"warnings", problem_data(loaded.warnings)}};
  if (loaded.snapshot != nullptr) {
    data["profiles"] = loaded.snapshot->profiles.size();
    data["extensions"] = loaded.snapshot->extensions.size();
    data["contexts"] = loaded.snapshot->contexts.size();
  }
  std::cout << boost::json::serialize(data) << '\n';
  return loaded.snapshot != nullptr ? 0 : 1;
}

int check(const std::filesystem::path& file) {
  const auto loaded = config::load(file, config_checks());
  for (const auto& problem : loaded.problems) {
    std::cerr << problem.text() << '\n';
  }
  for (const auto& warning : loaded.warnings) {
    std::cerr << warning.warning() << '\n';
  }
  if (loaded.snapshot == nullptr) {
    std::cerr << loaded.problems.size() << (loaded.problems.size() == 1 ? " problem\n" : " problems\n");
    return 1;
  }
  const auto counted = [](std::size_t count, std::string_view what) {
    return std::to_string(count) + ' ' + std::string(what) + (count == 1 ? "" : "s");
  };
  std::cout << file.string() << ": fine. " << counted(loaded.snapshot->profiles.size(), "profile") << ", "
            << counted(loaded.snapshot->extensions.size(), "extension") << ", "
            << counted(loaded.snapshot->contexts.size(), "context") << '\n';
  return 0;
}

int serve(const std::filesystem::path& file) {
  report_crashes();
  keep_some_freed_memory();
  const auto loaded = config::load(file, config_checks());
  if (loaded.snapshot == nullptr) {
    for (const auto& problem : loaded.problems) {
      std::cerr << problem.text() << '\n';
    }
    return 1;
  }
  use_timezone(loaded.snapshot->pbx.timezone);        // before the log starts its thread
  const auto descriptors = raise_descriptor_limit();  // root may raise it further
  allow_priority();
  auto lowered = lower_privileges(*loaded.snapshot);  // before there is a second thread
  if (!lowered) {
    std::cerr << "switchroom: " << lowered.error().what << '\n';
    return 1;
  }
  if (const auto logging = log::start(log_settings(*loaded.snapshot)); !logging) {
    std::cerr << "switchroom: " << logging.error().what << '\n';
    return 1;
  }
  log::line(log::Level::info, log::Subsystem::main, {}, "Switchroom {} with {}, at most {} open files",
            base::version(), file.string(), descriptors);
  if (!lowered->as.empty()) {
    log::line(log::Level::info, log::Subsystem::main, {}, "started as root, runs as {}", lowered->as);
  }
  for (const auto& warning : lowered->warnings) {
    log::line(log::Level::warning, log::Subsystem::main, {}, "{}", warning);
  }
  int status = 1;
  auto server = Server::start(loaded, std::move(lowered->kept));
  if (server) {
    status = (*server)->run();
    server->reset();
  } else {
    log::line(log::Level::error, log::Subsystem::main, {}, "cannot start: {}", server.error().what);
  }
  log::stop();
  return status;
}

int serve_first_run() {
  const bool root = geteuid() == 0;
  const Paths paths = default_paths(root, [](const char* name) -> const char* { return std::getenv(name); });
  if (!std::filesystem::exists(paths.config)) {
    const auto written = write_first_config(paths);
    if (!written) {
      std::cerr << "switchroom: " << written.error().what << '\n';
      return 1;
    }
    print_welcome(std::cout, *written);
    std::cout.flush();
  }
  return serve(paths.config);
}

struct Act {
  int operator()(const Serve& wish) const { return wish.config ? serve(*wish.config) : serve_first_run(); }
  int operator()(const Check& wish) const { return check(wish.config); }
  int operator()(const ShowVersion&) const {
    std::cout << "switchroom " << base::version() << " (" << base::revision() << ")\n";
    return 0;
  }
  int operator()(const ShowHelp&) const {
    std::cout << usage();
    return 0;
  }
  int operator()(const ShowLicenses&) const {
    std::cout << embedded::licenses;
    return 0;
  }
  int operator()(const ShowExample&) const {
    std::cout << embedded::config_example;
    return 0;
  }
  int operator()(const UsageError& error) const {
    std::cerr << "switchroom: " << error.what << "\n" << usage();
    return exit_usage;
  }
};

int run(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  umask(0027);  // what is written is for the service and its group
  const std::string name = argc > 0 ? std::filesystem::path(argv[0]).filename().string() : std::string();
  if (name == "pbxctl") {
    const auto check_words = [](const std::vector<std::string>& arguments, bool as_data) {
      if (arguments.size() != 1) {
        std::cerr << "usage: pbxctl check FILE\n";
        return exit_usage;
      }
      return as_data ? check_as_data(arguments[0]) : check(arguments[0]);
    };
    return control::client_main(argc, argv, {{"check", check_words}});
  }
  return std::visit(Act{}, parse_command_line({argv + 1, argv + argc}));
}

}  // namespace
}  // namespace switchroom::main

int main(int argc, char** argv) {
  try {
    return switchroom::main::run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "switchroom: " << error.what() << '\n';
    return 1;
  }
}
