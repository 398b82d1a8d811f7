#include "conference/flags.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>

namespace switchroom::conference {
namespace {

template <class Flags>
struct Named {
  std::string_view name;
  bool Flags::* flag;
};

constexpr std::array member_flags{
    Named<MemberFlags>{"mute", &MemberFlags::mute},
    Named<MemberFlags>{"deaf", &MemberFlags::deaf},
    Named<MemberFlags>{"moderator", &MemberFlags::moderator},
    Named<MemberFlags>{"presenter", &MemberFlags::presenter},
    Named<MemberFlags>{"endconf", &MemberFlags::endconf},
    Named<MemberFlags>{"mintwo", &MemberFlags::mintwo},
    Named<MemberFlags>{"ghost", &MemberFlags::ghost},
    Named<MemberFlags>{"nomoh", &MemberFlags::nomoh},
    Named<MemberFlags>{"mute_detect", &MemberFlags::mute_detect},
    Named<MemberFlags>{"invited", &MemberFlags::invited},
};
constexpr std::array room_flags{
    Named<RoomFlags>{"wait_mod", &RoomFlags::wait_mod},
    Named<RoomFlags>{"audio_always", &RoomFlags::audio_always},
    Named<RoomFlags>{"waste_bandwidth", &RoomFlags::waste_bandwidth},
};

template <class Flags, std::size_t N>
base::result<void> add(Flags& flags, std::string_view text, const std::array<Named<Flags>, N>& known) {
  constexpr std::string_view separators = "|, ";
  while (!text.empty()) {
    const auto end = std::min(text.find_first_of(separators), text.size());
    std::string word(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    std::ranges::replace(word, '-', '_');
    if (word.empty()) {
      continue;
    }
    const auto found = std::ranges::find(known, word, &Named<Flags>::name);
    if (found == known.end()) {
      std::string names;
      for (const auto& one : known) {
        names += names.empty() ? "" : ", ";
        names += one.name;
      }
      return base::Error{fmt::format("there is no flag \"{}\": they are {}", word, names)};
    }
    flags.*found->flag = true;
  }
  return {};
}

}  // namespace

base::result<void> add_flags(MemberFlags& flags, std::string_view text) {
  return add(flags, text, member_flags);
}
base::result<void> add_flags(RoomFlags& flags, std::string_view text) { return add(flags, text, room_flags); }

std::string join_words(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) {
    text += (text.empty() ? "" : "|") + word;
  }
  return text;
}

std::string text_of(const MemberFlags& flags) {
  std::string text;
  for (const auto& one : member_flags) {
    if (flags.*one.flag) {
      text += (text.empty() ? "" : "|") + std::string(one.name);
    }
  }
  return text;
}

}  // namespace switchroom::conference
