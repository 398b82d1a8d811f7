// TLS over a connected, non-blocking socket that somebody else owns and waits for.
#pragma once

#include "base/result.hpp"
#include "sip/transport/transport.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <string>

struct ssl_ctx_st;
struct ssl_st;

namespace switchroom::sip {

/// Call thread. Does no more than it can at once, and says what it waits for.
class TlsStream {
 public:
  /// `fd` outlives this.
  static std::unique_ptr<TlsStream> accept(const TlsContext& context, int fd);
  static std::unique_ptr<TlsStream> connect(const TlsContext& context, int fd, const TlsPeer& peer);

  struct Step {
    enum class Next : std::uint8_t { go_on, wait_to_read, wait_to_write, ended, failed } next = Next::failed;
    std::size_t size = 0;  // bytes read or written
  };
  /// go_on: done; the peer is who it should be.
  Step handshake();
  Step read(std::span<char> into);
  /// After waiting, the same bytes again (more may follow them).
  Step write(std::span<const char> from);
  /// The last word: what follows would be cut off. Sent if there is room for it just now.
  void say_goodbye();

  /// After `failed`: why, for the log.
  [[nodiscard]] const std::string& why() const { return why_; }
  /// "TLSv1.3 TLS_AES_256_GCM_SHA384", once the handshake is done.
  [[nodiscard]] std::string protocol() const;

 private:
  TlsStream() = default;
  static std::unique_ptr<TlsStream> make(ssl_ctx_st* context, int fd);
  Step outcome(int result);

  struct Closer {
    void operator()(ssl_st* stream) const;
  };
  std::unique_ptr<ssl_st, Closer> ssl_;
  std::string why_;
};

}  // namespace switchroom::sip
