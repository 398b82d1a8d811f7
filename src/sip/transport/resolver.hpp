// From a URI to addresses: NAPTR, SRV, A and AAAA (RFC 3263) by c-ares, never on a stranger's behalf.
#pragma once

#include "base/asio.hpp"
#include "base/clock.hpp"
#include "base/net.hpp"
#include "base/result.hpp"
#include "sip/message/uri.hpp"
#include "sip/transport/transport.hpp"

#include <memory>
#include <vector>

namespace switchroom::sip {

struct Destination {
  TransportKind kind = TransportKind::udp;
  base::Endpoint endpoint;
};

/// What a URI leads to, in order of preference, and how long DNS lets one believe it.
struct Located {
  std::vector<Destination> places;
  base::Duration good_for{};
};

class Resolver {
 public:
  /// `servers`: "127.0.0.1:5353" list for tests; empty means the system's resolv.conf.
  explicit Resolver(asio::io_context& context, std::string servers = {});
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  /// In order of preference. Numeric hosts answer at once without c-ares. Cancellable; takes 5 s at the
  /// most. The error says what was asked and what came back.
  awaitable<base::result<std::vector<Destination>>> resolve(Uri uri);
  /// The same with its time to live (the shortest of all answers; a day for a numeric host).
  awaitable<base::result<Located>> locate(Uri uri);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// The destination of a URI with a numeric host; nullopt when it has a name (or no sip scheme).
std::optional<Destination> numeric_destination(const Uri& uri);

}  // namespace switchroom::sip
