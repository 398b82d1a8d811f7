// How long the answer of a name server may be believed. Private to this folder.
#pragma once

#include <cstdint>

namespace switchroom::sip {

/// The shortest time to live in the answer section, in seconds, which c-ares tells of addresses only; the
/// largest number when there is none, or the bytes are no such answer. RFC 1035 4.1. Any thread.
std::uint32_t shortest_ttl(const unsigned char* bytes, int size);

}  // namespace switchroom::sip
