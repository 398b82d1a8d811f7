// A request outside of any dialog, and what came of it, for a coroutine.
#pragma once

#include "base/asio.hpp"
#include "base/clock.hpp"
#include "sip/transaction/layer.hpp"

#include <optional>
#include <string>

namespace switchroom::sip {

/// The final response, or none: nothing came within the limit, or the request could not be sent.
struct Inquired {
  std::optional<Message> answer;
  bool sent = true;
  [[nodiscard]] int status() const { return answer ? answer->status : 0; }
  /// "403 Forbidden", "no answer", "cannot be sent to".
  [[nodiscard]] std::string words() const;
};

/// Call thread. Cancellable: the transaction is then left to itself.
awaitable<Inquired> inquire(TransactionLayer& layer, Message request, Flow to, base::Duration limit);

}  // namespace switchroom::sip
