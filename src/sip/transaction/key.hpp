// Which transaction a message belongs to, as 16 bytes. RFC 3261 17.1.3, 17.2.3 and 8.2.2.2.
#pragma once

#include "sip/message/message.hpp"

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace switchroom::sip {

/// A keyed 128-bit digest of what identifies a transaction. The strings themselves are not kept; two
/// different ones never meet (2^-128), nor can a stranger, who does not know the secret, make them meet.
struct TransactionKey {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  [[nodiscard]] bool empty() const { return high == 0 && low == 0; }
  friend bool operator==(const TransactionKey&, const TransactionKey&) = default;
};

/// The digest is already as good as random.
struct TransactionKeyHash {
  std::size_t operator()(const TransactionKey& key) const noexcept { return key.low; }
};

/// "INVITE", also for a message whose method is known but not spelled out.
std::string_view method_text(Method method, std::string_view token);

/// Makes keys with a secret of its own. Call thread. Messages must have a Via.
class KeyMaker {
 public:
  KeyMaker();

  /// 17.2.3: branch, sent-by and method. Without the magic cookie: Request-URI, From tag, Call-ID, CSeq
  /// number and the topmost Via; the To tag is left out, since an ACK carries the response's.
  TransactionKey of_request(const Message& request, std::string_view method);
  /// 17.1.3: branch and method; the sent-by too, so that what is not ours is found to be nobody's.
  TransactionKey of_client(const Via& top, std::string_view cseq_method);
  /// 8.2.2.2: the same request by another way has another key, but this one is equal.
  TransactionKey of_origin(const Message& request);

 private:
  TransactionKey digest(std::initializer_list<std::string_view> parts);

  std::array<std::uint64_t, 2> secret_{};
  std::string scratch_;
};

}  // namespace switchroom::sip
