#include "main/service_manager.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>
#include <unistd.h>

namespace switchroom::main {

void tell_service_manager(std::string_view state) {
  const char* named = std::getenv("NOTIFY_SOCKET");
  const std::string name = named == nullptr ? "" : named;
  sockaddr_un to{};
  if (name.empty() || (name[0] != '/' && name[0] != '@') || name.size() >= sizeof(to.sun_path)) {
    return;
  }
  to.sun_family = AF_UNIX;
  std::memcpy(to.sun_path, name.data(), name.size());
  if (name[0] == '@') {
    to.sun_path[0] = '\0';  // a name without a file
  }
  const int own = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (own < 0) {
    return;
  }
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
  (void)::sendto(own, state.data(), state.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&to),
                 length);
  ::close(own);
}

}  // namespace switchroom::main
