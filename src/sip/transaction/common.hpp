// What the client's and the server's side of the layer share. Private to this folder.
#pragma once

#include "sip/transaction/key.hpp"
#include "sip/transaction/machine.hpp"
#include "sip/transaction/transactions.hpp"

namespace switchroom::sip {

/// Call thread; outlives both sides.
struct TransactionCommon {
  base::Timers& timers;
  Wire& wire;
  Transactions::Settings settings;
  TimerValues values;
  KeyMaker keys;
  Transactions::Counters counters;
};

/// One that can be sent by UDP without fear of fragments (RFC 3261 18.1.1, path MTU unknown).
inline constexpr std::size_t max_udp_request = 1300;

}  // namespace switchroom::sip
