#include "sip/message/header_name.hpp"

#include "sip/message/grammar.hpp"

#include <algorithm>
#include <array>

namespace switchroom::sip {
namespace {

using enum HeaderId;

// The canonical names, each once; `index` below sorts them by length, so that a look-up
// compares the few of one length.
constexpr std::array names{
    HeaderName{"To", to},
    HeaderName{"Via", via},
    HeaderName{"CSeq", cseq},
    HeaderName{"Date", other},
    HeaderName{"From", from},
    HeaderName{"Join", other},
    HeaderName{"Path", other},
    HeaderName{"RAck", rack},
    HeaderName{"RSeq", rseq},
    HeaderName{"Allow", allow},
    HeaderName{"Event", other},
    HeaderName{"Route", route},
    HeaderName{"Accept", other},
    HeaderName{"Min-SE", min_se},
    HeaderName{"Reason", other},
    HeaderName{"Server", other},
    HeaderName{"Call-ID", call_id},
    HeaderName{"Contact", contact},
    HeaderName{"Expires", expires},
    HeaderName{"Priority", other},
    HeaderName{"Privacy", other},
    HeaderName{"Require", require},
    HeaderName{"Subject", other},
    HeaderName{"Warning", other},
    HeaderName{"Identity", other},
    HeaderName{"Reply-To", other},
    HeaderName{"Refer-To", other},
    HeaderName{"Refer-Sub", other},
    HeaderName{"Replaces", other},
    HeaderName{"SIP-ETag", other},
    HeaderName{"Call-Info", other},
    HeaderName{"Diversion", other},
    HeaderName{"Flow-Timer", other},
    HeaderName{"Supported", supported},
    HeaderName{"Timestamp", other},
    HeaderName{"Alert-Info", other},
    HeaderName{"Error-Info", other},
    HeaderName{"User-Agent", other},
    HeaderName{"In-Reply-To", other},
    HeaderName{"Max-Forwards", max_forwards},
    HeaderName{"Min-Expires", min_expires},
    HeaderName{"Referred-By", other},
    HeaderName{"Retry-After", other},
    HeaderName{"Unsupported", other},
    HeaderName{"Allow-Events", other},
    HeaderName{"Content-Type", content_type},
    HeaderName{"History-Info", other},
    HeaderName{"MIME-Version", other},
    HeaderName{"Organization", other},
    HeaderName{"Record-Route", record_route},
    HeaderName{"SIP-If-Match", other},
    HeaderName{"Answer-Mode", other},
    HeaderName{"Authorization", authorization},
    HeaderName{"Identity-Info", other},
    HeaderName{"Proxy-Require", other},
    HeaderName{"Service-Route", other},
    HeaderName{"Target-Dialog", other},
    HeaderName{"Accept-Contact", other},
    HeaderName{"Content-Length", content_length},
    HeaderName{"Reject-Contact", other},
    HeaderName{"Accept-Encoding", other},
    HeaderName{"Accept-Language", other},
    HeaderName{"P-Charging-Vector", other},
    HeaderName{"Remote-Party-ID", other},
    HeaderName{"Session-Expires", session_expires},
    HeaderName{"Content-Encoding", other},
    HeaderName{"Content-Language", other},
    HeaderName{"P-Early-Media", other},
    HeaderName{"WWW-Authenticate", www_authenticate},
    HeaderName{"Proxy-Authenticate", proxy_authenticate},
    HeaderName{"Subscription-State", other},
    HeaderName{"Authentication-Info", other},
    HeaderName{"Content-Disposition", other},
    HeaderName{"P-Asserted-Identity", other},
    HeaderName{"Proxy-Authorization", proxy_authorization},
    HeaderName{"Request-Disposition", other},
    HeaderName{"P-Access-Network-Info", other},
    HeaderName{"P-Preferred-Identity", other},
};

constexpr std::size_t longest = 24;

// The names in the order of their lengths, and where each length starts.
struct Index {
  std::array<HeaderName, names.size()> by_length = names;
  std::array<std::uint8_t, longest + 2> start{};
};

constexpr Index make_index() {
  Index index;
  std::sort(index.by_length.begin(), index.by_length.end(),
            [](const HeaderName& a, const HeaderName& b) { return a.canonical.size() < b.canonical.size(); });
  std::size_t at = 0;
  for (std::size_t length = 0; length < index.start.size(); ++length) {
    while (at < names.size() && index.by_length[at].canonical.size() < length) ++at;
    index.start[length] = static_cast<std::uint8_t>(at);
  }
  return index;
}
constexpr Index index = make_index();

/// RFC 3261 7.3.3 and the registrations since.
constexpr HeaderName compact(char letter) {
  switch (letter) {
    case 'a': return {"Accept-Contact", other};
    case 'b': return {"Referred-By", other};
    case 'c': return {"Content-Type", content_type};
    case 'd': return {"Request-Disposition", other};
    case 'e': return {"Content-Encoding", other};
    case 'f': return {"From", from};
    case 'i': return {"Call-ID", call_id};
    case 'j': return {"Reject-Contact", other};
    case 'k': return {"Supported", supported};
    case 'l': return {"Content-Length", content_length};
    case 'm': return {"Contact", contact};
    case 'n': return {"Identity-Info", other};
    case 'o': return {"Event", other};
    case 'r': return {"Refer-To", other};
    case 's': return {"Subject", other};
    case 't': return {"To", to};
    case 'u': return {"Allow-Events", other};
    case 'v': return {"Via", via};
    case 'x': return {"Session-Expires", session_expires};
    case 'y': return {"Identity", other};
    default: return {};
  }
}

}  // namespace

HeaderName header_name(std::string_view name) {
  if (name.size() == 1) {
    const HeaderName known = compact(grammar::lower(name.front()));
    return known.canonical.empty() ? HeaderName{name, other} : known;
  }
  if (name.size() <= longest) {
    for (std::size_t i = index.start[name.size()]; i < index.start[name.size() + 1]; ++i) {
      if (grammar::same_word(index.by_length[i].canonical, name)) return index.by_length[i];
    }
  }
  return {name, other};
}

}  // namespace switchroom::sip
