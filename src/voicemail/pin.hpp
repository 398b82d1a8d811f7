// PINs as they are kept: never in the clear.
#pragma once

#include <string>
#include <string_view>

namespace switchroom::voicemail {

/// scrypt (RFC 7914) with a salt of its own: "scrypt$14$8$1$SALT$HASH". Takes some 50 ms and 16 MB: on a
/// worker.
std::string hash_pin(std::string_view pin);
/// Also in constant time; false for what is no such hash.
bool is_pin(std::string_view pin, std::string_view hash);
/// For a PIN that is known in the clear (the file's); constant time for texts of one length.
bool same_secret(std::string_view a, std::string_view b);

}  // namespace switchroom::voicemail
