// What a relayed RTP packet costs: the engine beside a bare epoll loop, in one run. bench/README.md.
#include "base/log.hpp"
#include "child.hpp"
#include "media/engine.hpp"
#include "rtp_stream_load.hpp"

#include <sys/epoll.h>

#include <cstdlib>
#include <cstring>
#include <fstream>

using namespace switchroom;
using bench::Child;
using bench::Load;
using bench::LoadResult;
using bench::put;
using bench::take;
using bench::Target;

namespace {

/// CPU seconds of another process, all of its threads (/proc/PID/task/*/schedstat counts nanoseconds).
double cpu_seconds_of(int pid) {
  double sum = 0;
  for (const std::string& task : bench::entries("/proc/" + std::to_string(pid) + "/task")) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/task/" + task + "/schedstat");
    double nanoseconds = 0;
    file >> nanoseconds;
    sum += nanoseconds / 1e9;
  }
  return sum;
}

/// The floor: nothing but epoll_wait, recv and sendto. Not even RTP is looked at.
void run_floor(int pairs, int in, int out) {
  const int epoll = ::epoll_create1(0);
  std::vector<int> sockets;
  std::vector<sockaddr_in> peers;
  for (int i = 0; i < 2 * pairs; ++i) {
    peers.push_back(bench::loopback(take<std::uint16_t>(in)));
    sockets.push_back(bench::bound_socket());
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u32 = static_cast<std::uint32_t>(i);
    ::epoll_ctl(epoll, EPOLL_CTL_ADD, sockets.back(), &event);
  }
  for (const int fd : sockets) {
    put(out, bench::port_of(fd));
  }
  epoll_event control{};
  control.events = EPOLLIN;
  control.data.u32 = UINT32_MAX;
  ::epoll_ctl(epoll, EPOLL_CTL_ADD, in, &control);
  std::array<epoll_event, 256> ready;
  std::array<std::uint8_t, 2048> buffer;
  int reports = 0;
  while (reports < 2) {
    const int n = ::epoll_wait(epoll, ready.data(), 256, -1);
    for (int k = 0; k < n; ++k) {
      const std::uint32_t i = ready[static_cast<std::size_t>(k)].data.u32;
      if (i == UINT32_MAX) {
        (void)take<char>(in);
        put(out, bench::cpu_seconds_of_process());
        ++reports;
        continue;
      }
      const ssize_t size = ::recv(sockets[i], buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (size < 0) {
        continue;
      }
      const sockaddr_in& to = peers[i ^ 1U];
      (void)::sendto(sockets[i ^ 1U], buffer.data(), static_cast<std::size_t>(size), MSG_DONTWAIT,
                     reinterpret_cast<const sockaddr*>(&to), sizeof to);
    }
  }
}

void run_engine(int pairs, unsigned threads, int in, int out) {
  log::set_level(log::Subsystem::media, log::Level::warning);
  asio::io_context call(1);
  const auto engine =
      media::Engine::start(call, {.first_port = 20000, .last_port = 60000, .threads = threads});
  std::vector<std::unique_ptr<media::Port>> ports;
  std::vector<std::unique_ptr<media::Link>> links;
  for (int i = 0; i < 2 * pairs; ++i) {
    media::PortSettings settings;
    settings.local = asio::ip::address_v4::loopback();
    settings.rtp_timeout = std::chrono::minutes(5);
    auto port = engine->open(settings, {});
    if (!port) {
      std::exit(2);
    }
    ports.push_back(std::move(*port));
    sdp::MediaPlan plan;
    plan.remote_rtp = {settings.local, take<std::uint16_t>(in)};
    plan.codecs = {{sdp::CodecId::pcmu, 0, 0, ""}};
    plan.telephone_event_8k = sdp::AgreedCodec{sdp::CodecId::pcmu, 101, 101, ""};
    ports.back()->apply(plan);
    if (i % 2 == 1) {
      links.push_back(engine->link(*ports[ports.size() - 2], *ports.back()));
    }
  }
  call.poll();  // the media threads hear of it
  for (const auto& port : ports) {
    put(out, port->local_rtp().port);
  }
  bench::report_cpu(in, out);
}

struct Figures {
  double nanoseconds = 0;
  LoadResult load;
};

Figures measure(const Child& relay, int pairs, int seconds) {
  Load load(2 * pairs);
  for (const std::uint16_t port : load.ports()) {
    put(relay.to, port);
  }
  std::vector<Target> targets;
  for (int i = 0; i < 2 * pairs; ++i) {
    targets.push_back({INADDR_LOOPBACK, take<std::uint16_t>(relay.from)});
  }
  load.aim(targets);
  load.run(1);  // warm: sockets latched, caches filled
  put(relay.to, 'b');
  const double before = take<double>(relay.from);
  Figures figures;
  figures.load = load.run(seconds);
  put(relay.to, 'e');
  const double used = take<double>(relay.from) - before;
  bench::finish(relay);
  figures.nanoseconds = used * 1e9 / static_cast<double>(std::max<std::uint64_t>(figures.load.received, 1));
  return figures;
}

void print(const char* what, const Figures& f) {
  std::printf(
      "%-8s %7.0f ns/packet  sent %8llu  lost %5llu  delay median %7.1f us  p99 %8.1f us  max %8.1f us\n",
      what, f.nanoseconds, static_cast<unsigned long long>(f.load.sent),
      static_cast<unsigned long long>(f.load.sent - f.load.received), f.load.median_us, f.load.p99_us,
      f.load.max_us);
  std::fflush(stdout);
}

int compare(int pairs, int seconds, int rounds, unsigned threads) {
  std::vector<double> floors;
  std::vector<double> engines;
  for (int i = 0; i < rounds; ++i) {
    const auto floor =
        measure(bench::start([&](int in, int out) { run_floor(pairs, in, out); }), pairs, seconds);
    print("floor", floor);
    const auto engine =
        measure(bench::start([&](int in, int out) { run_engine(pairs, threads, in, out); }), pairs, seconds);
    print("engine", engine);
    floors.push_back(floor.nanoseconds);
    engines.push_back(engine.nanoseconds);
  }
  const double floor = bench::median(floors);
  const double engine = bench::median(engines);
  std::printf("median of %d: floor %.0f ns, engine %.0f ns, ratio %.2f\n", rounds, floor, engine,
              engine / floor);
  return 0;
}

/// The generator alone, against ports that calls have opened: see bench/README.md.
int generate(int streams, int seconds, int pid) {
  Load load(streams);
  for (const std::uint16_t port : load.ports()) {
    std::printf("%u\n", port);
  }
  std::fflush(stdout);
  std::vector<Target> targets;
  for (int i = 0; i < streams; ++i) {
    std::array<char, 64> host{};
    unsigned port = 0;
    if (std::scanf("%63s %u", host.data(), &port) != 2 || port > 65535) {
      std::fprintf(stderr, "line %d: want \"address port\"\n", i + 1);
      return 2;
    }
    targets.push_back({ntohl(inet_addr(host.data())), static_cast<std::uint16_t>(port)});
  }
  load.aim(targets);
  load.run(1);
  const double before = pid > 0 ? cpu_seconds_of(pid) : 0;
  Figures figures;
  figures.load = load.run(seconds);
  if (pid > 0) {
    const auto received = static_cast<double>(std::max<std::uint64_t>(figures.load.received, 1));
    figures.nanoseconds = (cpu_seconds_of(pid) - before) * 1e9 / received;
  }
  print("calls", figures);
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  bench::allow_many_files();
  const auto number = [&](int i, int otherwise) { return count > i ? std::atoi(arguments[i]) : otherwise; };
  if (count > 1 && std::strcmp(arguments[1], "generate") == 0) {
    return generate(number(2, 400), number(3, 10), number(4, 0));
  }
  if (count > 1 && std::atoi(arguments[1]) <= 0) {
    std::printf(
        "usage: %s [pairs=200] [seconds=10] [rounds=3] [threads=1]\n"
        "       %s generate [streams=400] [seconds=10] [pid]\n",
        arguments[0], arguments[0]);
    return 2;
  }
  return compare(number(1, 200), number(2, 10), number(3, 3), static_cast<unsigned>(number(4, 1)));
}
