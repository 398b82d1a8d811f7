// How good a leg sounded: ITU-T G.107 (E-model), simplified to what a PBX can measure.
#pragma once

#include "sdp/negotiate.hpp"

namespace switchroom::media {

struct QualityFacts {
  sdp::CodecId codec = sdp::CodecId::pcmu;
  double loss = 0;         // share of sound that was lost or concealed, 0 to 1
  double burst_ratio = 1;  // 1: random loss
  double delay_ms = 0;     // one way, jitter buffer included; 0 unknown
};
/// R factor (0 to 93.2) and the mean opinion score that it stands for (1.0 to 4.41).
double r_factor(const QualityFacts& facts);
double mos_of(double r_factor);
inline double mos(const QualityFacts& facts) { return mos_of(r_factor(facts)); }

}  // namespace switchroom::media
