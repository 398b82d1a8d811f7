#include "sip/transport/tls_certificate.hpp"

#include "base/asio.hpp"
#include "base/random.hpp"
#include "sip/transport/openssl.hpp"

#include <fmt/core.h>
#include <openssl/rsa.h>

#include <ctime>

namespace switchroom::sip {
namespace {

using namespace openssl;

constexpr int rsa_bits = 2048;
constexpr long one_day = 24L * 3600;

std::int64_t seconds(const ASN1_TIME* time) {
  std::tm broken{};
  return ASN1_TIME_to_tm(time, &broken) == 1 ? static_cast<std::int64_t>(::timegm(&broken)) : 0;
}

std::string text_of(const X509_NAME* name) {
  const Bio out(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB);
  char* data = nullptr;
  const long size = BIO_get_mem_data(out.get(), &data);
  return {data, static_cast<std::size_t>(std::max(0L, size))};
}

std::vector<std::string> alternatives(X509* certificate) {
  std::vector<std::string> names;
  using Names = std::unique_ptr<GENERAL_NAMES, Freer<GENERAL_NAMES_free>>;
  const Names all(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; all != nullptr && i < sk_GENERAL_NAME_num(all.get()); ++i) {
    const GENERAL_NAME* one = sk_GENERAL_NAME_value(all.get(), i);
    if (one->type == GEN_DNS) {
      names.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(one->d.dNSName)),
                         static_cast<std::size_t>(ASN1_STRING_length(one->d.dNSName)));
    } else if (one->type == GEN_IPADD) {
      const unsigned char* bytes = ASN1_STRING_get0_data(one->d.iPAddress);
      if (ASN1_STRING_length(one->d.iPAddress) == 4) {
        names.push_back(fmt::format("{}.{}.{}.{}", bytes[0], bytes[1], bytes[2], bytes[3]));
      } else if (ASN1_STRING_length(one->d.iPAddress) == 16) {
        asio::ip::address_v6::bytes_type whole;
        std::copy(bytes, bytes + whole.size(), whole.begin());
        names.push_back(asio::ip::address_v6(whole).to_string());
      }
    }
  }
  return names;
}

std::string fingerprint(const X509* certificate) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  X509_digest(certificate, EVP_sha256(), digest.data(), &size);
  std::string text;
  for (unsigned i = 0; i < size; ++i) {
    text += fmt::format("{}{:02X}", i == 0 ? "" : ":", digest.at(i));
  }
  return text;
}

void add_extension(X509* certificate, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  using Extension = std::unique_ptr<X509_EXTENSION, Freer<X509_EXTENSION_free>>;
  const Extension made(X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
  if (made != nullptr) {
    X509_add_ext(certificate, made.get(), -1);
  }
}

void fill_in(X509* certificate, const std::string& host, unsigned days) {
  X509_set_version(certificate, X509_VERSION_3);
  // 20.5 bytes at most, positive (RFC 5280 4.1.2.2); random, so that no two of ours are alike.
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), base::random_u64() >> 1U);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -one_day);  // phones whose clocks are late
  X509_gmtime_adj(X509_getm_notAfter(certificate), one_day * static_cast<long>(days));
  X509_NAME* name = X509_get_subject_name(certificate);
  const std::string short_host = host.substr(0, 64);  // the longest CN
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(short_host.c_str()), -1, -1, 0);
  X509_set_issuer_name(certificate, name);
  error_code not_numeric;
  (void)asio::ip::make_address(host, not_numeric);
  add_extension(certificate, NID_subject_alt_name, (not_numeric ? "DNS:" : "IP:") + host);
  // Its own authority: the file can be given to phones as the one that they believe.
  add_extension(certificate, NID_basic_constraints, "critical,CA:TRUE");
  add_extension(certificate, NID_key_usage, "critical,digitalSignature,keyEncipherment,keyCertSign");
  add_extension(certificate, NID_ext_key_usage, "serverAuth,clientAuth");
  add_extension(certificate, NID_subject_key_identifier, "hash");
}

std::string pem(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(std::max(0L, size))};
}

}  // namespace

base::result<CertificateFacts> certificate_facts(const std::string& text) {
  const Certificate certificate(PEM_read_bio_X509(reader(text).get(), nullptr, no_password, nullptr));
  if (certificate == nullptr) {
    return base::Error{"no certificate can be read (PEM): " + reason()};
  }
  CertificateFacts facts;
  facts.subject = text_of(X509_get_subject_name(certificate.get()));
  facts.names = alternatives(certificate.get());
  facts.not_before = seconds(X509_get0_notBefore(certificate.get()));
  facts.not_after = seconds(X509_get0_notAfter(certificate.get()));
  facts.self_signed =
      X509_NAME_cmp(X509_get_subject_name(certificate.get()), X509_get_issuer_name(certificate.get())) == 0;
  facts.fingerprint = fingerprint(certificate.get());
  return facts;
}

base::result<MadeCertificate> make_certificate(const std::string& host, unsigned days) {
  const Key key(EVP_RSA_gen(rsa_bits));
  const Certificate certificate(X509_new());
  if (key == nullptr || certificate == nullptr) {
    return base::Error{"no key can be made: " + reason()};
  }
  fill_in(certificate.get(), host, days);
  X509_set_pubkey(certificate.get(), key.get());
  const Bio certificate_text(BIO_new(BIO_s_mem()));
  const Bio key_text(BIO_new(BIO_s_mem()));
  if (X509_sign(certificate.get(), key.get(), EVP_sha256()) == 0 ||
      PEM_write_bio_X509(certificate_text.get(), certificate.get()) != 1 ||
      PEM_write_bio_PrivateKey(key_text.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return base::Error{"no certificate can be made: " + reason()};
  }
  return MadeCertificate{pem(certificate_text.get()), pem(key_text.get())};
}

}  // namespace switchroom::sip
