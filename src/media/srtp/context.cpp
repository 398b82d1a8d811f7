#include "media/srtp/context.hpp"

#include "base/log.hpp"
#include "media/rtp/packet.hpp"

#include <srtp2/srtp.h>

#include <algorithm>

namespace switchroom::media {
namespace {

constexpr std::size_t rtcp_header_size = 8;

/// Once in the process: the library checks its ciphers.
bool library_is_ready() {
  static const bool ready = [] {
    const auto status = srtp_init();
    if (status != srtp_err_status_ok) {
      log::line(log::Level::error, log::Subsystem::media, "", "libsrtp does not start: error {}",
                static_cast<int>(status));
    }
    return status == srtp_err_status_ok;
  }();
  return ready;
}

void set_suite(sdp::CryptoSuite suite, srtp_policy_t& policy) {
  using Suite = sdp::CryptoSuite;
  switch (suite) {
    case Suite::aes_cm_128_hmac_sha1_80:
      srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtp);
      srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtcp);
      break;
    case Suite::aes_cm_128_hmac_sha1_32:
      srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32(&policy.rtp);
      srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtcp);  // RFC 4568 6.2: SRTCP keeps 80 bits
      break;
    case Suite::aes_256_cm_hmac_sha1_80:
      srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80(&policy.rtp);
      srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80(&policy.rtcp);
      break;
    case Suite::aead_aes_128_gcm:
      srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtp);
      srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtcp);
      break;
    case Suite::aead_aes_256_gcm:
      srtp_crypto_policy_set_aes_gcm_256_16_auth(&policy.rtp);
      srtp_crypto_policy_set_aes_gcm_256_16_auth(&policy.rtcp);
      break;
  }
}

/// `key` is copied and expanded by the library. Its C interface wants pointers that it does not write to.
srtp_detail::Context make_context(sdp::SrtpKey key, srtp_ssrc_type_t direction) {
  if (!library_is_ready()) {
    return nullptr;
  }
  srtp_policy_t policy{};
  set_suite(key.suite, policy);
  policy.ssrc.type = direction;
  policy.window_size = SrtpReceiver::window;
  policy.allow_repeat_tx = 0;  // the same number with other bytes would give both away
  std::array<std::uint8_t, sizeof(key.mki) + 12> mki{};  // as long as an MKI may be
  for (unsigned i = 0; i < key.mki_size && i < sizeof(key.mki); ++i) {
    mki.at(key.mki_size - 1U - i) = static_cast<std::uint8_t>(key.mki >> (8U * i));
  }
  srtp_master_key_t master{key.bytes.data(), mki.data(), key.mki_size};
  srtp_master_key_t* masters = &master;
  policy.keys = &masters;
  policy.num_master_keys = 1;
  srtp_t context = nullptr;
  const auto status = srtp_create(&context, &policy);
  if (status != srtp_err_status_ok) {
    log::line(log::Level::error, log::Subsystem::media, "", "libsrtp cannot use a key of {}: error {}",
              sdp::name(key.suite), static_cast<int>(status));
    return nullptr;
  }
  return srtp_detail::Context(context);
}

using Protect = srtp_err_status_t (*)(srtp_t, void*, int*);

std::optional<std::size_t> protect_with(Protect protect, srtp_ctx_t_* context, std::span<std::uint8_t> buffer,
                                        std::size_t size) {
  if (size + srtp_trailer > buffer.size()) {
    return std::nullopt;
  }
  int length = static_cast<int>(size);
  if (protect(context, buffer.data(), &length) != srtp_err_status_ok) {
    return std::nullopt;
  }
  return static_cast<std::size_t>(length);
}

using Unprotect = srtp_err_status_t (*)(srtp_t, void*, int*, unsigned int);

SrtpReceiver::Opened unprotect_with(Unprotect unprotect, srtp_ctx_t_* context,
                                    std::span<std::uint8_t> datagram, bool mki) {
  using Verdict = SrtpReceiver::Verdict;
  int length = static_cast<int>(datagram.size());
  switch (unprotect(context, datagram.data(), &length, mki ? 1U : 0U)) {
    case srtp_err_status_ok: return {Verdict::genuine, static_cast<std::size_t>(length)};
    case srtp_err_status_replay_fail:
    case srtp_err_status_replay_old: return {Verdict::replayed, 0};
    default: return {Verdict::forged, 0};
  }
}

}  // namespace

void srtp_detail::Closer::operator()(srtp_ctx_t_* context) const { (void)srtp_dealloc(context); }

std::unique_ptr<SrtpSender> SrtpSender::make(const sdp::SrtpKey& key) {
  std::unique_ptr<SrtpSender> made(new SrtpSender(key));
  made->context_ = make_context(key, ssrc_any_outbound);
  return made->context_ == nullptr ? nullptr : std::move(made);
}

std::optional<std::size_t> SrtpSender::protect(std::span<std::uint8_t> buffer, std::size_t size) {
  return protect_with(srtp_protect, context_.get(), buffer, size);
}

std::optional<std::size_t> SrtpSender::protect_rtcp(std::span<std::uint8_t> buffer, std::size_t size) {
  return protect_with(srtp_protect_rtcp, context_.get(), buffer, size);
}

std::unique_ptr<SrtpReceiver> SrtpReceiver::make(const sdp::SrtpKey& key) {
  std::unique_ptr<SrtpReceiver> made(new SrtpReceiver(key));
  made->context_ = make_context(key, ssrc_any_inbound);
  return made->context_ == nullptr ? nullptr : std::move(made);
}

bool SrtpReceiver::may_open(std::uint32_t ssrc) const {
  return (known_ > 0 && ssrc == last_ssrc_) || known_ < most_ssrcs ||
         std::ranges::find(ssrcs_, ssrc) != ssrcs_.end();
}

void SrtpReceiver::note(std::uint32_t ssrc) {
  if (known_ > 0 && ssrc == last_ssrc_) {
    return;
  }
  last_ssrc_ = ssrc;
  const auto known = std::span(ssrcs_).first(known_);
  if (std::ranges::find(known, ssrc) == known.end() && known_ < most_ssrcs) {
    ssrcs_.at(known_++) = ssrc;
  }
}

SrtpReceiver::Opened SrtpReceiver::unprotect(std::span<std::uint8_t> datagram) {
  if (datagram.size() < rtp_header_size) {
    return {};
  }
  const std::uint32_t ssrc = load32(datagram.data() + 8);
  if (!may_open(ssrc)) {
    return {};
  }
  const Opened opened = unprotect_with(srtp_unprotect_mki, context_.get(), datagram, key_.mki_size > 0);
  if (opened.verdict == Verdict::genuine) {
    note(ssrc);
  }
  return opened;
}

SrtpReceiver::Opened SrtpReceiver::unprotect_rtcp(std::span<std::uint8_t> datagram) {
  if (datagram.size() < rtcp_header_size) {
    return {};
  }
  const std::uint32_t ssrc = load32(datagram.data() + 4);
  if (!may_open(ssrc)) {
    return {};
  }
  const Opened opened = unprotect_with(srtp_unprotect_rtcp_mki, context_.get(), datagram, key_.mki_size > 0);
  if (opened.verdict == Verdict::genuine) {
    note(ssrc);
  }
  return opened;
}

}  // namespace switchroom::media
