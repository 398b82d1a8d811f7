// The reader: one pass over the lines, each judged by its letter. RFC 8866.
#include "sdp/session_description.hpp"

#include "sdp/text.hpp"

#include <algorithm>
#include <array>

namespace switchroom::sdp {
namespace {

constexpr std::size_t max_text = 64U << 10U;  // bytes
constexpr std::size_t max_media = 32;
constexpr std::size_t max_formats = 64;
constexpr std::size_t max_attributes = 512;
constexpr std::size_t max_host = 255;  // a DNS name's limit
constexpr std::size_t max_encoding = 64;
constexpr std::uint32_t max_ptime = 1000;  // ms

struct StaticType {
  std::uint8_t payload_type;
  std::string_view encoding;
  std::uint32_t clock_rate;
  std::uint32_t channels;
};

// RFC 3551 tables 4 and 5.
constexpr std::array<StaticType, 24> static_types{{
    {0, "PCMU", 8000, 1},   {3, "GSM", 8000, 1},    {4, "G723", 8000, 1},   {5, "DVI4", 8000, 1},
    {6, "DVI4", 16000, 1},  {7, "LPC", 8000, 1},    {8, "PCMA", 8000, 1},   {9, "G722", 8000, 1},
    {10, "L16", 44100, 2},  {11, "L16", 44100, 1},  {12, "QCELP", 8000, 1}, {13, "CN", 8000, 1},
    {14, "MPA", 90000, 1},  {15, "G728", 8000, 1},  {16, "DVI4", 11025, 1}, {17, "DVI4", 22050, 1},
    {18, "G729", 8000, 1},  {25, "CelB", 90000, 1}, {26, "JPEG", 90000, 1}, {28, "nv", 90000, 1},
    {31, "H261", 90000, 1}, {32, "MPV", 90000, 1},  {33, "MP2T", 90000, 1}, {34, "H263", 90000, 1},
}};

/// A format before any rtpmap is read.
Format initial_format(std::uint8_t payload_type) {
  Format format;
  format.payload_type = payload_type;
  const auto* known = std::find_if(static_types.begin(), static_types.end(),
                                   [&](const StaticType& type) { return type.payload_type == payload_type; });
  if (known != static_types.end()) {
    format.encoding = known->encoding;
    format.clock_rate = known->clock_rate;
    format.channels = known->channels;
  }
  return format;
}

std::optional<Direction> direction_named(std::string_view text) {
  for (const auto direction :
       {Direction::sendrecv, Direction::sendonly, Direction::recvonly, Direction::inactive}) {
    if (name(direction) == text) return direction;
  }
  return std::nullopt;
}

/// "0 PCMU/8000/1" less its payload type: encoding, clock rate, channels into `format`.
bool read_rtpmap(std::string_view text, Format& format) {
  const auto encoding = text::take_until(text, '/');
  const auto rate = text::number<std::uint32_t>(text::take_until(text, '/'));
  const auto channels = text.empty() ? std::optional<std::uint32_t>(1) : text::number<std::uint32_t>(text);
  if (!text::is_token(encoding) || encoding.size() > max_encoding || !rate || *rate == 0 || !channels ||
      *channels == 0 || *channels > 255) {
    return false;
  }
  format.encoding = encoding;
  format.clock_rate = *rate;
  format.channels = *channels;
  return true;
}

class Parser {
 public:
  base::result<SessionDescription, SdpError> run(std::string_view text);

 private:
  using Failure = std::optional<SdpError>;  // empty: all is well

  Failure line(std::string_view line);
  Failure origin(std::string_view value);
  Failure connection(std::string_view value);
  Failure media(std::string_view value);
  Failure media_formats(std::string_view tokens, MediaDescription& media) const;
  Failure attribute(std::string_view value);
  /// True when the attribute was understood and has been stored in its field.
  bool media_attribute(MediaDescription& media, std::string_view name, std::string_view value);
  bool format_attribute(MediaDescription& media, std::string_view name, std::string_view value);
  [[nodiscard]] MediaDescription* current() { return out_.media.empty() ? nullptr : &out_.media.back(); }

