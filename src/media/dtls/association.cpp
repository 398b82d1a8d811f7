#include "media/dtls/association.hpp"

#include "base/random.hpp"

#include <fmt/core.h>
#include <openssl/hmac.h>
#include <openssl/srtp.h>
#include <sys/time.h>

#include <algorithm>
#include <utility>

namespace switchroom::media {
namespace {

using namespace base::openssl;

constexpr long mtu = 1200;                // bytes of a datagram; any network passes that
constexpr unsigned first_wait = 200'000;  // µs; RFC 6347 4.2.4.1 allows less than a second where sound waits
constexpr unsigned longest_wait = 1'000'000;  // µs; a peer that listens late shall not wait long
constexpr int largest_rsa = 8192;             // bits; what checking a signature may cost

struct Profile {
  sdp::CryptoSuite suite;
  const char* name;
  unsigned long number;
  std::size_t key;
  std::size_t salt;
};
constexpr std::array<Profile, 4> profiles{{
    {sdp::CryptoSuite::aes_cm_128_hmac_sha1_80, "SRTP_AES128_CM_SHA1_80", SRTP_AES128_CM_SHA1_80, 16, 14},
    {sdp::CryptoSuite::aes_cm_128_hmac_sha1_32, "SRTP_AES128_CM_SHA1_32", SRTP_AES128_CM_SHA1_32, 16, 14},
    {sdp::CryptoSuite::aead_aes_128_gcm, "SRTP_AEAD_AES_128_GCM", SRTP_AEAD_AES_128_GCM, 16, 12},
    {sdp::CryptoSuite::aead_aes_256_gcm, "SRTP_AEAD_AES_256_GCM", SRTP_AEAD_AES_256_GCM, 32, 12},
}};

std::string profile_list(const std::vector<sdp::CryptoSuite>& suites) {
  std::string list;
  for (const auto suite : suites) {
    const auto* profile = std::ranges::find(profiles, suite, &Profile::suite);
    if (profile != profiles.end()) {
      list += list.empty() ? "" : ":";
      list += profile->name;
    }
  }
  return list;
}

const EVP_MD* digest_of(sdp::HashFunction hash) {
  switch (hash) {
    case sdp::HashFunction::sha1: return EVP_sha1();
    case sdp::HashFunction::sha224: return EVP_sha224();
    case sdp::HashFunction::sha256: return EVP_sha256();
    case sdp::HashFunction::sha384: return EVP_sha384();
    case sdp::HashFunction::sha512: break;
  }
  return EVP_sha512();
}

}  // namespace

struct DtlsAssociation::Calls {
  static DtlsAssociation& of(const SSL* ssl) { return *static_cast<DtlsAssociation*>(SSL_get_app_data(ssl)); }
  static DtlsAssociation& of(BIO* bio) { return *static_cast<DtlsAssociation*>(BIO_get_data(bio)); }

  // -- one datagram in, one datagram out: a memory BIO would run them together --
  static int read(BIO* bio, char* into, int size) {
    auto& input = of(bio).input_;
    BIO_clear_retry_flags(bio);
    if (input.empty()) {
      BIO_set_retry_read(bio);
      return -1;
    }
    const auto taken = input.first(std::min(input.size(), static_cast<std::size_t>(size)));
    input = {};  // what does not fit is no datagram of anybody's who means it
    std::ranges::copy(taken, reinterpret_cast<std::uint8_t*>(into));
    return static_cast<int>(taken.size());
  }
  static int write(BIO* bio, const char* from, int size) {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(from);
    of(bio).output_.emplace_back(bytes, bytes + size);
    return size;
  }
  static long control(BIO* /*bio*/, int command, long /*number*/, void* /*pointer*/) {
    switch (command) {
      case BIO_CTRL_FLUSH: return 1;
      case BIO_CTRL_DGRAM_QUERY_MTU:
      case BIO_CTRL_DGRAM_GET_FALLBACK_MTU: return mtu;
      default: return 0;
    }
  }
  static BIO* bio_for(DtlsAssociation& association) {
    static const std::unique_ptr<BIO_METHOD, Freer<BIO_meth_free>> method = [] {
      BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "datagrams");
      BIO_meth_set_read(made, read);
      BIO_meth_set_write(made, write);
      BIO_meth_set_ctrl(made, control);
      return std::unique_ptr<BIO_METHOD, Freer<BIO_meth_free>>(made);
    }();
    BIO* bio = BIO_new(method.get());
    if (bio != nullptr) {
      BIO_set_data(bio, &association);
      BIO_set_init(bio, 1);
    }
    return bio;
  }

