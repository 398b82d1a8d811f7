#include "sip/session/session_timer.hpp"

#include <algorithm>
#include <utility>

namespace switchroom::sip {
namespace {

constexpr std::uint32_t least = 90;    // RFC 4028 section 4
constexpr std::uint32_t most = 86400;  // a day: what a peer may make us wait for it
constexpr std::uint32_t safety = 32;   // section 10: BYE this long before the end, or a third of it

std::uint32_t seconds_of(base::Duration d) {
  return static_cast<std::uint32_t>(
      std::clamp<std::int64_t>(std::chrono::duration_cast<std::chrono::seconds>(d).count(), 0, most));
}

}  // namespace

SessionTimer::SessionTimer(SessionServices services, const SessionSettings& settings,
                           std::function<void()> refresh, std::function<void()> expired)
    : min_se_(std::max(seconds_of(settings.min_se), least)),
      wanted_(seconds_of(settings.session_expires)),
      refresh_action_(std::move(refresh)),
      expired_action_(std::move(expired)),
      refresh_(services.timers),
      expiry_(services.timers) {}

std::uint32_t SessionTimer::wish() const {
  return std::max({interval_ != 0 ? interval_ : wanted_, min_se_, peer_min_se_});
}

void SessionTimer::ask(Message& request) const {
  if (wanted_ == 0 && interval_ == 0) return;
  // In a request inside the dialog the sender is the "uac": the roles stay as they are.
  request.session_expires = {wish(), interval_ == 0 ? "" : (we_refresh_ ? "uac" : "uas")};
  if (std::max(min_se_, peer_min_se_) > least) request.min_se = std::max(min_se_, peer_min_se_);
}

bool SessionTimer::raise(std::uint32_t seconds) {
  if (seconds > most || seconds <= std::max(peer_min_se_, wish())) return false;
  peer_min_se_ = seconds;
  return true;
}

bool SessionTimer::too_small(const Message& request) const {
  return request.session_expires && request.session_expires->seconds < min_se_;
}

void SessionTimer::answer(const Message& request, Message& response) {
  const bool supported = request.supports("timer");
  auto asked = request.session_expires;
  if (!asked && (!supported || (wanted_ == 0 && interval_ == 0))) {
    if (interval_ != 0) start(interval_, we_refresh_);  // a sign of life all the same
    return;
  }
  if (!asked) asked = {wish(), interval_ == 0 || we_refresh_ ? "uas" : "uac"};
  const std::uint32_t floor = std::min(std::max(min_se_, request.min_se.value_or(0)), most);
  std::uint32_t seconds = std::clamp(asked->seconds, floor, most);
  if (wanted_ != 0) seconds = std::min(seconds, std::max(wanted_, floor));
  const bool peer_refreshes = supported && asked->refresher != "uas";
  response.session_expires = {seconds, peer_refreshes ? "uac" : "uas"};
  if (peer_refreshes) response.require.emplace_back("timer");
  start(seconds, !peer_refreshes);
}

void SessionTimer::on_answered(const Message& response) {
  if (!response.session_expires) {
    stop();
    return;
  }
  const auto& se = *response.session_expires;
  start(std::clamp(se.seconds, least, most), se.refresher != "uas");
}

void SessionTimer::start(std::uint32_t seconds, bool we_refresh) {
  interval_ = seconds;
  we_refresh_ = we_refresh;
  refresh_.stop();
  if (we_refresh) refresh_.start(std::chrono::seconds(seconds / 2), [this] { refresh_action_(); });
  expiry_.start(std::chrono::seconds(seconds - std::min(safety, seconds / 3)), [this] { expired_action_(); });
}

void SessionTimer::stop() {
  interval_ = 0;
  refresh_.stop();
  expiry_.stop();
}

}  // namespace switchroom::sip
