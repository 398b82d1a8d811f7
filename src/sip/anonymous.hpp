// Callers who hide their number in From. RFC 3323 4.1.1.3.
#pragma once

#include "sip/message/grammar.hpp"
#include "sip/message/uri.hpp"

namespace switchroom::sip {

/// `anonymous@anonymous.invalid`, and the same at any host and in any case, which many phones and ATAs write.
inline bool is_anonymous(const Uri& from) { return grammar::same_word(from.user, "anonymous"); }

}  // namespace switchroom::sip
