#include "dialplan/keypad.hpp"

#include <cstddef>

namespace switchroom::dialplan {
namespace {

constexpr std::string_view key_of_letter = "22233344455566677778889999";  // a to z

// The letters without their accents, from U+00C0 and from U+0100 on.
constexpr std::string_view latin_1 = "aaaaaaaceeeeiiiidnooooo ouuuuytsaaaaaaaceeeeiiiidnooooo ouuuuyty";
constexpr std::string_view latin_extended =
    "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkkllllllllllnnnnnnnnnoooooooorrrrrrsssssssstttttt"
    "uuuuuuuuuuuuwwyyyzzzzzzs";
static_assert(latin_1.size() == 64 && latin_extended.size() == 128);

char key_of(char letter) {
  if (letter >= 'A' && letter <= 'Z') {
    letter = static_cast<char>(letter - 'A' + 'a');
  }
  if (letter >= 'a' && letter <= 'z') {
    return key_of_letter[static_cast<std::size_t>(letter - 'a')];
  }
  return letter >= '0' && letter <= '9' ? letter : '\0';
}

/// The plain letter of a character of two bytes.
char plain(unsigned char first, unsigned char second) {
  const unsigned code = ((first & 0x1fU) << 6U) | (second & 0x3fU);
  if (code >= 0xc0 && code < 0x100) {
    return latin_1[code - 0xc0];
  }
  return code >= 0x100 && code < 0x100 + latin_extended.size() ? latin_extended[code - 0x100] : '\0';
}

}  // namespace

std::string keys_of(std::string_view name) {
  std::string keys;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const auto byte = static_cast<unsigned char>(name[i]);
    char letter = name[i];
    if ((byte & 0xe0U) == 0xc0U && i + 1 < name.size()) {
      letter = plain(byte, static_cast<unsigned char>(name[++i]));
    }
    if (const char key = key_of(letter)) {
      keys += key;
    }
  }
  return keys;
}

std::string last_name_first(std::string_view name) {
  while (name.ends_with(' ')) {
    name.remove_suffix(1);
  }
  const auto space = name.rfind(' ');
  return space == std::string_view::npos
             ? std::string(name)
             : std::string(name.substr(space + 1)) + " " + std::string(name.substr(0, space));
}

}  // namespace switchroom::dialplan
