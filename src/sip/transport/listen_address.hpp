// "udp:0.0.0.0:5060" as a value, and a failed bind in words.
#pragma once

#include "base/asio.hpp"
#include "base/net.hpp"
#include "base/result.hpp"
#include "sip/transport/transport.hpp"

#include <string>
#include <string_view>

namespace switchroom::sip {

struct ListenAddress {
  TransportKind kind = TransportKind::udp;
  base::Endpoint endpoint;  // port 0: the kernel chooses one
};

/// "udp:0.0.0.0:5060", "tcp:[::]:5060". The address is numeric; the error says how it is written.
base::result<ListenAddress> parse_listen_address(std::string_view text);

/// "udp 0.0.0.0:5060: the port is taken by another program (see: ss -ulpn 'sport = :5060')".
base::Error bind_error(const ListenAddress& where, const error_code& why);

}  // namespace switchroom::sip
