// The client's end of the control socket: plain and synchronous.
#pragma once

#include "base/result.hpp"

#include <boost/json/value.hpp>

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace switchroom::control {

class ClientConnection {
 public:
  static base::result<ClientConnection> open(const std::filesystem::path& path);
  ClientConnection(ClientConnection&& other) noexcept;
  ClientConnection& operator=(ClientConnection&&) = delete;
  ~ClientConnection();

  /// One request, one reply (an object); 0: waits as long as it takes.
  base::result<boost::json::value> ask(const std::vector<std::string>& words,
                                       std::chrono::milliseconds timeout);

 private:
  explicit ClientConnection(int fd) : fd_(fd) {}
  base::result<void> wait(short events, std::chrono::steady_clock::time_point deadline) const;
  base::result<std::string> read_line(std::chrono::steady_clock::time_point deadline);
  int fd_ = -1;
};

}  // namespace switchroom::control
