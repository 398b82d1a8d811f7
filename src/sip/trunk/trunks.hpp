// All trunks of the process.
#pragma once

#include "sip/endpoint/trunk_finder.hpp"
#include "sip/trunk/trunk_line.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace switchroom::sip {

/// Call thread. Close by co_await close() before it is destroyed.
class Trunks final : public TrunkFinder {
 public:
  explicit Trunks(TrunkServices services);
  ~Trunks() override;
  Trunks(const Trunks&) = delete;
  Trunks& operator=(const Trunks&) = delete;

  /// Begins, or goes on with another configuration: what has not changed is not touched.
  void configure(const config::SnapshotPtr& config);
  /// Takes all registrations back; a few seconds at the most.
  awaitable<void> close();

  /// nullptr: there is none of that name now. Not to be kept over a wait.
  [[nodiscard]] TrunkLine* find(std::string_view name) const;
  void for_each(const std::function<void(const TrunkLine&)>& visit) const;
  /// Where `name` is reached, or why not: unknown, down (unless `even_if_down`), not to be found.
  awaitable<base::result<std::vector<Flow>>> ways(std::string name, bool even_if_down);

  // TrunkFinder
  void note_call(const std::string& trunk) override;
  [[nodiscard]] std::string trunk_of(const Message& invite, const Flow& from,
                                     const config::Profile& profile) const override;
  [[nodiscard]] bool is_trunk(const base::IpAddress& address, std::string_view profile) const override;

 private:
  awaitable<void> retire(std::shared_ptr<TrunkLine> line, bool unregister);

  TrunkServices services_;
  config::SnapshotPtr config_;
  // Shared: a call that waits for an address keeps the line that a reload takes away.
  std::map<std::string, std::shared_ptr<TrunkLine>, std::less<>> lines_;
  base::TaskGroup tasks_;  // last: empty before the rest goes
};

}  // namespace switchroom::sip
