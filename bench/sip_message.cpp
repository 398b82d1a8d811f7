// CPU time to parse and to print one typical INVITE. Usage: bench_sip_message [rounds]
#include "sip/message/message.hpp"

#include <fmt/core.h>

#include <cstdlib>
#include <ctime>
#include <string>

namespace {

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

std::string invite() {
  const std::string body =
      "v=0\r\no=- 3894557 3894557 IN IP4 192.0.2.10\r\ns=-\r\nc=IN IP4 192.0.2.10\r\nt=0 0\r\n"
      "m=audio 6000 RTP/AVP 0 8 9 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:9 "
      "G722/8000\r\n"
      "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:20\r\na=sendrecv\r\n";
  return "INVITE sip:1002@pbx.example.com:5060;transport=udp SIP/2.0\r\n"
         "Via: SIP/2.0/UDP 192.0.2.10:5071;branch=z9hG4bK-524287-1---a1b2c3d4e5;rport\r\n"
         "Max-Forwards: 70\r\n"
         "From: \"Alice Example\" <sip:1001@pbx.example.com>;tag=9fxced76sl\r\n"
         "To: <sip:1002@pbx.example.com>\r\n"
         "Call-ID: 3848276298220188511@192.0.2.10\r\n"
         "CSeq: 2 INVITE\r\n"
         "Contact: <sip:1001@192.0.2.10:5071;ob>\r\n"
         "Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, UPDATE, PRACK, INFO, REFER, NOTIFY\r\n"
         "Supported: replaces, 100rel, timer, norefersub\r\n"
         "Session-Expires: 1800\r\nMin-SE: 90\r\n"
         "User-Agent: Example Phone 1.2.3\r\n"
         "Authorization: Digest username=\"1001\", realm=\"pbx.example.com\", "
         "nonce=\"0123456789abcdef0123456789abcdef\", "
         "uri=\"sip:1002@pbx.example.com\", response=\"0123456789abcdef0123456789abcdef\", algorithm=MD5, "
         "cnonce=\"abcdef0123456789\", qop=auth, nc=00000001\r\n"
         "Content-Type: application/sdp\r\n"
         "Content-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace switchroom::sip;
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 200000;
  const std::string bytes = invite();
  std::size_t sink = 0;
  double start = cpu_seconds();
  for (int i = 0; i < rounds; ++i) sink += parse_datagram(bytes).message->via.size();
  fmt::print("parse and copy: {:.2f} us\n", (cpu_seconds() - start) * 1e6 / rounds);
  const Parsed parsed = parse_datagram(bytes);
  start = cpu_seconds();
  for (int i = 0; i < rounds; ++i) sink += parsed.message->text().size();
  fmt::print("print:          {:.2f} us\n", (cpu_seconds() - start) * 1e6 / rounds);
  start = cpu_seconds();
  for (int i = 0; i < rounds; ++i) sink += make_response(*parsed.message, 200).text().size();
  fmt::print("make 200, print: {:.2f} us ({} bytes of INVITE, {})\n", (cpu_seconds() - start) * 1e6 / rounds,
             bytes.size(), sink % 10);
}
