// Who is where: the bindings of extensions to contacts. RFC 3261 section 10, without the wire.
#pragma once

#include "base/clock.hpp"
#include "base/net.hpp"
#include "base/result.hpp"
#include "base/timers.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace switchroom::registrar {

/// One phone of one extension. Plain text where SIP has types: this room knows no SIP.
struct Binding {
  std::string extension;  // "1001"
  std::string contact;    // the URI as registered, without its header parameters
  std::string instance;   // +sip.instance, or empty
  std::uint32_t reg_id = 0;
  double q = 1.0;
  std::string call_id;
  std::uint32_t cseq = 0;
  base::WallMicros expires_at = 0;
  base::WallMicros registered_at = 0;
  std::string user_agent;
  // where the REGISTER came from: this is where the phone is reached
  std::string transport;  // "UDP", "TCP"
  base::Endpoint source;
  base::Endpoint local;  // the listener that it came to: a NAT lets only that one in again
  std::string profile;
  std::uint64_t connection = 0;  // not persisted: a TCP connection does not survive a restart
  std::vector<std::string> path;
};

/// One contact of a REGISTER.
struct Update {
  Binding binding;
  std::uint32_t expires = 0;  // seconds; 0 removes it
};

enum class Refusal : std::uint8_t { out_of_order /* same Call-ID, older CSeq: 500 */, too_many /* 403 */ };

/// Bindings in memory, written behind to SQLite by a worker thread of its own, so that a REGISTER never
/// waits for a disk and registrations survive a restart (at most the last second before kill -9 is
/// lost, and the phone's next refresh mends that). Call thread.
class Registrar {
 public:
  struct Settings {
    std::filesystem::path database;  // empty: memory only
    std::size_t max_contacts = 10;   // for each extension
  };
  /// Loads what survived; expired bindings are dropped. The error names the file and what to do.
  static base::result<std::unique_ptr<Registrar>> open(Settings settings, base::Timers& timers);
  virtual ~Registrar() = default;

  /// All or nothing (RFC 3261 10.3 step 7). Replaces the binding with the same contact, or the same
  /// instance and reg-id (RFC 5626). The result is what is bound afterwards.
  virtual base::result<std::vector<Binding>, Refusal> update(std::string_view extension,
                                                             std::vector<Update> updates) = 0;
  /// "Contact: *" with Expires 0; refuses an older CSeq of the same Call-ID.
  virtual base::result<std::vector<Binding>, Refusal> clear(std::string_view extension,
                                                            std::string_view call_id, std::uint32_t cseq) = 0;
  /// Live bindings, best q first, then the newest.
  [[nodiscard]] virtual std::vector<Binding> find(std::string_view extension) const = 0;
  [[nodiscard]] virtual std::vector<Binding> all() const = 0;
  [[nodiscard]] virtual std::size_t size() const = 0;
  /// The connection closed: bindings by it that have no other way are removed (TCP phones behind NAT).
  virtual void connection_closed(std::uint64_t connection) = 0;
  /// Drops bindings of extensions that the new configuration no longer has.
  virtual void keep_only(const std::function<bool(std::string_view extension)>& exists) = 0;
  /// Told after each change: extension, whether it has any binding now.
  virtual void on_change(std::function<void(const std::string& extension, bool registered)> listener) = 0;
  /// Writes everything out; blocks up to 2 s. At shutdown.
  virtual void flush() = 0;
};

}  // namespace switchroom::registrar