  // -- what OpenSSL asks --
  static unsigned wait(SSL* /*ssl*/, unsigned last) {
    return last == 0 ? first_wait : std::min(2 * last, longest_wait);
  }
  static std::array<std::uint8_t, 32> cookie_of(const DtlsAssociation& association) {
    std::vector<std::uint8_t> subject(association.salt_.begin(), association.salt_.end());
    subject.insert(subject.end(), association.source_.begin(), association.source_.end());
    std::array<std::uint8_t, 32> cookie{};
    unsigned size = 0;
    const auto& secret = association.identity_.secret();
    HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), subject.data(), subject.size(),
         cookie.data(), &size);
    return cookie;
  }
  static int make_cookie(SSL* ssl, unsigned char* out, unsigned* size) {
    const auto cookie = cookie_of(of(ssl));
    std::ranges::copy(cookie, out);
    *size = static_cast<unsigned>(cookie.size());
    return 1;
  }
  static int check_cookie(SSL* ssl, const unsigned char* cookie, unsigned size) {
    const auto own = cookie_of(of(ssl));
    if (size != own.size() || CRYPTO_memcmp(cookie, own.data(), size) != 0) {
      return 0;
    }
    of(ssl).state_ = State::shaking;
    return 1;
  }
  /// Instead of looking for somebody who vouches for it.
  static int check_certificate(X509_STORE_CTX* context, void* /*none*/) {
    const auto* ssl =
        static_cast<const SSL*>(X509_STORE_CTX_get_ex_data(context, SSL_get_ex_data_X509_STORE_CTX_idx()));
    DtlsAssociation& association = of(ssl);
    if (association.fits(X509_STORE_CTX_get0_cert(context))) {
      return 1;
    }
    association.mistaken_ = true;
    X509_STORE_CTX_set_error(context, X509_V_ERR_CERT_REJECTED);
    return 0;
  }
};

void DtlsAssociation::prepare(SSL_CTX* context) {
  SSL_CTX_set_cookie_generate_cb(context, Calls::make_cookie);
  SSL_CTX_set_cookie_verify_cb(context, Calls::check_cookie);
  SSL_CTX_set_cert_verify_callback(context, Calls::check_certificate, nullptr);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
}

std::unique_ptr<DtlsAssociation> DtlsAssociation::make(const DtlsIdentity& identity, const DtlsTerms& terms) {
  std::unique_ptr<DtlsAssociation> made(new DtlsAssociation(identity, terms));
  return made->set_up() ? std::move(made) : nullptr;
}

DtlsAssociation::~DtlsAssociation() = default;

bool DtlsAssociation::set_up() {
  base::random_bytes(std::as_writable_bytes(std::span(salt_)));
  ssl_.reset(SSL_new(identity_.context()));
  BIO* const bio = ssl_ == nullptr ? nullptr : Calls::bio_for(*this);
  if (bio == nullptr) {
    ERR_clear_error();
    return false;
  }
  SSL* const ssl = ssl_.get();
  SSL_set_bio(ssl, bio, bio);
  SSL_set_app_data(ssl, this);
  SSL_set_mtu(ssl, mtu);
  DTLS_set_timer_cb(ssl, Calls::wait);
  // The one function of OpenSSL's that returns 0 for success.
  const bool named = SSL_set_tlsext_use_srtp(ssl, profile_list(terms_.suites).c_str()) == 0;
  terms_.active ? SSL_set_connect_state(ssl) : SSL_set_accept_state(ssl);
  ERR_clear_error();
  return named;
}

void DtlsAssociation::begin() {
  if (terms_.active) {
    go_on();
  }
}

void DtlsAssociation::receive(std::span<const std::uint8_t> datagram, std::span<const std::uint8_t> source) {
  if (failed()) {
    return;
  }
  input_ = datagram;
  source_ = source;
  if (state_ == State::secured) {
    std::array<std::uint8_t, 64> nothing;  // application data has no meaning here
    for (int tries = 0; tries < 64 && SSL_read(ssl_.get(), nothing.data(), nothing.size()) > 0; ++tries) {
    }
    ERR_clear_error();
  } else {
    go_on();
  }
  input_ = source_ = {};
}

