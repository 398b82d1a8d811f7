#include "base/nearest.hpp"

#include <algorithm>
#include <limits>

namespace switchroom::base {
namespace {

// Damerau-Levenshtein in its restricted form: three rows of the table are enough.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) {
    last[j] = j;
  }
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0U : 1U);
      row[j] = std::min({replaced, last[j] + 1, row[j - 1] + 1});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    before.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

}  // namespace

std::string nearest(std::string_view word, const std::vector<std::string>& candidates) {
  constexpr std::size_t longest = 64;  // beyond, it is no slip of the finger
  if (word.empty() || word.size() > longest) {
    return {};
  }
  std::size_t best = std::numeric_limits<std::size_t>::max();
  std::string answer;
  for (const auto& candidate : candidates) {
    const std::size_t d = candidate.size() > longest ? best : distance(word, candidate);
    if (d < best) {
      best = d;
      answer = candidate;
    }
  }
  return best <= std::max<std::size_t>(2, word.size() / 3) ? answer : std::string();
}

}  // namespace switchroom::base
