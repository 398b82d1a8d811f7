// A stream of any bytes, taken apart whole and a few bytes at a time: both must see the same frames.
#include "sip/message/message.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

using namespace switchroom::sip;

namespace {

constexpr std::size_t max_header = 600;
constexpr std::size_t max_body = 400;

struct Taken {
  Frame::Kind kind;
  std::size_t size;
  bool operator==(const Taken&) const = default;
};

/// Feeds `bytes` in pieces of `step`; ends at the first bad frame.
std::vector<Taken> take_apart(std::string_view bytes, std::size_t step) {
  std::vector<Taken> out;
  FrameProgress progress;
  std::size_t start = 0;
  std::size_t end = 0;
  while (true) {
    const Frame frame = next_frame(bytes.substr(start, end - start), max_header, max_body, &progress);
    if (frame.kind == Frame::Kind::need_more) {
      if (end == bytes.size()) return out;
      end = std::min(end + step, bytes.size());
      continue;
    }
    out.push_back({frame.kind, frame.size});
    if (frame.kind == Frame::Kind::bad) {
      const Parsed told = parse_bad_frame(bytes.substr(start, end - start), frame.fault, max_header);
      const bool answered = told.error == ParseError::malformed;
      if (frame.fault == Frame::Fault::none || told.message || answered != told.reject.has_value())
        std::abort();
      return out;
    }
    if (frame.size == 0 || frame.size > end - start) std::abort();
    start += frame.size;
    progress = {};
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::vector<Taken> whole = take_apart(bytes, bytes.size() + 1);
  if (take_apart(bytes, 1) != whole || take_apart(bytes, 1 + data[0] % 97U) != whole) std::abort();
  return 0;
}
