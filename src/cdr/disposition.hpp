// How far a call came, in the word of the columns' `endpoint_disposition`.
#pragma once

#include "cdr/record.hpp"

#include <string_view>

namespace switchroom::cdr {

/// "ANSWER", "EARLY MEDIA" (it was heard, not answered), "RINGING", or "RECEIVED": no more than that.
inline std::string_view endpoint_disposition(const Record& record) {
  return record.answer != 0           ? "ANSWER"
         : record.progress_media != 0 ? "EARLY MEDIA"
         : record.progress != 0       ? "RINGING"
                                      : "RECEIVED";
}

}  // namespace switchroom::cdr
