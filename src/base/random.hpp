// Unpredictable bytes for everything that a stranger must not guess: tags, branches, nonces, ports.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace switchroom::base {

/// Fills from the kernel's generator through a per-thread buffer. Any thread; aborts if the kernel
/// refuses (there is no safe way on).
void random_bytes(std::span<std::byte> out);
std::uint64_t random_u64();
/// Uniform in [0, bound); bound > 0.
std::uint32_t random_below(std::uint32_t bound);
/// `length` characters of [0-9a-z].
std::string random_token(std::size_t length);
/// RFC 4122 version 4, lower case.
std::string random_uuid();

}  // namespace switchroom::base
