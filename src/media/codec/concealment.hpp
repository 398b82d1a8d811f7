// What is heard in place of a lost packet, for codecs that have nothing of their own: the last pitch
// periods again, fading. After the idea of ITU-T G.711 appendix I. Private to codec/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace switchroom::media {

/// Keeps the last 50 ms; no allocation after construction.
class Concealment {
 public:
  explicit Concealment(unsigned rate);

  /// Sound that was decoded. The first after a loss is changed at its beginning, so that it follows from
  /// what was made up without a click.
  void heard(std::span<std::int16_t> pcm);
  void conceal(std::span<std::int16_t> pcm);
  void reset();

 private:
  [[nodiscard]] std::size_t find_period() const;
  void begin();
  [[nodiscard]] float made_up();
  void remember(std::span<const std::int16_t> pcm);

  unsigned rate_;
  std::vector<std::int16_t> history_;  // oldest first
  std::vector<std::int16_t> cycle_;    // one or more pitch periods that are repeated
  std::size_t cycle_size_ = 0;
  std::size_t at_ = 0;     // in cycle_
  std::size_t made_ = 0;   // samples since the loss began; 0: none is lost
  bool anything_ = false;  // heard since the beginning
};

}  // namespace switchroom::media
