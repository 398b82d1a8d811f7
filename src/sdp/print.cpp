// The writer: the lines in the order of RFC 8866 section 5.
#include "sdp/session_description.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>

namespace switchroom::sdp {
namespace {

/// A value without the characters that would end its line.
std::string flat(std::string_view value) {
  std::string out(value);
  out.erase(
      std::remove_if(out.begin(), out.end(), [](char c) { return c == '\r' || c == '\n' || c == '\0'; }),
      out.end());
  return out;
}

std::string_view address_type(std::string_view host) {
  return host.find(':') == std::string_view::npos ? "IP4" : "IP6";
}

class Printer {
 public:
  std::string run(const SessionDescription& description);

 private:
  template <class... Args>
  void line(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<Args>(args)...);
    out_ += "\r\n";
  }
  void connection(std::string_view host);
  void attributes(const std::vector<Attribute>& list);
  void media_line(const MediaDescription& media);
  void media(const MediaDescription& media, Direction session_direction);
  void format(const Format& format);

  std::string out_;
};

std::string Printer::run(const SessionDescription& description) {
  line("v=0");
  line("o={} {} {} IN {} {}", flat(description.origin_user), description.session_id, description.version,
       address_type(description.origin_host), flat(description.origin_host));
  line("s={}", flat(description.name));
  connection(description.connection);
  line("t=0 0");
  if (description.direction != Direction::sendrecv) line("a={}", name(description.direction));
  attributes(description.attributes);
  for (const auto& one : description.media) {
    media(one, description.direction);
  }
  return std::move(out_);
}

void Printer::connection(std::string_view host) {
  if (!host.empty()) line("c=IN {} {}", address_type(host), flat(host));
}

void Printer::attributes(const std::vector<Attribute>& list) {
  for (const auto& attribute : list) {
    if (attribute.value.empty()) {
      line("a={}", flat(attribute.name));
    } else {
      line("a={}:{}", flat(attribute.name), flat(attribute.value));
    }
  }
}

void Printer::media_line(const MediaDescription& media) {
  std::string formats;
  for (const auto& one : media.formats) {
    formats += fmt::format(" {}", one.payload_type);
  }
  if (media.formats.empty()) {
    for (const auto& raw : media.raw_formats) {
      formats += " " + flat(raw);
    }
  }
  if (formats.empty()) formats = " 0";  // the grammar wants one, also on a refused line
  line("m={} {} {}{}", flat(media.kind), media.port, flat(media.protocol), formats);
}

void Printer::media(const MediaDescription& media, Direction session_direction) {
  media_line(media);
  connection(media.connection);
  for (const auto& one : media.formats) {
    format(one);
  }
  if (media.ptime) line("a=ptime:{}", *media.ptime);
  if (media.maxptime) line("a=maxptime:{}", *media.maxptime);
  if (media.rtcp_port) line("a=rtcp:{}", *media.rtcp_port);
  if (media.rtcp_mux) line("a=rtcp-mux");
  // A refused line says nothing of its direction, unless the session's default must be undone.
  if (media.port != 0 || media.direction != session_direction) line("a={}", name(media.direction));
  attributes(media.attributes);
}

void Printer::format(const Format& format) {
  if (!format.encoding.empty()) {
    const auto channels = format.channels == 1 ? std::string() : fmt::format("/{}", format.channels);
    line("a=rtpmap:{} {}/{}{}", format.payload_type, flat(format.encoding), format.clock_rate, channels);
  }
  if (!format.fmtp.empty()) line("a=fmtp:{} {}", format.payload_type, flat(format.fmtp));
}

}  // namespace

std::string print(const SessionDescription& description) { return Printer{}.run(description); }

}  // namespace switchroom::sdp
