#include "control/client_connection.hpp"

#include <boost/json.hpp>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <poll.h>
#include <string_view>
#include <unistd.h>
#include <utility>

namespace switchroom::control {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t longest_reply = 256U << 20U;

}  // namespace

base::result<ClientConnection> ClientConnection::open(const std::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.native().size() >= sizeof address.sun_path)
    return base::Error{path.string() + ": the path is too long for a socket"};
  std::memcpy(address.sun_path, path.c_str(), path.native().size());
  ClientConnection connection(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (connection.fd_ < 0 ||
      ::connect(connection.fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return base::Error{path.string() + ": " + std::strerror(errno)};
  }
  return connection;
}

ClientConnection::ClientConnection(ClientConnection&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

ClientConnection::~ClientConnection() {
  if (fd_ >= 0) ::close(fd_);
}

base::result<void> ClientConnection::wait(short events, steady_clock::time_point deadline) const {
  for (;;) {
    int ms = -1;
    if (deadline != steady_clock::time_point::max()) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - steady_clock::now()).count();
      ms = static_cast<int>(std::clamp<long long>(left, 0, 1'000'000));
    }
    pollfd poll_fd{fd_, events, 0};
    const int ready = ::poll(&poll_fd, 1, ms);
    if (ready > 0) return {};
    if (ready == 0) return base::Error{"no answer in time (--timeout SECONDS waits longer)"};
    if (errno != EINTR) return base::Error{std::string("poll: ") + std::strerror(errno)};
  }
}

base::result<std::string> ClientConnection::read_line(steady_clock::time_point deadline) {
  std::string line;
  std::array<char, 65536> piece;
  while (line.size() < longest_reply) {
    if (auto ready = wait(POLLIN, deadline); !ready) return ready.error();
    const ssize_t got = ::recv(fd_, piece.data(), piece.size(), MSG_DONTWAIT);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got <= 0) return base::Error{"the server closed the connection"};
    const std::string_view bytes(piece.data(), static_cast<std::size_t>(got));
    const std::size_t end = bytes.find('\n');
    line.append(bytes.substr(0, end));
    if (end != std::string_view::npos) return line;
  }
  return base::Error{"the answer is too long"};
}

base::result<boost::json::value> ClientConnection::ask(const std::vector<std::string>& words,
                                                       std::chrono::milliseconds timeout) {
  const auto deadline =
      timeout.count() == 0 ? steady_clock::time_point::max() : steady_clock::now() + timeout;
  boost::json::array command;
  for (const auto& word : words) command.emplace_back(word);
  const std::string request =
      boost::json::serialize(boost::json::object{{"command", std::move(command)}}) + "\n";
  std::string_view rest = request;
  while (!rest.empty()) {
    if (auto ready = wait(POLLOUT, deadline); !ready) return ready.error();
    const ssize_t sent = ::send(fd_, rest.data(), rest.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (sent < 0) break;  // it may have said why before it closed
    rest.remove_prefix(static_cast<std::size_t>(sent));
  }
  auto line = read_line(deadline);
  if (!line) return line.error();
  boost::system::error_code bad;
  boost::json::value reply = boost::json::parse(*line, bad);
  if (bad || !reply.is_object())
    return base::Error{"the answer is not understood: is this switchroom's socket?"};
  return reply;
}

}  // namespace switchroom::control
