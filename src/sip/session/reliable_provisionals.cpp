#include "sip/session/reliable_provisionals.hpp"

#include "base/random.hpp"

#include <algorithm>
#include <utility>

namespace switchroom::sip {
namespace {

constexpr std::size_t max_queue = 8;
constexpr std::uint32_t first_rseq_bound = 0x40000000;  // section 3: 1 to 2^31-1; far from wrapping

}  // namespace

ReliableProvisionals::ReliableProvisionals(SessionServices services, const SessionSettings& settings,
                                           std::function<void()> given_up)
    : services_(services),
      t1_(settings.t1),
      given_up_(std::move(given_up)),
      rseq_(base::random_below(first_rseq_bound)),
      repeat_(services.timers),
      limit_(services.timers) {}

void ReliableProvisionals::send(TransactionId invite, Message response) {
  invite_ = invite;
  const bool full = queue_.size() >= max_queue && response.body.empty();
  if (full) return;  // ringing that nobody acknowledges need not ring more
  queue_.push_back(std::move(response));
  if (!waiting_) transmit();
}

void ReliableProvisionals::transmit() {
  Message& response = queue_.front();
  response.rseq = ++rseq_;
  response.require.emplace_back("100rel");
  waiting_ = true;
  interval_ = t1_;
  services_.transactions->respond(invite_, response);
  limit_.start(64 * t1_, [this] {
    stop();
    given_up_();
  });
  repeat_later();
}

void ReliableProvisionals::repeat_later() {
  repeat_.start(interval_, [this] {
    services_.transactions->respond(invite_, queue_.front());
    interval_ *= 2;  // without the cap of T2
    repeat_later();
  });
}

bool ReliableProvisionals::on_prack(const Message& prack) {
  if (!waiting_ || !prack.rack) return false;
  const auto& [rseq, cseq] = *prack.rack;
  const Message& response = queue_.front();
  if (rseq != *response.rseq || cseq.number != response.cseq.number || cseq.method != Method::invite)
    return false;
  waiting_ = false;
  repeat_.stop();
  limit_.stop();
  queue_.pop_front();
  return true;
}

void ReliableProvisionals::send_next() {
  if (!waiting_ && !queue_.empty()) transmit();
}

bool ReliableProvisionals::waiting_with_sdp() const {
  return std::any_of(queue_.begin(), queue_.end(), [](const Message& m) { return !m.body.empty(); });
}

void ReliableProvisionals::stop() {
  waiting_ = false;
  queue_.clear();
  repeat_.stop();
  limit_.stop();
}

}  // namespace switchroom::sip