std::optional<base::Duration> DtlsAssociation::patience() const {
  timeval left{};
  if (state_ >= State::secured || DTLSv1_get_timeout(ssl_.get(), &left) != 1) {
    return std::nullopt;
  }
  return std::chrono::seconds(left.tv_sec) + std::chrono::microseconds(left.tv_usec);
}

void DtlsAssociation::on_time() {
  if (state_ >= State::secured) {
    return;
  }
  ERR_clear_error();
  if (DTLSv1_handle_timeout(ssl_.get()) < 0) {
    fail(State::broken, "it did not answer");
  }
  ERR_clear_error();
}

std::vector<std::vector<std::uint8_t>> DtlsAssociation::take_output() { return std::exchange(output_, {}); }

void DtlsAssociation::go_on() {
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  if (result == 1) {
    finish();
    return;
  }
  const int error = SSL_get_error(ssl_.get(), result);
  if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
    ERR_clear_error();
    return;
  }
  if (mistaken_) {
    fail(State::mistaken, "its certificate is not the one whose fingerprint the signalling named");
  } else {
    fail(State::broken, "the handshake failed: " + reason());
  }
}

void DtlsAssociation::fail(State state, std::string why) {
  state_ = state;
  why_ = std::move(why);
  ERR_clear_error();
}

/// RFC 5764 4.2: one exporter gives all keys, the client's before the server's, the salts after the keys.
void DtlsAssociation::finish() {
  const SRTP_PROTECTION_PROFILE* const selected = SSL_get_selected_srtp_profile(ssl_.get());
  const auto* profile =
      selected == nullptr ? profiles.end() : std::ranges::find(profiles, selected->id, &Profile::number);
  if (profile == profiles.end()) {
    SSL_shutdown(ssl_.get());
    fail(State::unsuitable, "it shares no SRTP profile of srtp_suites");
    return;
  }
  const Certificate certificate(SSL_get1_peer_certificate(ssl_.get()));
  if (certificate == nullptr || !fits(certificate.get())) {  // it was asked before, too
    fail(State::mistaken, "it showed no certificate");
    return;
  }
  static constexpr std::string_view label = "EXTRACTOR-dtls_srtp";
  std::array<std::uint8_t, 92> material{};  // twice a key of 32 and a salt of 14
  const std::size_t size = std::size_t{2} * (profile->key + profile->salt);
  if (SSL_export_keying_material(ssl_.get(), material.data(), size, label.data(), label.size(), nullptr, 0,
                                 0) != 1) {
    fail(State::broken, "no keys could be derived: " + reason());
    return;
  }
  const auto read_key = [&](std::size_t side) {
    sdp::SrtpKey key;
    key.suite = profile->suite;
    const auto all = std::span<const std::uint8_t>(material);
    std::ranges::copy(all.subspan(side * profile->key, profile->key), key.bytes.begin());
    std::ranges::copy(all.subspan(2 * profile->key + side * profile->salt, profile->salt),
                      key.bytes.begin() + static_cast<std::ptrdiff_t>(profile->key));
    return key;
  };
  keys_ = {read_key(terms_.active ? 0 : 1), read_key(terms_.active ? 1 : 0)};
  OPENSSL_cleanse(material.data(), material.size());
  state_ = State::secured;
  why_ = fmt::format("{} by {}", sdp::name(profile->suite), SSL_get_cipher_name(ssl_.get()));
}

bool DtlsAssociation::fits(X509* certificate) const {
  EVP_PKEY* const key = certificate == nullptr ? nullptr : X509_get0_pubkey(certificate);
  if (key == nullptr || (EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA && EVP_PKEY_get_bits(key) > largest_rsa)) {
    return false;
  }
  return std::ranges::any_of(terms_.peer, [&](const sdp::Fingerprint& fingerprint) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    return X509_digest(certificate, digest_of(fingerprint.hash), digest.data(), &size) == 1 &&
           size == fingerprint.bytes.size() &&
           CRYPTO_memcmp(digest.data(), fingerprint.bytes.data(), size) == 0;
  });
}

}  // namespace switchroom::media
