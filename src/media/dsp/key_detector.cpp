#include "media/dsp/key_detector.hpp"

#include <algorithm>
#include <array>
#include <new>
#include <spandsp.h>

namespace switchroom::media {
namespace {

constexpr unsigned rate = 8000;   // that the detector works at
constexpr int normal_twist = 8;   // dB, low over high: lines weaken high tones more
constexpr int reverse_twist = 6;  // dB, high over low: Q.24 asks for 4, and phones send 2 of them
constexpr int threshold = -42;    // dBm0

}  // namespace

/// spandsp's detector, which decides over blocks of 102 samples (12.75 ms) and wants two that agree.
class KeyDetector::State {
 public:
  explicit State(unsigned from) : resampler_(from, rate), detector_(dtmf_rx_init(nullptr, nullptr, nullptr)) {
    if (detector_ == nullptr) {
      throw std::bad_alloc();
    }
    dtmf_rx_parms(detector_.get(), 0, normal_twist, reverse_twist, threshold);
    dtmf_rx_set_realtime_callback(detector_.get(), on_report, this);
  }

  Change hear(std::span<const std::int16_t> pcm) {
    change_ = {};
    const std::size_t size = pcm.size() * rate / resampler_.from();
    const auto narrow = std::span(narrow_).first(std::min(size, narrow_.size()));
    resampler_.convert(pcm, narrow);
    (void)dtmf_rx(detector_.get(), narrow.data(), static_cast<int>(narrow.size()));
    return change_;
  }
  [[nodiscard]] bool sounding() const { return key_ != 0 || dtmf_rx_status(detector_.get()) != 0; }

 private:
  // `code`: the key that begins, 0: it ended.
  static void on_report(void* self, int code, int /*level*/, int /*delay*/) {
    static_cast<State*>(self)->report(static_cast<char>(code));
  }
  void report(char key) {
    if (key_ != 0 && key != key_) {
      change_.ended = true;
    }
    if (key != 0 && key != key_) {
      change_.began = key;
    }
    key_ = key;
  }

  struct Free {
    void operator()(dtmf_rx_state_t* state) const { dtmf_rx_free(state); }
  };
  Resampler resampler_;
  std::unique_ptr<dtmf_rx_state_t, Free> detector_;
  std::array<std::int16_t, rate / 10> narrow_{};
  char key_ = 0;
  Change change_;
};

KeyDetector::KeyDetector(unsigned from) : state_(std::make_unique<State>(from)) {}
KeyDetector::~KeyDetector() = default;
KeyDetector::Change KeyDetector::hear(std::span<const std::int16_t> pcm) { return state_->hear(pcm); }
bool KeyDetector::sounding() const { return state_->sounding(); }

}  // namespace switchroom::media
