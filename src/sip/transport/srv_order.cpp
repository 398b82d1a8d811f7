#include "sip/transport/srv_order.hpp"

#include <algorithm>
#include <utility>

namespace switchroom::sip {

std::vector<SrvRecord> srv_order(std::vector<SrvRecord> records,
                                 const std::function<std::uint32_t(std::uint32_t)>& draw) {
  // Weight 0 first inside a priority, as the RFC wants it: it is drawn seldom, but it is drawn.
  std::sort(records.begin(), records.end(), [](const SrvRecord& a, const SrvRecord& b) {
    return std::pair(a.priority, a.weight != 0) < std::pair(b.priority, b.weight != 0);
  });
  for (std::size_t next = 0; next < records.size(); ++next) {
    std::uint32_t sum = 0;
    std::size_t end = next;
    for (; end < records.size() && records[end].priority == records[next].priority; ++end) {
      sum += records[end].weight;
    }
    std::uint32_t left = draw(sum + 1);
    std::size_t drawn = next;
    while (drawn + 1 < end && records[drawn].weight < left) {
      left -= records[drawn].weight;
      ++drawn;
    }
    const auto at = records.begin();
    std::rotate(at + static_cast<std::ptrdiff_t>(next), at + static_cast<std::ptrdiff_t>(drawn),
                at + static_cast<std::ptrdiff_t>(drawn + 1));
  }
  return records;
}

}  // namespace switchroom::sip
