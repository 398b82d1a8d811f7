// What a service manager hears, and that nothing happens where there is none.
#include "main/service_manager.hpp"

#include <catch2/catch.hpp>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <unistd.h>

using switchroom::main::tell_service_manager;

namespace {

/// Listens as systemd does; NOTIFY_SOCKET names it while it lives.
class Manager {
 public:
  explicit Manager(const std::string& name)
      : name_(name), own_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    std::memcpy(at.sun_path, name.data(), name.size());
    if (name[0] == '@') {
      at.sun_path[0] = '\0';
    }
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    REQUIRE(::bind(own_, reinterpret_cast<const sockaddr*>(&at), length) == 0);
    ::setenv("NOTIFY_SOCKET", name.c_str(), 1);
  }
  ~Manager() {
    ::unsetenv("NOTIFY_SOCKET");
    ::close(own_);
    ::unlink(name_.c_str());
  }
  Manager(const Manager&) = delete;
  Manager& operator=(const Manager&) = delete;

  [[nodiscard]] std::string heard() const {
    std::array<char, 100> text{};
    const auto length = ::recv(own_, text.data(), text.size(), MSG_DONTWAIT);
    return length < 0 ? "nothing" : std::string(text.data(), static_cast<std::size_t>(length));
  }

 private:
  std::string name_;
  int own_;
};

std::string own_name() { return "switchroom-manager-" + std::to_string(::getpid()); }

}  // namespace

TEST_CASE("a service manager is told, by a file's name or by one without a file") {
  for (const std::string& name :
       {(std::filesystem::temp_directory_path() / own_name()).string(), "@" + own_name()}) {
    INFO(name);
    const Manager manager(name);
    tell_service_manager("READY=1");
    CHECK(manager.heard() == "READY=1");
    CHECK(manager.heard() == "nothing");
  }
}

TEST_CASE("without a service manager nothing is told, and nothing fails") {
  ::unsetenv("NOTIFY_SOCKET");
  tell_service_manager("READY=1");
  for (const std::string& name : {std::string(), std::string("/nowhere/at-all"), std::string("relative"),
                                  "/" + std::string(500, 'x'), std::string("@nobody-listens-here")}) {
    ::setenv("NOTIFY_SOCKET", name.c_str(), 1);
    tell_service_manager("READY=1");
  }
  ::unsetenv("NOTIFY_SOCKET");
}