  SessionDescription out_;
  std::size_t lines_ = 0;
  std::size_t attributes_ = 0;  // those that are kept as they are; the text bounds the others
  bool origin_seen_ = false;
  bool name_seen_ = false;
  std::array<bool, 128> mapped_{};  // payload types of the current m= line that have had their rtpmap
};

base::result<SessionDescription, SdpError> Parser::run(std::string_view text) {
  if (text.size() > max_text) return SdpError::too_long;
  if (text.find('\0') != std::string_view::npos) return SdpError::bad_line;
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) {
    text.remove_suffix(1);  // some phones end in an empty line
  }
  while (!text.empty()) {
    auto one = text::take_until(text, '\n');
    if (!one.empty() && one.back() == '\r') one.remove_suffix(1);
    if (const auto failure = line(one)) return *failure;
    ++lines_;
  }
  if (!origin_seen_) return SdpError::not_sdp;
  return std::move(out_);
}

Parser::Failure Parser::line(std::string_view line) {
  if (lines_ == 0) {
    return line == "v=0" ? Failure{} : SdpError::not_sdp;
  }
  if (line.size() < 2 || line[1] != '=' || line.find('\r') != std::string_view::npos)
    return SdpError::bad_line;
  const auto value = line.substr(2);
  switch (line[0]) {
    case 'o': return origin(value);
    case 's':
      if (name_seen_ || current() != nullptr) return SdpError::bad_line;
      name_seen_ = true;
      out_.name = value.empty() ? "-" : std::string(value);
      return {};
    case 'c': return connection(value);
    case 'm': return media(value);
    case 'a': return attribute(value);
    // Read over: information, links, bandwidth, times, keys; a call's SDP has no use for them.
    case 'i':
    case 'u':
    case 'e':
    case 'p':
    case 'b':
    case 't':
    case 'r':
    case 'z':
    case 'k': return {};
    // RFC 8866 section 5: a letter that we do not know makes the whole description unusable.
    default: return SdpError::bad_line;
  }
}

/// "user 123 1 IN IP4 host"; read from its end, since a few phones put a display name with spaces first.
Parser::Failure Parser::origin(std::string_view value) {
  if (origin_seen_ || current() != nullptr) return SdpError::bad_line;
  std::array<std::string_view, 5> tail;  // host, address type, network type, version, id
  for (auto& token : tail) {
    token = text::take_last(value);
  }
  const auto id = text::saturated(tail[4]);
  const auto version = text::saturated(tail[3]);
  if (!id || !version || tail[2] != "IN" || (tail[1] != "IP4" && tail[1] != "IP6") ||
      !text::is_visible(tail[0]) || tail[0].size() > max_host) {
    return SdpError::bad_line;
  }
  origin_seen_ = true;
  out_.session_id = *id;
  out_.version = *version;
  out_.origin_host = tail[0];
  out_.origin_user = value.empty() ? "-" : std::string(value);
  return {};
}

/// "IN IP4 192.0.2.1", "IN IP6 2001:db8::1"; the first one of a level counts.
Parser::Failure Parser::connection(std::string_view value) {
  const auto net = text::take_token(value);
  const auto type = text::take_token(value);
  auto rest = text::trimmed(value);
  const auto host = text::take_until(rest, '/');  // a multicast's time to live follows
  if (net != "IN" || (type != "IP4" && type != "IP6") || !text::is_visible(host) || host.size() > max_host) {
    return SdpError::bad_connection;
  }
  auto& field = current() != nullptr ? current()->connection : out_.connection;
  if (field.empty()) field = host;
  return {};
}

/// "audio 49170 RTP/AVP 0 8 101"
Parser::Failure Parser::media(std::string_view value) {
  if (!origin_seen_) return SdpError::not_sdp;
  if (out_.media.size() == max_media) return SdpError::too_many;
  MediaDescription media;
  const auto kind = text::take_token(value);
  auto ports = text::take_token(value);
  const auto port = text::number<std::uint16_t>(text::take_until(ports, '/'));
  const bool count_fits = ports.empty() || text::number<std::uint16_t>(ports).has_value();
  const auto protocol = text::take_token(value);
  if (!text::is_token(kind) || !port || !count_fits || !text::is_protocol(protocol))
    return SdpError::bad_media;
  media.kind = kind;
  media.port = *port;
  media.protocol = protocol;
  media.direction = out_.direction;
  if (const auto failure = media_formats(value, media)) return failure;
  out_.media.push_back(std::move(media));
  mapped_.fill(false);
  return {};
}

Parser::Failure Parser::media_formats(std::string_view tokens, MediaDescription& media) const {
  const bool rtp = media.protocol.find("RTP/") != std::string::npos;
  std::array<bool, 128> seen{};
  std::size_t count = 0;
  for (auto token = text::take_token(tokens); !token.empty(); token = text::take_token(tokens)) {
    if (++count > max_formats) return SdpError::too_many;
    if (!text::is_visible(token)) return SdpError::bad_media;
    if (rtp) {
      const auto payload_type = text::number<std::uint8_t>(token);
      if (!payload_type || *payload_type > 127) return SdpError::bad_media;
      if (seen[*payload_type]) continue;  // named twice: the first place counts
      seen[*payload_type] = true;
      media.formats.push_back(initial_format(*payload_type));
      media.raw_formats.push_back(std::to_string(*payload_type));
    } else {
      media.raw_formats.emplace_back(token);
    }
  }
  return count == 0 ? Failure{SdpError::bad_media} : Failure{};
}

Parser::Failure Parser::attribute(std::string_view value) {
  const auto colon = value.find(':');
  const auto key = value.substr(0, colon);
  const auto rest = colon == std::string_view::npos ? std::string_view{} : value.substr(colon + 1);
  if (key.empty()) return SdpError::bad_line;  // other odd names are attributes that nobody knows
  auto* media = current();
  if (rest.empty()) {
    if (const auto direction = direction_named(key)) {
      (media != nullptr ? media->direction : out_.direction) = *direction;
      return {};
    }
  }
  if (media != nullptr && media_attribute(*media, key, rest)) return {};
  if (++attributes_ > max_attributes) return SdpError::too_many;
  auto& list = media != nullptr ? media->attributes : out_.attributes;
  list.push_back({std::string(key), std::string(rest)});
  return {};
}

bool Parser::media_attribute(MediaDescription& media, std::string_view name, std::string_view value) {
  if (name == "rtpmap" || name == "fmtp") return format_attribute(media, name, value);
  if (name == "ptime" || name == "maxptime") {
    auto& field = name == "ptime" ? media.ptime : media.maxptime;
    const auto ms = text::number<std::uint32_t>(text::trimmed(value));
    if (field || !ms || *ms == 0 || *ms > max_ptime) return false;
    field = ms;
    return true;
  }
  if (name == "rtcp") {
    // RFC 3605. An address behind the port is not kept: RTCP goes to the host that takes the RTP.
    const auto port = text::number<std::uint16_t>(text::take_token(value));
    if (media.rtcp_port || !port) return false;
    media.rtcp_port = port;
    return true;
  }
  if (name == "rtcp-mux" && value.empty()) {
    media.rtcp_mux = true;
    return true;
  }
  return false;
}

bool Parser::format_attribute(MediaDescription& media, std::string_view name, std::string_view value) {
  const auto payload_type = text::number<std::uint8_t>(text::take_token(value));
  if (!payload_type) return false;
  const auto format = std::find_if(media.formats.begin(), media.formats.end(), [&](const Format& candidate) {
    return candidate.payload_type == *payload_type;
  });
  if (format == media.formats.end()) return false;
  value = text::trimmed(value);
  if (name == "fmtp") {
    if (!format->fmtp.empty() || value.empty()) return false;
    format->fmtp = value;
    return true;
  }
  if (mapped_[*payload_type] || !read_rtpmap(value, *format)) return false;
  mapped_[*payload_type] = true;
  return true;
}

}  // namespace

std::string_view name(Direction direction) {
  switch (direction) {
    case Direction::sendrecv: return "sendrecv";
    case Direction::sendonly: return "sendonly";
    case Direction::recvonly: return "recvonly";
    case Direction::inactive: return "inactive";
  }
  return "inactive";
}

Direction mirrored(Direction direction) {
  switch (direction) {
    case Direction::sendonly: return Direction::recvonly;
    case Direction::recvonly: return Direction::sendonly;
    default: return direction;
  }
}

std::string_view describe(SdpError error) {
  switch (error) {
    case SdpError::too_long: return "the description is longer than 64 KiB";
    case SdpError::not_sdp: return "this is not SDP: v=0 or o= is missing";
    case SdpError::bad_line: return "a line of the SDP is malformed";
    case SdpError::bad_media: return "an m= line of the SDP is malformed";
    case SdpError::bad_connection: return "a c= line of the SDP is malformed";
    case SdpError::too_many: return "the SDP has too many media lines, formats or attributes";
  }
  return "bad SDP";
}

base::result<SessionDescription, SdpError> parse(std::string_view text) { return Parser{}.run(text); }

}  // namespace switchroom::sdp
