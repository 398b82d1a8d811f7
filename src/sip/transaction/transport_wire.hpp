// The transaction layer's way to the sockets.
#pragma once

#include "sip/transaction/transactions.hpp"

#include <functional>
#include <string>
#include <utility>

namespace switchroom::sip {

/// Call thread. The transports outlive it.
class TransportWire final : public Wire {
 public:
  explicit TransportWire(Transports& transports) : transports_(transports) {}

  bool send(const Flow& to, std::string bytes, std::function<void()> failed) override {
    return transports_.send(to, std::move(bytes), std::move(failed));
  }
  bool try_to_send(const Flow& to, std::string bytes, std::function<void()> failed,
                   base::Duration patience) override {
    return transports_.send(to, std::move(bytes), std::move(failed), patience);
  }
  [[nodiscard]] base::Endpoint advertised_for(const Flow& flow) const override {
    return transports_.advertised_for(flow);
  }

 private:
  Transports& transports_;
};

}  // namespace switchroom::sip
