#include "sip/dialog/farewell.hpp"

#include "sip/dialog/dialog.hpp"

namespace switchroom::sip {
namespace {

// PRACKs and UPDATEs of the early dialog have counted on from the INVITE's number. A gap is no fault
// (12.2.2), a number that was used before is.
constexpr std::uint32_t past_all_requests = 1000;

}  // namespace

Farewell farewell_to(const Message& response, const Flow& sent_by) {
  Message invite;
  invite.request_uri = response.to.uri;  // if there is no Contact
  invite.from = response.from;
  invite.to = response.to;
  invite.call_id = response.call_id;
  invite.cseq = response.cseq;
  invite.cseq.number += past_all_requests;
  Dialog dialog = Dialog::as_client(invite, response, sent_by);
  return {dialog.make_ack(response.cseq.number), dialog.make_request(Method::bye), dialog.next_hop()};
}

}  // namespace switchroom::sip
