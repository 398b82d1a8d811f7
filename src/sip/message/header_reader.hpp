// Header values into the fields of a Message.
#pragma once

#include "sip/message/header_name.hpp"
#include "sip/message/message.hpp"
#include "sip/message/sofia_read.hpp"

#include <bitset>
#include <string>
#include <string_view>

namespace switchroom::sip {

/// Fills one message, header by header. Stops making sense after the first false.
class HeaderReader {
 public:
  explicit HeaderReader(Message& message) : message_(message) {}

  /// False when the value is not what its header may hold, or the header may not come twice.
  bool read(HeaderName name, std::string_view value);
  [[nodiscard]] bool has(HeaderId id) const { return seen_.test(static_cast<std::size_t>(id)); }
  [[nodiscard]] bool twice() const { return twice_; }      // why read() said no: it had come before
  [[nodiscard]] bool version() const { return version_; }  // every Via was of SIP/2.0
  [[nodiscard]] std::optional<std::uint32_t> content_length() const { return content_length_; }
  SofiaReader& sofia() { return sofia_; }

 private:
  bool read_list(HeaderId id, std::string_view value);
  bool read_credentials(HeaderId id, std::string_view value);
  bool read_number(HeaderId id, std::string_view value);
  bool read_via(std::string_view value);
  bool read_addresses(std::vector<Address>& out, std::string_view value);
  bool read_contact(std::string_view value);
  bool read_single(HeaderId id, std::string_view value);
  bool read_content_type(std::string_view value);
  bool read_session_expires(std::string_view value);
  bool read_rack(std::string_view value);

  Message& message_;  // not owned
  SofiaReader sofia_;
  std::bitset<header_id_count> seen_;
  std::optional<std::uint32_t> content_length_;
  bool twice_ = false;
  bool version_ = true;
};

/// "314159 INVITE"; nullopt for anything else and for numbers of more than 32 bits.
std::optional<CSeq> parse_cseq(std::string_view value);

}  // namespace switchroom::sip
