// OpenSSL's handles, and what is read from PEM. Private to this folder.
#pragma once

#include "base/openssl.hpp"

#include <openssl/pem.h>

namespace switchroom::sip::openssl {

using namespace base::openssl;

inline Bio reader(const std::string& text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

/// A key that is locked by a password is not opened: nobody is there to ask.
inline int no_password(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*user*/) { return -1; }

}  // namespace switchroom::sip::openssl
