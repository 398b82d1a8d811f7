// What is told to whoever runs this process as a service.
#pragma once

#include <string_view>

namespace switchroom::main {

/// One datagram for the socket that NOTIFY_SOCKET names (sd_notify(3); systemd's Type=notify), such as
/// "READY=1". Without such a socket, or where nobody listens there, it does nothing: the work goes on in any
/// case.
void tell_service_manager(std::string_view state);

}  // namespace switchroom::main
