// Reads, prints and answers whatever comes: printing and reading again must give the same, and an
// answer must be one that the offerer can read.
#include "sdp/negotiate.hpp"

#include <cstdlib>

using namespace switchroom;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

sdp::LocalStream here() {
  sdp::LocalStream local;
  local.rtp = {asio::ip::make_address("192.0.2.1"), 16384};
  local.rtcp_port = 16385;
  local.codecs = {sdp::CodecId::opus, sdp::CodecId::g722, sdp::CodecId::pcmu, sdp::CodecId::pcma};
  local.encryption = sdp::Encryption::optional;
  local.suites = {sdp::CryptoSuite::aes_cm_128_hmac_sha1_80, sdp::CryptoSuite::aes_cm_128_hmac_sha1_32,
                  sdp::CryptoSuite::aes_256_cm_hmac_sha1_80, sdp::CryptoSuite::aead_aes_128_gcm,
                  sdp::CryptoSuite::aead_aes_256_gcm};
  local.dtls = sdp::LocalDtls{{sdp::HashFunction::sha256, std::vector<std::uint8_t>(32, 7)}, {}};
  return local;
}

void check_answering(const sdp::SessionDescription& offer) {
  sdp::LocalState state;
  auto answered = sdp::answer_offer(offer, here(), state);
  if (!answered) return;
  require(answered->answer.media.size() == offer.media.size());
  require(!answered->plan.codecs.empty());
  const auto text = sdp::print(answered->answer);
  if (text.size() <= (64U << 10U)) require(sdp::parse(text).has_value());
  // The next offer in the same dialog keeps every stream in its place, and somebody like us can take it.
  state.crypto.agree(answered->plan);
  const auto again = sdp::make_offer(here(), state);
  require(again.media.size() == offer.media.size());
  sdp::LocalState other;
  const auto taken = sdp::answer_offer(again, here(), other);
  require(taken.has_value() && sdp::accept_answer(again, taken->answer).has_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto parsed = sdp::parse({reinterpret_cast<const char*>(data), size});
  if (!parsed) return 0;
  const auto text = sdp::print(*parsed);
  if (text.size() <= (64U << 10U)) {
    const auto again = sdp::parse(text);
    require(again.has_value() && *again == *parsed && sdp::print(*again) == text);
  }
  check_answering(*parsed);
  sdp::LocalState state;
  (void)sdp::accept_answer(sdp::make_offer(here(), state), *parsed);
  (void)sdp::common_codecs(*parsed, here());
  return 0;
}
