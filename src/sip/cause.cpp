#include "sip/cause.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace switchroom::sip {
namespace {

constexpr auto table = std::to_array<Cause>({
    {"UNALLOCATED_NUMBER", 1, 404, 1},
    {"NO_ROUTE_TRANSIT_NET", 2, 404, 2},
    {"NO_ROUTE_DESTINATION", 3, 404, 3},
    {"CHANNEL_UNACCEPTABLE", 6, 503, 6},
    {"CALL_AWARDED_DELIVERED", 7, 480, 7},
    {"NORMAL_CLEARING", 16, 480, 16},
    {"USER_BUSY", 17, 486, 17},
    {"NO_USER_RESPONSE", 18, 408, 18},
    {"NO_ANSWER", 19, 480, 19},
    {"SUBSCRIBER_ABSENT", 20, 480, 20},
    {"CALL_REJECTED", 21, 603, 21},
    {"NUMBER_CHANGED", 22, 410, 22},
    {"REDIRECTION_TO_NEW_DESTINATION", 23, 410, 23},
    {"EXCHANGE_ROUTING_ERROR", 25, 483, 25},
    {"DESTINATION_OUT_OF_ORDER", 27, 502, 27},
    {"INVALID_NUMBER_FORMAT", 28, 484, 28},
    {"FACILITY_REJECTED", 29, 501, 29},
    {"RESPONSE_TO_STATUS_ENQUIRY", 30, 480, 30},
    {"NORMAL_UNSPECIFIED", 31, 480, 31},
    {"NORMAL_CIRCUIT_CONGESTION", 34, 503, 34},
    {"NETWORK_OUT_OF_ORDER", 38, 503, 38},
    {"NORMAL_TEMPORARY_FAILURE", 41, 503, 41},
    {"SWITCH_CONGESTION", 42, 503, 42},
    {"ACCESS_INFO_DISCARDED", 43, 480, 43},
    {"REQUESTED_CHAN_UNAVAIL", 44, 503, 44},
    {"PRE_EMPTED", 45, 480, 45},
    {"FACILITY_NOT_SUBSCRIBED", 50, 480, 50},
    {"OUTGOING_CALL_BARRED", 52, 403, 52},
    {"INCOMING_CALL_BARRED", 54, 403, 54},
    {"BEARERCAPABILITY_NOTAUTH", 57, 403, 57},
    {"BEARERCAPABILITY_NOTAVAIL", 58, 503, 58},
    {"SERVICE_UNAVAILABLE", 63, 503, 63},
    {"BEARERCAPABILITY_NOTIMPL", 65, 488, 65},
    {"CHAN_NOT_IMPLEMENTED", 66, 488, 66},
    {"FACILITY_NOT_IMPLEMENTED", 69, 501, 69},
    {"SERVICE_NOT_IMPLEMENTED", 79, 501, 79},
    {"INVALID_CALL_REFERENCE", 81, 481, 81},
    {"INCOMPATIBLE_DESTINATION", 88, 488, 88},
    {"INVALID_MSG_UNSPECIFIED", 95, 400, 95},
    {"MANDATORY_IE_MISSING", 96, 400, 96},
    {"MESSAGE_TYPE_NONEXIST", 97, 501, 97},
    {"WRONG_MESSAGE", 98, 400, 98},
    {"IE_NONEXIST", 99, 400, 99},
    {"INVALID_IE_CONTENTS", 100, 400, 100},
    {"WRONG_CALL_STATE", 101, 481, 101},
    {"RECOVERY_ON_TIMER_EXPIRE", 102, 504, 102},
    {"MANDATORY_IE_LENGTH_ERROR", 103, 400, 103},
    {"PROTOCOL_ERROR", 111, 500, 111},
    {"INTERWORKING", 127, 500, 127},
    // From here on Q.850 has no name of its own, but its nearest value.
    {"SUCCESS", 16, 480, 142},
    {"ORIGINATOR_CANCEL", 16, 487, 487},
    {"CRASH", 41, 500, 500},
    {"SYSTEM_SHUTDOWN", 41, 503, 501},
    {"LOSE_RACE", 26, 480, 502},
    {"MANAGER_REQUEST", 16, 480, 503},
    {"BLIND_TRANSFER", 16, 480, 600},
    {"ATTENDED_TRANSFER", 16, 480, 601},
    {"ALLOTTED_TIMEOUT", 102, 480, 602},
    {"USER_CHALLENGE", 21, 403, 603},
    {"MEDIA_TIMEOUT", 102, 504, 604},
    {"PICKED_OFF", 26, 480, 605},
    {"USER_NOT_REGISTERED", 20, 480, 606},
    {"PROGRESS_TIMEOUT", 18, 408, 607},
    {"INVALID_GATEWAY", 3, 502, 608},
    {"GATEWAY_DOWN", 27, 502, 609},
    {"INVALID_URL", 28, 484, 610},
    {"INVALID_PROFILE", 41, 502, 611},
    {"NO_PICKUP", 16, 480, 612},
    {"SRTP_READ_ERROR", 88, 488, 613},
    {"BOWOUT", 16, 480, 614},
    {"BUSY_EVERYWHERE", 17, 600, 615},
    {"DECLINE", 21, 603, 616},
    {"DOES_NOT_EXIST_ANYWHERE", 1, 604, 617},
    {"NOT_ACCEPTABLE", 88, 606, 618},
    {"UNWANTED", 21, 607, 619},
});

constexpr auto statuses = std::to_array<std::pair<int, std::string_view>>({
    {400, "NORMAL_TEMPORARY_FAILURE"},
    {401, "CALL_REJECTED"},
    {402, "CALL_REJECTED"},
    {403, "CALL_REJECTED"},
    {404, "UNALLOCATED_NUMBER"},
    {405, "SERVICE_UNAVAILABLE"},
    {406, "SERVICE_NOT_IMPLEMENTED"},
    {407, "CALL_REJECTED"},
    {408, "RECOVERY_ON_TIMER_EXPIRE"},
    {410, "NUMBER_CHANGED"},
    {413, "INTERWORKING"},
    {414, "INTERWORKING"},
    {415, "SERVICE_NOT_IMPLEMENTED"},
    {416, "INTERWORKING"},
    {420, "INTERWORKING"},
    {421, "INTERWORKING"},
    {422, "INTERWORKING"},
    {423, "INTERWORKING"},
    {480, "NO_USER_RESPONSE"},
    {481, "NORMAL_TEMPORARY_FAILURE"},
    {482, "EXCHANGE_ROUTING_ERROR"},
    {483, "EXCHANGE_ROUTING_ERROR"},
    {484, "INVALID_NUMBER_FORMAT"},
    {485, "NO_ROUTE_DESTINATION"},
    {486, "USER_BUSY"},
    {487, "ORIGINATOR_CANCEL"},
    {488, "INCOMPATIBLE_DESTINATION"},
    {491, "NORMAL_TEMPORARY_FAILURE"},
    {500, "NORMAL_TEMPORARY_FAILURE"},
    {501, "SERVICE_NOT_IMPLEMENTED"},
    {502, "NETWORK_OUT_OF_ORDER"},
    {503, "NORMAL_TEMPORARY_FAILURE"},
    {504, "RECOVERY_ON_TIMER_EXPIRE"},
    {505, "INTERWORKING"},
    {513, "INTERWORKING"},
    {600, "USER_BUSY"},
    {603, "CALL_REJECTED"},
    {604, "NO_ROUTE_DESTINATION"},
    {606, "INCOMPATIBLE_DESTINATION"},
    {607, "UNWANTED"},
    {608, "CALL_REJECTED"},
});

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

const Cause& unspecified() {
  static const Cause& found = *cause_named("NORMAL_UNSPECIFIED");
  return found;
}

}  // namespace

std::span<const Cause> causes() { return table; }

const Cause* cause_named(std::string_view name) {
  const auto same = [name](const Cause& cause) {
    return std::equal(name.begin(), name.end(), cause.name.begin(), cause.name.end(),
                      [](char a, char b) { return upper(a) == b; });
  };
  const auto found = std::find_if(table.begin(), table.end(), same);
  return found == table.end() ? nullptr : &*found;
}

const Cause& cause_of_q850(int q850) {
  const auto found =
      std::find_if(table.begin(), table.end(), [q850](const Cause& c) { return c.number == q850; });
  return found == table.end() ? unspecified() : *found;
}

const Cause& cause_of_status(int status) {
  if (status >= 200 && status < 300) return *cause_named("NORMAL_CLEARING");
  if (status >= 300 && status < 400) return *cause_named("REDIRECTION_TO_NEW_DESTINATION");
  const auto found = std::find_if(statuses.begin(), statuses.end(),
                                  [status](const auto& pair) { return pair.first == status; });
  return found == statuses.end() ? unspecified() : *cause_named(found->second);
}

}  // namespace switchroom::sip
