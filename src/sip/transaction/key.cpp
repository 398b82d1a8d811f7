#include "sip/transaction/key.hpp"

#include "base/random.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>

namespace switchroom::sip {
namespace {

constexpr std::string_view magic_cookie = "z9hG4bK";

/// SipHash-2-4 with a 128-bit result (Aumasson and Bernstein), for keys that strangers choose.
class SipHash {
 public:
  explicit SipHash(const std::array<std::uint64_t, 2>& key)
      : v0_(0x736f6d6570736575U ^ key[0]),
        v1_(0x646f72616e646f6dU ^ key[1] ^ 0xeeU),
        v2_(0x6c7967656e657261U ^ key[0]),
        v3_(0x7465646279746573U ^ key[1]) {}

  TransactionKey operator()(std::string_view bytes) {
    const std::size_t whole = bytes.size() / 8 * 8;
    for (std::size_t at = 0; at < whole; at += 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, bytes.data() + at, 8);
      absorb(word);
    }
    std::uint64_t last = 0;
    std::memcpy(&last, bytes.data() + whole, bytes.size() - whole);
    absorb(last | static_cast<std::uint64_t>(bytes.size()) << 56U);
    v2_ ^= 0xeeU;
    const std::uint64_t high = squeeze();
    v1_ ^= 0xddU;
    return {high, squeeze()};
  }

 private:
  void round() {
    v0_ += v1_;
    v2_ += v3_;
    v1_ = std::rotl(v1_, 13) ^ v0_;
    v3_ = std::rotl(v3_, 16) ^ v2_;
    v0_ = std::rotl(v0_, 32);
    v2_ += v1_;
    v0_ += v3_;
    v1_ = std::rotl(v1_, 17) ^ v2_;
    v3_ = std::rotl(v3_, 21) ^ v0_;
    v2_ = std::rotl(v2_, 32);
  }
  void absorb(std::uint64_t word) {
    v3_ ^= word;
    round();
    round();
    v0_ ^= word;
  }
  std::uint64_t squeeze() {
    for (int i = 0; i < 4; ++i) {
      round();
    }
    return v0_ ^ v1_ ^ v2_ ^ v3_;
  }

  std::uint64_t v0_, v1_, v2_, v3_;
};

/// A number's digits as a value, without a string.
struct Digits {
  std::array<char, 10> text{};
  std::size_t size = 0;
  explicit Digits(std::uint32_t number) {
    size = static_cast<std::size_t>(std::to_chars(text.data(), text.data() + text.size(), number).ptr -
                                    text.data());
  }
  [[nodiscard]] std::string_view view() const { return {text.data(), size}; }
};

// "host" and "host:5060" are one sent-by to every peer that was seen; 18.2.2 reads them alike.
std::uint32_t port_of(const Via& via) { return via.port == 0 ? 5060U : via.port; }

}  // namespace

std::string_view method_text(Method method, std::string_view token) {
  return method == Method::other ? token : name(method);
}

KeyMaker::KeyMaker() : secret_{base::random_u64(), base::random_u64()} {}

TransactionKey KeyMaker::digest(std::initializer_list<std::string_view> parts) {
  scratch_.clear();
  for (const auto part : parts) {
    const auto size = static_cast<std::uint32_t>(part.size());
    std::array<char, sizeof size> prefix{};  // lengths, so that no two lists of parts run together alike
    std::memcpy(prefix.data(), &size, sizeof size);
    scratch_.append(prefix.data(), prefix.size()).append(part);
  }
  return SipHash(secret_)(scratch_);
}

TransactionKey KeyMaker::of_request(const Message& request, std::string_view method) {
  const Via& top = request.via.front();
  const Digits port(port_of(top));
  std::string host = top.host;
  std::transform(host.begin(), host.end(), host.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  // A branch that is nothing but the cookie names no transaction (RFC 4475 3.2.1).
  if (top.branch.starts_with(magic_cookie) && top.branch.size() > magic_cookie.size()) {
    return digest({"s", top.branch, host, port.view(), method});
  }
  const Digits number(request.cseq.number);
  return digest({"2543", request.request_uri.text(), request.from.tag(), request.call_id, number.view(),
                 top.branch, host, port.view(), method});
}

TransactionKey KeyMaker::of_client(const Via& top, std::string_view cseq_method) {
  const Digits port(port_of(top));
  return digest({"c", top.branch, top.host, port.view(), cseq_method});
}

TransactionKey KeyMaker::of_origin(const Message& request) {
  const Digits number(request.cseq.number);
  return digest({"m", request.from.tag(), request.call_id, number.view(),
                 method_text(request.method, request.method_token)});
}

}  // namespace switchroom::sip
