// A mail server's name to addresses, by c-ares: the C library's own resolver wants shared libraries that a
// static executable does not have.
#pragma once

#include "base/asio.hpp"
#include "base/clock.hpp"
#include "base/net.hpp"
#include "base/result.hpp"

#include <string>
#include <vector>

namespace switchroom::mail {

/// A and AAAA (and /etc/hosts), in the order of RFC 6724; a numeric host is itself. Cancellable. The error
/// says what was asked and what came back.
awaitable<base::result<std::vector<base::IpAddress>>> resolve(std::string host, base::Duration limit);

}  // namespace switchroom::mail
