#include "media/quality.hpp"

#include <algorithm>

namespace switchroom::media {
namespace {

constexpr double basic = 93.2;  // Ro - Is with G.107's default values

/// Equipment impairment and robustness against loss (ITU-T G.113 appendix I; for wide-band codecs what
/// they lose against their own clean sound, so that figures of different codecs compare).
struct Impairment {
  double ie;
  double bpl;
};
Impairment impairment(sdp::CodecId codec) {
  switch (codec) {
    case sdp::CodecId::pcmu:
    case sdp::CodecId::pcma: return {0, 25.1};  // with concealment
    case sdp::CodecId::g722: return {0, 20};
    case sdp::CodecId::opus: break;
  }
  return {0, 30};
}

}  // namespace

double r_factor(const QualityFacts& facts) {
  const Impairment of = impairment(facts.codec);
  const double percent = std::clamp(facts.loss, 0.0, 1.0) * 100;
  const double burst = std::max(facts.burst_ratio, 1.0);
  const double loss = of.ie + (95 - of.ie) * percent / (percent / burst + of.bpl);
  // G.107 Idd, in the usual piecewise form.
  const double delay = std::max(0.0, facts.delay_ms);
  const double late = 0.024 * delay + (delay > 177.3 ? 0.11 * (delay - 177.3) : 0);
  return std::clamp(basic - loss - late, 0.0, basic);
}

double mos_of(double r) {
  if (r <= 0) {
    return 1;
  }
  const double mos = 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6;
  return std::clamp(mos, 1.0, 4.5);
}

}  // namespace switchroom::media
