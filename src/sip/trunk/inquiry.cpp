#include "sip/trunk/inquiry.hpp"

#include "base/signal.hpp"

#include <fmt/core.h>

#include <utility>

namespace switchroom::sip {
namespace {

/// Lives in the frame of inquire().
class Inquiry final : public ClientUser {
 public:
  Inquiry(TransactionLayer& layer, const asio::any_io_executor& executor) : layer_(layer), over_(executor) {}
  Inquiry(const Inquiry&) = delete;
  Inquiry& operator=(const Inquiry&) = delete;
  ~Inquiry() override { layer_.abandon(id_); }

  void send(Message request, const Flow& to) { id_ = layer_.request(std::move(request), to, this); }
  awaitable<void> wait(base::Duration limit) { (void)co_await over_.wait_for(limit); }
  Inquired take() { return std::move(result_); }

 private:
  void on_response(TransactionId /*id*/, const Message& response) override {
    if (response.status >= 200) {
      result_.answer = response;
      over_.notify();
    }
  }
  void on_failure(TransactionId /*id*/, Failure failure) override {
    result_.sent = failure == Failure::timeout;
    over_.notify();
  }

  TransactionLayer& layer_;
  base::Signal over_;
  TransactionId id_ = 0;
  Inquired result_;
};

}  // namespace

std::string Inquired::words() const {
  if (answer) {
    return fmt::format("{} {}", answer->status,
                       answer->reason.empty() ? standard_reason(answer->status) : answer->reason);
  }
  return sent ? "no answer" : "nothing can be sent there";
}

awaitable<Inquired> inquire(TransactionLayer& layer, Message request, Flow to, base::Duration limit) {
  Inquiry inquiry(layer, co_await asio::this_coro::executor);
  inquiry.send(std::move(request), to);
  co_await inquiry.wait(limit);
  co_return inquiry.take();
}

}  // namespace switchroom::sip
