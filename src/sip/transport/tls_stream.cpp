#include "sip/transport/tls_stream.hpp"

#include "sip/transport/openssl.hpp"
#include "sip/transport/tls_context.hpp"

#include <cerrno>
#include <cstring>

namespace switchroom::sip {
namespace {

using Next = TlsStream::Step::Next;

/// What a certificate is compared with: a name, or an address.
void expect(SSL* ssl, const TlsPeer& peer) {
  SSL_set_verify(ssl, peer.verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  error_code not_numeric;
  (void)asio::ip::make_address(peer.name, not_numeric);
  X509_VERIFY_PARAM* wanted = SSL_get0_param(ssl);
  if (!not_numeric) {
    X509_VERIFY_PARAM_set1_ip_asc(wanted, peer.name.c_str());
    return;
  }
  X509_VERIFY_PARAM_set_hostflags(wanted, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  X509_VERIFY_PARAM_set1_host(wanted, peer.name.data(), peer.name.size());
  SSL_set_tlsext_host_name(ssl, peer.name.c_str());
}

}  // namespace

void TlsStream::Closer::operator()(ssl_st* stream) const { SSL_free(stream); }

std::unique_ptr<TlsStream> TlsStream::make(ssl_ctx_st* context, int fd) {
  std::unique_ptr<TlsStream> made(new TlsStream);
  made->ssl_.reset(SSL_new(context));
  if (made->ssl_ == nullptr || SSL_set_fd(made->ssl_.get(), fd) != 1) {
    ERR_clear_error();
    return nullptr;
  }
  return made;
}

std::unique_ptr<TlsStream> TlsStream::accept(const TlsContext& context, int fd) {
  auto made = make(context.server(), fd);
  if (made != nullptr) {
    SSL_set_accept_state(made->ssl_.get());
  }
  return made;
}

std::unique_ptr<TlsStream> TlsStream::connect(const TlsContext& context, int fd, const TlsPeer& peer) {
  auto made = make(context.client(), fd);
  if (made != nullptr) {
    SSL_set_connect_state(made->ssl_.get());
    expect(made->ssl_.get(), peer);
  }
  return made;
}

TlsStream::Step TlsStream::outcome(int result) {
  const int system = errno;
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_NONE: return {Next::go_on, static_cast<std::size_t>(result)};
    case SSL_ERROR_WANT_READ: return {Next::wait_to_read, 0};
    case SSL_ERROR_WANT_WRITE: return {Next::wait_to_write, 0};
    case SSL_ERROR_ZERO_RETURN: return {Next::ended, 0};
    case SSL_ERROR_SYSCALL:
      why_ = system == 0 ? "the peer closed the connection" : std::strerror(system);
      return {Next::failed, 0};
    default: break;
  }
  const long verdict = SSL_get_verify_result(ssl_.get());
  why_ = openssl::reason();
  if (verdict != X509_V_OK && why_ == "certificate verify failed") {
    why_ = std::string("its certificate is not accepted: ") + X509_verify_cert_error_string(verdict);
  }
  return {Next::failed, 0};
}

TlsStream::Step TlsStream::handshake() {
  ERR_clear_error();
  errno = 0;
  return outcome(SSL_do_handshake(ssl_.get()));
}

TlsStream::Step TlsStream::read(std::span<char> into) {
  ERR_clear_error();
  errno = 0;
  return outcome(SSL_read(ssl_.get(), into.data(), static_cast<int>(into.size())));
}

TlsStream::Step TlsStream::write(std::span<const char> from) {
  ERR_clear_error();
  errno = 0;
  return outcome(SSL_write(ssl_.get(), from.data(), static_cast<int>(from.size())));
}

void TlsStream::say_goodbye() {
  if (SSL_is_init_finished(ssl_.get()) == 1) {
    (void)SSL_shutdown(ssl_.get());
  }
  ERR_clear_error();
}

std::string TlsStream::protocol() const {
  return std::string(SSL_get_version(ssl_.get())) + " " + SSL_get_cipher_name(ssl_.get());
}

}  // namespace switchroom::sip
