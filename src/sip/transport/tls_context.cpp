#include "sip/transport/tls_context.hpp"

#include "sip/transport/openssl.hpp"

namespace switchroom::sip {
namespace {

using namespace openssl;

/// Ours first, then whoever vouches for it: a peer that knows the root alone needs those between.
base::result<void> use_certificate(SSL_CTX* context, const std::string& pem) {
  const Bio bio = reader(pem);
  const Certificate own(PEM_read_bio_X509(bio.get(), nullptr, no_password, nullptr));
  if (!own || SSL_CTX_use_certificate(context, own.get()) != 1) {
    return base::Error{"the certificate cannot be used: " + reason()};
  }
  while (X509* next = PEM_read_bio_X509(bio.get(), nullptr, no_password, nullptr)) {
    if (SSL_CTX_add0_chain_cert(context, next) != 1) {
      X509_free(next);
      return base::Error{"a certificate of the chain cannot be used: " + reason()};
    }
  }
  ERR_clear_error();  // the end of the text is an error to the reader
  return {};
}

base::result<void> use_key(SSL_CTX* context, const std::string& pem) {
  const Key key(PEM_read_bio_PrivateKey(reader(pem).get(), nullptr, no_password, nullptr));
  if (!key) {
    return base::Error{"the key cannot be read (locked by a password, or no PEM): " + reason()};
  }
  if (SSL_CTX_use_PrivateKey(context, key.get()) != 1) {
    return base::Error{"the key does not belong to the certificate: " + reason()};
  }
  return {};
}

base::result<void> use_authorities(SSL_CTX* context, const std::string& pem, bool name_them) {
  if (pem.empty()) {
    return {};
  }
  const Bio bio = reader(pem);
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  int count = 0;
  while (const Certificate one{PEM_read_bio_X509(bio.get(), nullptr, no_password, nullptr)}) {
    count += X509_STORE_add_cert(store, one.get());
    if (name_them) {
      SSL_CTX_add_client_CA(context, one.get());
    }
  }
  ERR_clear_error();
  return count > 0 ? base::result<void>() : base::Error{"there is no certificate in ca_file"};
}

void set_common(SSL_CTX* context, const TlsSettings& settings) {
  SSL_CTX_set_min_proto_version(context, settings.only_13 ? TLS1_3_VERSION : TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                   SSL_OP_IGNORE_UNEXPECTED_EOF);  // SIP tells itself where a message ends
  // A connection that is idle, as most are, holds no buffers.
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                SSL_MODE_RELEASE_BUFFERS | SSL_MODE_AUTO_RETRY);
}

base::result<void> set_server(SSL_CTX* context, const TlsSettings& settings) {
  using Clients = TlsSettings::Clients;
  SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  if (auto used = use_certificate(context, settings.certificate); !used) {
    return used;
  }
  if (auto used = use_key(context, settings.key); !used) {
    return used;
  }
  // Sessions are resumed by tickets; the table that would grow with each phone is not needed.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  static constexpr unsigned char scope[] = "switchroom";
  SSL_CTX_set_session_id_context(context, scope, sizeof scope - 1);
  if (settings.clients == Clients::not_asked) {
    return {};
  }
  const bool required = settings.clients == Clients::required;
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | (required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0), nullptr);
  return use_authorities(context, settings.authorities, true);
}

base::result<void> set_client(SSL_CTX* context, const TlsSettings& settings) {
  if (!settings.certificate.empty()) {  // shown to a carrier that asks for it
    if (auto used = use_certificate(context, settings.certificate); !used) {
      return used;
    }
    if (auto used = use_key(context, settings.key); !used) {
      return used;
    }
  }
  return use_authorities(context, settings.authorities, false);
}

}  // namespace

void TlsContext::Closer::operator()(ssl_ctx_st* context) const { SSL_CTX_free(context); }

base::result<std::shared_ptr<TlsContext>> TlsContext::make(const TlsSettings& settings) {
  auto made = std::make_shared<TlsContext>();
  made->verifies_ = settings.verify;
  made->client_.reset(SSL_CTX_new(TLS_client_method()));
  if (!settings.certificate.empty()) {
    made->server_.reset(SSL_CTX_new(TLS_server_method()));
  }
  if (!made->client_ || (!made->server_ && !settings.certificate.empty())) {
    return base::Error{"OpenSSL gives no context: " + reason()};
  }
  set_common(made->client(), settings);
  if (made->server_) {
    set_common(made->server(), settings);
    if (auto set = set_server(made->server(), settings); !set) {
      return set.error();
    }
  }
  if (auto set = set_client(made->client(), settings); !set) {
    return set.error();
  }
  return made;
}

}  // namespace switchroom::sip
