// All calls of the process: how they begin, are found, limited and ended.
#pragma once

#include "base/task_group.hpp"
#include "call/call.hpp"
#include "guard/access.hpp"
#include "sip/endpoint/endpoint.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace switchroom::call {

/// Call thread. Close by co_await drain(...) before it is destroyed.
class Switchboard final : public sip::CallTaker {
 public:
  Switchboard(const Services& services, RunStep run_step);
  ~Switchboard() override;

  /// The configuration at start and after each reload; running calls keep theirs.
  void configure(Rulebook rules);

  std::optional<sip::CallRefusal> admit_call(const sip::IncomingCall& call) override;
  [[nodiscard]] bool is_emergency(const sip::IncomingCall& call) const override;
  void on_call(sip::IncomingCall incoming) override;

  /// What an originated call begins with, and whether it is placed though the limits are reached.
  struct Extras {
    std::vector<std::pair<std::string, std::string>> variables;
    bool urgent = false;
    std::optional<dialplan::Step> step;  // what it runs when it is answered, instead of its destination
  };

  /// Dials `target` and, when it answers, lets it meet the dialplan as if it had dialled `destination`.
  /// Returns the call's id; the call goes on by itself. No context: the extension's own, or "default".
  base::result<std::string> originate(std::string target, const std::string& destination, std::string context,
                                      const Extras& extras);
  base::result<std::string> originate(std::string target, const std::string& destination,
                                      std::string context) {
    return originate(std::move(target), destination, std::move(context), Extras{});
  }
  /// Dials `target`, which runs one step when it answers. `destination`: what its record says was dialled.
  base::result<std::string> originate_to(std::string target, const std::string& destination,
                                         dialplan::Step step) {
    Extras extras;
    extras.step = std::move(step);
    return originate(std::move(target), destination, {}, extras);
  }

  /// A leg that leaves its call becomes one of its own, and goes on at `next`.
  void take_over(std::unique_ptr<Leg> leg, const Rulebook& rules, Variables variables, Next next);
  /// Leads the call elsewhere, whatever it does now.
  base::result<std::string> redirect(std::string_view id, Next next);

  /// Ends a call by its id (or an unambiguous beginning of it, four characters or more).
  base::result<std::string> hang_up(std::string_view id, const sip::Cause& cause);
  /// Waits until no call is left, for at most `limit`, then ends those that remain and waits for their
  /// goodbyes. New calls must have been stopped before (Endpoint::stop_taking_calls).
  awaitable<void> drain(base::Duration limit);

  [[nodiscard]] base::result<Call*> find(std::string_view id) const;
  void for_each(const std::function<void(Call&)>& visit) const;
  [[nodiscard]] std::size_t active() const { return calls_.size(); }
  struct Counters {
    std::uint64_t total = 0, refused = 0;
    std::size_t peak = 0;
  };
  [[nodiscard]] const Counters& counters() const { return counters_; }

 private:
  struct Entry {
    std::unique_ptr<Call> call;
    base::TaskGroup::TaskId task = 0;
  };
  base::result<std::string> originate(std::string target, const std::string& destination, std::string context,
                                      std::optional<dialplan::Step> step);
  void launch(std::unique_ptr<Call> call, awaitable<void> life);
  /// Which of the limits on all calls is reached, and what the log says of it.
  struct Full {
    sip::CallRefusal refusal;
    std::string why;
    bool leaves_record = false;
  };
  std::optional<Full> find_limit();

  Services services_;
  RunStep run_step_;
  Rulebook rules_;
  guard::RateLimit rate_{50};
  guard::RateLimit refused_records_{50};  // of refused calls: no more in a second than calls could leave
  Counters counters_;
  std::unordered_map<std::string, Entry> calls_;  // by uuid
  base::Signal changed_;
  base::TaskGroup tasks_;  // last: empty before the calls go
};

}  // namespace switchroom::call
