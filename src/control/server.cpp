#include "control/server.hpp"

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/signal.hpp"
#include "base/task_group.hpp"
#include "control/session.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace switchroom::control {
namespace {

using namespace std::chrono_literals;
using Protocol = asio::local::stream_protocol;

constexpr std::size_t most_clients = 32;
constexpr auto farewell = 500ms;  // for answers that are on their way at the end

// True when somebody accepts connections there.
bool answers(const std::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (probe < 0) return false;
  const bool connected = ::connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ||
                         errno == EAGAIN;  // its queue is full: alive
  ::close(probe);
  return connected;
}

base::result<void> make_room(const std::filesystem::path& path) {
  const auto error = [&path](const std::string& what) {
    return base::Error{"control socket " + path.string() + ": " + what};
  };
  if (path.native().size() >= sizeof(sockaddr_un::sun_path)) {
    return error("the path is longer than the " + std::to_string(sizeof(sockaddr_un::sun_path) - 1) +
                 " bytes that a socket may have");
  }
  std::error_code ignored;  // bind() says what is wrong
  if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path(), ignored);
  struct stat info{};
  if (::lstat(path.c_str(), &info) != 0) return {};
  if (!S_ISSOCK(info.st_mode)) return error("there is a file of this name that is no socket");
  if (answers(path)) return error("another process answers there: is switchroom running already?");
  if (::unlink(path.c_str()) != 0)
    return error(std::string("cannot remove the stale socket: ") + std::strerror(errno));
  return {};
}

class Listening final : public Server {
 public:
  Listening(asio::io_context& context, std::filesystem::path path, const CommandTable& commands)
      : path_(std::move(path)),
        commands_(commands),
        acceptor_(context),
        tasks_(context.get_executor(), [](const std::string& what) {
          log::line(log::Level::error, log::Subsystem::control, "", "a control session failed: {}", what);
        }) {}

  base::result<void> listen(unsigned mode);
  awaitable<void> close() override;

 private:
  awaitable<void> accept_all();
  void welcome(LocalSocket client);

  std::filesystem::path path_;
  const CommandTable& commands_;  // not owned
  Protocol::acceptor acceptor_;
  std::size_t answering_ = 0;
  base::TaskGroup tasks_;
};

base::result<void> Listening::listen(unsigned mode) {
  if (auto room = make_room(path_); !room) return room;
  error_code failed;
  acceptor_.open(Protocol(), failed);
  if (!failed) acceptor_.bind(Protocol::endpoint(path_.string()), failed);
  // Between bind and listen nobody can connect: no instant at which the mode is another.
  if (!failed && ::chmod(path_.c_str(), mode) != 0) failed.assign(errno, boost::system::system_category());
  if (!failed) acceptor_.listen(asio::socket_base::max_listen_connections, failed);
  if (failed) return base::Error{"control socket " + path_.string() + ": " + failed.message()};
  tasks_.spawn(accept_all());
  return {};
}

awaitable<void> Listening::accept_all() {
  for (;;) {
    error_code failed;
    LocalSocket client = co_await acceptor_.async_accept(asio::redirect_error(asio::use_awaitable, failed));
    if (failed == asio::error::operation_aborted || !acceptor_.is_open()) co_return;
    if (failed) {
      co_await base::nap(100ms);  // out of descriptors: the queue waits
      continue;
    }
    welcome(std::move(client));
  }
}

void Listening::welcome(LocalSocket client) {
  if (tasks_.size() <= most_clients) {  // one of them accepts
    tasks_.spawn(serve_client(std::move(client), commands_, answering_));
    return;
  }
  static constexpr std::string_view full = "{\"ok\":false,\"error\":\"32 clients are connected already\"}\n";
  (void)::send(client.native_handle(), full.data(), full.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
}

awaitable<void> Listening::close() {
  error_code ignored;
  if (acceptor_.is_open()) ::unlink(path_.c_str());
  acceptor_.close(ignored);
  // Who asked for the end is told that it comes.
  for (const auto deadline = base::Clock::now() + farewell;
       answering_ > 0 && base::Clock::now() < deadline;) {
    co_await base::nap(2ms);
  }
  tasks_.cancel();
  co_await tasks_.join();
}

}  // namespace

base::result<std::unique_ptr<Server>> Server::open(asio::io_context& context, std::filesystem::path path,
                                                   const CommandTable& commands, unsigned mode) {
  auto server = std::make_unique<Listening>(context, std::move(path), commands);
  if (auto listening = server->listen(mode); !listening) return listening.error();
  return std::unique_ptr<Server>(std::move(server));
}

}  // namespace switchroom::control
