// A 2xx to an INVITE whose user has left: of a fork that is late, or across our CANCEL. RFC 3261 13.2.2.4.
#include "sip/dialog/farewell.hpp"
#include "sip/transaction/answered_tags.hpp"
#include "sip/transaction/client_side.hpp"

#include <utility>

namespace switchroom::sip {

/// Without an answer the other phone believes that it is in a call, and says so for 32 s. All is made of the
/// response, since a finished INVITE keeps nothing.
void ClientSide::answer_unwanted(Record& record, const Message& response) {
  const bool first = record.pending != nullptr;  // then `bytes` are the INVITE's still
  const bool known =
      first ? !record.pending->request.to.tag().empty()  // a re-INVITE: its dialog has its own end
            : AnsweredTags(record.bytes).has(response.to.tag());
  if (!first && !known && AnsweredTags(record.bytes).full()) {
    return;
  }
  Farewell farewell = farewell_to(response, record.flow);
  if (first) {
    farewell.ack.authorization = record.pending->request.authorization;  // 22.1
    farewell.ack.proxy_authorization = record.pending->request.proxy_authorization;
  }
  send_ack(std::move(farewell.ack), farewell.to);
  if (!known) {
    ++common_.counters.unwanted;
    request(std::move(farewell.bye), farewell.to, nullptr);
  }
}

}  // namespace switchroom::sip
