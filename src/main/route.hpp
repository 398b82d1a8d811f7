// What the dialplan would do with a call, without placing one.
#pragma once

#include "base/clock.hpp"
#include "call/variables.hpp"
#include "dialplan/plan.hpp"

#include <boost/json/array.hpp>

#include <string>
#include <utility>
#include <vector>

namespace switchroom::registrar {
class Registrar;
}

namespace switchroom::main {

/// The call that is asked about.
struct RouteQuestion {
  std::string number;
  std::string from;     // an extension, or any other number; empty: nobody in particular
  std::string context;  // empty: the extension's own, or "default"
  base::WallMicros at = 0;
  std::vector<std::pair<std::string, std::string>> variables;
};

/// Walks the rules as a call would: `set` has its effect, transfers and execute_extension are followed, and
/// whatever needs a real call is told and passed over as if it had failed (nobody answers a bridge).
class RouteWalk {
 public:
  RouteWalk(const config::Snapshot& config, const dialplan::Dialplan& rules,
            const registrar::Registrar& phones)
      : config_(config), rules_(rules), phones_(phones) {}

  /// Rows with context, number, entry, result ("no", "yes", "else", "does", "then", "end") and about.
  boost::json::array run(const RouteQuestion& question);

 private:
  enum class Next : std::uint8_t { step, transfer, end };

  void begin(const RouteQuestion& question);
  bool walk_context();
  Next follow(const std::vector<dialplan::Step>& steps);
  Next take(const dialplan::Step& step);
  Next transfer(const std::string& argument);
  Next execute(const std::string& argument);
  Next ring(const std::string& argument);
  void assign(const dialplan::Step& step, const std::string& argument);
  void tell_target(const std::string& entry, const std::string& when, const std::string& extension);
  void tell_menu(const std::string& name);
  void row(std::string_view result, const std::string& entry, std::string about);
  [[nodiscard]] std::string value(std::string_view name) const;
  [[nodiscard]] std::string global(std::string_view name) const;
  [[nodiscard]] std::string expanded(const dialplan::Step& step) const;

  const config::Snapshot& config_;
  const dialplan::Dialplan& rules_;
  const registrar::Registrar& phones_;
  call::Variables variables_;
  dialplan::LocalTime now_;
  std::string number_;
  std::string context_;
  unsigned transfers_ = 0;
  unsigned depth_ = 0;
  bool over_ = false;
  boost::json::array rows_;
};

}  // namespace switchroom::main
