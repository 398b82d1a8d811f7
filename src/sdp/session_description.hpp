// SDP as values: RFC 8866, the part that audio calls use. Strict, bounded, no I/O, any thread.
#pragma once

#include "base/net.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace switchroom::sdp {

enum class Direction : std::uint8_t { sendrecv, sendonly, recvonly, inactive };
std::string_view name(Direction direction);
/// What the peer's "sendonly" means for us.
Direction mirrored(Direction direction);
inline bool sends(Direction d) { return d == Direction::sendrecv || d == Direction::sendonly; }
inline bool receives(Direction d) { return d == Direction::sendrecv || d == Direction::recvonly; }

/// One payload type of an m= line, static ones (RFC 3551) filled in when no rtpmap names them.
struct Format {
  std::uint8_t payload_type = 0;
  std::string encoding;  // as written: "PCMU", "opus", "telephone-event"
  std::uint32_t clock_rate = 8000;
  std::uint32_t channels = 1;
  std::string fmtp;  // parameters as written, or empty
  friend bool operator==(const Format&, const Format&) = default;
};

struct Attribute {
  std::string name;
  std::string value;
  friend bool operator==(const Attribute&, const Attribute&) = default;
};

struct MediaDescription {
  std::string kind = "audio";  // "audio", "video", "image" …
  std::uint16_t port = 0;      // 0: refused or disabled
  std::string protocol = "RTP/AVP";
  std::vector<Format> formats;                // empty for protocols that are not RTP
  std::vector<std::string> raw_formats;       // the tokens of the m= line, kept to refuse what we do not know
  std::string connection;                     // host of its own c= line, or empty
  Direction direction = Direction::sendrecv;  // session-level default already applied
  std::optional<std::uint32_t> ptime;         // ms
  std::optional<std::uint32_t> maxptime;      // ms
  std::optional<std::uint16_t> rtcp_port;     // a=rtcp
  bool rtcp_mux = false;
  std::vector<Attribute> attributes;  // all others
  friend bool operator==(const MediaDescription&, const MediaDescription&) = default;
};

struct SessionDescription {
  std::string origin_user = "-";
  std::uint64_t session_id = 0;
  std::uint64_t version = 0;
  std::string origin_host;  // unicast address of o=
  std::string name = "-";
  std::string connection;  // session-level c= host, or empty
  Direction direction = Direction::sendrecv;
  std::vector<Attribute> attributes;
  std::vector<MediaDescription> media;
  friend bool operator==(const SessionDescription&, const SessionDescription&) = default;
};

enum class SdpError : std::uint8_t { too_long, not_sdp, bad_line, bad_media, bad_connection, too_many };
std::string_view describe(SdpError error);

/// At most 64 KiB, 32 media lines, 64 formats a line, 512 attributes of no field of their own; lines end in
/// CRLF or LF. Time grows with the length of the text alone. Lines are judged strictly; an attribute that is
/// not formed as its RFC says stands among `attributes`, as one that nobody knows. What audio calls do not
/// use (t=, b=, k= …) is read over.
base::result<SessionDescription, SdpError> parse(std::string_view text);
/// The text, lines ended by CRLF; line ends and NULs inside values are left out, so that a value can
/// never become a line. parse(print(x)) gives x for every x that came from parse, as long as the text fits 64
/// KiB.
std::string print(const SessionDescription& description);

}  // namespace switchroom::sdp
