// SIP URIs and name-addrs as values. RFC 3261 section 19.1 and 20.10.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace switchroom::sip {

/// `;name=value` lists of URIs and headers, in order; names compare without case. A parameter
/// without "=" has an empty value and `bare` set.
struct Parameter {
  std::string name;
  std::string value;  // a header's parameter: without its quotes; a URI's: as written, escapes included
  bool bare = false;
  bool quoted = false;  // written in quotes, so printed in quotes
};

class Parameters {
 public:
  [[nodiscard]] const std::string* find(std::string_view name) const;
  [[nodiscard]] bool has(std::string_view name) const { return find(name) != nullptr; }
  /// The value, or empty.
  [[nodiscard]] std::string_view value(std::string_view name) const;
  void set(std::string_view name, std::string_view value);
  void set_bare(std::string_view name);
  void erase(std::string_view name);
  [[nodiscard]] bool empty() const { return list_.empty(); }
  [[nodiscard]] auto begin() const { return list_.begin(); }
  [[nodiscard]] auto end() const { return list_.end(); }
  [[nodiscard]] std::size_t size() const { return list_.size(); }
  void add(Parameter parameter) { list_.push_back(std::move(parameter)); }
  /// `;name=value…` as a header writes them: values that are no tokens go into quotes.
  void append_to(std::string& out) const;
  /// The same as a URI writes them: what may not stand there is escaped.
  void append_to_uri(std::string& out) const;

 private:
  std::vector<Parameter> list_;
};

struct Uri {
  std::string scheme = "sip";  // lower case; "sip", "sips", "tel" or another
  std::string user;            // unescaped; for "tel" the number; for other schemes all that follows the ":"
  std::string password;        // of "sip:user:password@host", unescaped; kept only to be sent back
  std::string host;            // lower case, IPv6 without brackets
  std::uint16_t port = 0;      // 0: none written
  Parameters parameters;
  std::string headers;  // after "?", as written

  [[nodiscard]] std::string text() const;
  void append_to(std::string& out) const;
  /// RFC 3261 19.1.4 as far as user, host, port and transport go.
  [[nodiscard]] bool same_target(const Uri& other) const;
  [[nodiscard]] bool is_sip() const { return scheme == "sip" || scheme == "sips"; }
};

inline constexpr std::size_t max_uri = 4096;  // bytes

/// Strict and bounded (max_uri); nullopt for what is not a URI. "1002@host" without a scheme is not.
/// A port of 0, which some phones write for "none", is none. Any thread, nothing is looked up.
std::optional<Uri> parse_uri(std::string_view text);

/// `"Alice" <sip:alice@host>;tag=1`: From, To, Contact, Route, Diversion, P-Asserted-Identity …
struct Address {
  std::string display;  // unquoted
  Uri uri;
  Parameters parameters;

  void append_to(std::string& out) const;
  [[nodiscard]] std::string text() const;
  [[nodiscard]] std::string_view tag() const { return parameters.value("tag"); }
};

/// Strict and bounded (8192 bytes); nullopt for what is not one address (a list is not, "*" is not).
/// A display name without quotes may hold UTF-8, as phones send it. Any thread.
std::optional<Address> parse_address(std::string_view text);

}  // namespace switchroom::sip
