// What a malformed request still says about itself, so that it can be answered.
#pragma once

#include "sip/message/scan.hpp"
#include "sip/message/sofia_read.hpp"

#include <optional>
#include <string_view>

namespace switchroom::sip {

/// A request with the Via, From, To, Call-ID and CSeq of a malformed one, read as leniently as it takes to
/// build its answer: a From or To without a readable URI keeps its tag and gets the URI sip:invalid; a
/// CSeq number that is too large becomes the largest; a missing From or To gets that URI too, a missing
/// Call-ID is "missing" (RFC 4475 3.3.1 wants a 400 all the same). nullopt without a readable Via and CSeq,
/// for a Call-ID that is none, and for ACK, which is never answered.
std::optional<Message> salvage_request(const Scan& scan, std::string_view method, SofiaReader& sofia);

}  // namespace switchroom::sip
