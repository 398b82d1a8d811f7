// Raw G.722, as Asterisk keeps its sounds.
#include "media/file/byte_file.hpp"
#include "media/file/sound_reader.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <spandsp.h>
#include <utility>

namespace switchroom::media {
namespace {

class G722Reader : public SoundReader {
 public:
  explicit G722Reader(int descriptor) : file_(descriptor), decoder_(::g722_decode_init(nullptr, 64000, 0)) {}

  [[nodiscard]] unsigned rate() const override { return 16000; }
  [[nodiscard]] unsigned channels() const override { return 1; }

  std::size_t read(std::span<float> interleaved) override {
    std::size_t filled = 0;
    while (filled + 1 < interleaved.size()) {
      const std::size_t wanted = std::min(bytes_.size(), (interleaved.size() - filled) / 2);
      const std::size_t got = file_.read(std::span(bytes_).first(wanted));
      const int made = ::g722_decode(decoder_.get(), samples_.data(), bytes_.data(), static_cast<int>(got));
      for (int i = 0; i < made; ++i) {
        interleaved[filled++] = static_cast<float>(samples_[static_cast<std::size_t>(i)]) / 32768;
      }
      if (got < wanted) {
        break;
      }
    }
    return filled;
  }

 private:
  struct Free {
    void operator()(g722_decode_state_t* state) const { ::g722_decode_free(state); }
  };
  ByteFile file_;
  std::unique_ptr<g722_decode_state_t, Free> decoder_;
  std::array<std::uint8_t, 4096> bytes_{};
  std::array<std::int16_t, 8192> samples_{};  // two of each byte
};

}  // namespace

OpenReader open_g722(int descriptor) {
  return OpenReader(OpenReader::in_place_value, std::make_unique<G722Reader>(descriptor));
}

}  // namespace switchroom::media
