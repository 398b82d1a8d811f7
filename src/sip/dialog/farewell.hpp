// What a 2xx is answered with that nobody waits for: of a fork that lost, or for a call that is over.
#pragma once

#include "sip/message/message.hpp"
#include "sip/transport/transport.hpp"

namespace switchroom::sip {

/// RFC 3261 13.2.2.4: the dialog that the 2xx has made is acknowledged, and ended at once.
struct Farewell {
  Message ack;
  Message bye;
  Flow to;
};

/// Made of the response alone, so that nothing need be kept of a call that is over. `sent_by`: where its
/// INVITE went. The ACK has no credentials; who has those of the INVITE adds them (22.1). Pure.
Farewell farewell_to(const Message& response, const Flow& sent_by);

}  // namespace switchroom::sip
