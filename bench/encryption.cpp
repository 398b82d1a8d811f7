// What encryption costs: SRTP for each packet and suite, TLS for each handshake of a phone. bench/README.md.
#include "child.hpp"
#include "media/rtp/packet.hpp"
#include "media/srtp/context.hpp"
#include "sip/transport/tls_certificate.hpp"
#include "sip/transport/tls_context.hpp"
#include "sip/transport/tls_stream.hpp"

#include <sys/socket.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fcntl.h>
#include <unistd.h>
#include <vector>

using namespace switchroom;

namespace {

double cpu_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

constexpr std::size_t plain_size = 172;  // 20 ms of PCMU

/// CPU nanoseconds to seal and to open a packet.
void measure_suite(sdp::CryptoSuite suite, int packets) {
  const auto key = sdp::random_key(suite);
  const auto sender = media::SrtpSender::make(key);
  const auto receiver = media::SrtpReceiver::make(key);
  struct alignas(16) Packet {
    std::array<std::uint8_t, plain_size + media::srtp_trailer> bytes;
    std::size_t size;
  };
  std::vector<Packet> all(1000);
  double sealing = 0;
  double opening = 0;
  int refused = 0;
  for (int done = 0; done < packets; done += static_cast<int>(all.size())) {
    for (std::size_t i = 0; i < all.size(); ++i) {
      const auto number = static_cast<std::uint32_t>(done) + static_cast<std::uint32_t>(i);
      media::write_rtp_header(
          std::span(all[i].bytes).first<media::rtp_header_size>(),
          {.sequence = static_cast<std::uint16_t>(number), .timestamp = number * 160, .ssrc = 7});
    }
    const double start = cpu_seconds();
    for (auto& packet : all) {
      packet.size = sender->protect(packet.bytes, plain_size).value_or(0);
    }
    const double middle = cpu_seconds();
    for (auto& packet : all) {
      const auto opened = receiver->unprotect(std::span(packet.bytes).first(packet.size));
      refused += opened.verdict == media::SrtpReceiver::Verdict::genuine ? 0 : 1;
    }
    sealing += middle - start;
    opening += cpu_seconds() - middle;
  }
  std::printf(
      "%-26s seal %6.0f ns  open %6.0f ns  a call between two such phones, both ways: %5.2f ms CPU a "
      "second%s\n",
      std::string(sdp::name(suite)).c_str(), sealing * 1e9 / packets, opening * 1e9 / packets,
      (sealing + opening) / packets * 100 * 1e3, refused == 0 ? "" : "  REFUSED SOME");
}

using Next = sip::TlsStream::Step::Next;

/// CPU seconds of the server's side of one handshake; negative: it failed.
double shake_hands(const sip::TlsContext& server, const sip::TlsContext& client) {
  std::array<int, 2> ends{};
  ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data());
  double used = 0;
  {
    const auto near = sip::TlsStream::accept(server, ends[0]);
    const auto far = sip::TlsStream::connect(client, ends[1], {"127.0.0.1", true});
    Next near_next = Next::wait_to_read;
    Next far_next = Next::wait_to_read;
    for (int i = 0; i < 20 && (near_next != Next::go_on || far_next != Next::go_on); ++i) {
      far_next = far_next == Next::go_on ? far_next : far->handshake().next;
      const double start = cpu_seconds();
      near_next = near_next == Next::go_on ? near_next : near->handshake().next;
      used += cpu_seconds() - start;
    }
    used = near_next == Next::go_on && far_next == Next::go_on ? used : -1;
  }
  ::close(ends[0]);
  ::close(ends[1]);
  return used;
}

void measure_handshakes(int count) {
  const auto made = sip::make_certificate("127.0.0.1", 10);
  const auto context = sip::TlsContext::make(
      {.certificate = made->certificate, .key = made->key, .authorities = made->certificate});
  if (!context) {
    std::fprintf(stderr, "%s\n", context.error().what.c_str());
    std::exit(2);
  }
  double used = 0;
  for (int i = 0; i < count; ++i) {
    const double one = shake_hands(**context, **context);
    if (one < 0) {
      std::fprintf(stderr, "a handshake failed\n");
      std::exit(2);
    }
    used += one;
  }
  std::printf("TLS 1.3, RSA 2048: %.3f ms CPU for a handshake, %.0f a second on one core\n",
              used * 1e3 / count, count / used);
}

}  // namespace

int main(int count, char** arguments) {
  std::signal(SIGPIPE, SIG_IGN);
  const int packets = count > 1 ? std::atoi(arguments[1]) : 1'000'000;
  for (std::size_t i = 0; i < sdp::crypto_suite_count; ++i) {
    measure_suite(static_cast<sdp::CryptoSuite>(i), packets);
  }
  measure_handshakes(count > 2 ? std::atoi(arguments[2]) : 1000);
  return 0;
}
