#include "conference/member.hpp"

#include "call/call.hpp"

namespace switchroom::conference {
namespace {

constexpr std::size_t most_waiting = 4;

}  // namespace

void Member::say(const std::string& sounds) {
  if (sounds.empty()) {
    return;
  }
  if (said.size() >= most_waiting) {
    said.pop_front();
  }
  said.push_back(sounds);
  call.wake();
}

void Member::leave(Leaving how) {
  if (leaving == Leaving::no) {
    leaving = how;
    call.wake();
  }
}

}  // namespace switchroom::conference
