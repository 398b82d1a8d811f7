#include "media/dtls/identity.hpp"

#include "base/random.hpp"
#include "media/dtls/association.hpp"

namespace switchroom::media {
namespace {

using namespace base::openssl;

constexpr long one_day = 24L * 3600;

/// RFC 8827 6.5 wants the first; the others are for peers that show an RSA certificate or lack GCM.
constexpr const char* ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AES";
/// None whose arithmetic a peer could make us pay dearly for.
constexpr const char* groups = "X25519:P-256:P-384";
constexpr long largest_certificates = 16384;  // bytes that a peer may send us

Certificate self_signed(EVP_PKEY* key) {
  Certificate certificate(X509_new());
  X509* const x = certificate.get();
  if (x == nullptr) {
    return nullptr;
  }
  X509_set_version(x, X509_VERSION_3);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(x), base::random_u64() >> 1U);
  X509_gmtime_adj(X509_getm_notBefore(x), -one_day);
  X509_gmtime_adj(X509_getm_notAfter(x), 365 * one_day);
  // A name that tells nothing: the fingerprint is what counts.
  X509_NAME* name = X509_get_subject_name(x);
  static constexpr unsigned char common[] = "dtls";
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, common, -1, -1, 0);
  X509_set_issuer_name(x, name);
  X509_set_pubkey(x, key);
  return X509_sign(x, key, EVP_sha256()) != 0 ? std::move(certificate) : nullptr;
}

bool set_up(SSL_CTX* context, X509* certificate, EVP_PKEY* key) {
  // RFC 8996: 1.0 is no longer spoken. 1.3 OpenSSL does not have.
  const bool done =
      SSL_CTX_set_min_proto_version(context, DTLS1_2_VERSION) == 1 &&
      SSL_CTX_set_max_proto_version(context, DTLS1_2_VERSION) == 1 &&
      SSL_CTX_use_certificate(context, certificate) == 1 && SSL_CTX_use_PrivateKey(context, key) == 1 &&
      SSL_CTX_set_cipher_list(context, ciphers) == 1 && SSL_CTX_set1_groups_list(context, groups) == 1;
  SSL_CTX_set_options(context, SSL_OP_NO_QUERY_MTU | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                   SSL_OP_NO_TICKET | SSL_OP_COOKIE_EXCHANGE);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_max_cert_list(context, largest_certificates);
  SSL_CTX_set_read_ahead(context, 1);  // whole datagrams
  DtlsAssociation::prepare(context);
  return done;
}

}  // namespace

base::result<std::unique_ptr<const DtlsIdentity>> DtlsIdentity::make() {
  std::unique_ptr<DtlsIdentity> made(new DtlsIdentity);
  const Key key(EVP_EC_gen("P-256"));
  const Certificate certificate = key == nullptr ? nullptr : self_signed(key.get());
  made->context_.reset(SSL_CTX_new(DTLS_method()));
  if (certificate == nullptr || made->context_ == nullptr ||
      !set_up(made->context_.get(), certificate.get(), key.get())) {
    return base::Error{"no certificate for DTLS can be made: " + reason()};
  }
  made->fingerprint_.bytes.resize(EVP_MAX_MD_SIZE);
  unsigned size = 0;
  X509_digest(certificate.get(), EVP_sha256(), made->fingerprint_.bytes.data(), &size);
  made->fingerprint_.bytes.resize(size);
  base::random_bytes(std::as_writable_bytes(std::span(made->secret_)));
  return std::unique_ptr<const DtlsIdentity>(std::move(made));
}

}  // namespace switchroom::media
