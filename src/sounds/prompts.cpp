#include "sounds/prompts.hpp"

#include "sounds/packs.hpp"

#include <array>
#include <stdexcept>

namespace switchroom::sounds {
namespace {

constexpr std::array endings{std::string_view(".wav"),  std::string_view(".gsm"), std::string_view(".ulaw"),
                             std::string_view(".alaw"), std::string_view(".mp3"), std::string_view(".g722")};
constexpr std::array folders{std::string_view("ivr/"), std::string_view("voicemail/"),
                             std::string_view("conference/"), std::string_view("directory/"),
                             std::string_view("misc/")};

Pack open(std::string_view name) {
  auto pack = Pack::read(embedded_pack(name));
  if (!pack) {
    throw std::logic_error("the executable's sounds are damaged");  // the build made them
  }
  return std::move(*pack);
}

const Pack& pack_of(std::string_view language) {
  static const Pack english = open("en");
  static const Pack spanish = open("es");
  return language == "es" ? spanish : english;
}

}  // namespace

std::optional<PackedPrompt> find_own_prompt(std::string_view name, std::string_view language) {
  for (const std::string_view ending : endings) {
    if (name.ends_with(ending)) {
      name.remove_suffix(ending.size());
      break;
    }
  }
  const Pack& pack = pack_of(language);
  if (auto found = pack.find(name)) {
    return found;
  }
  for (const std::string_view folder : folders) {
    if (name.starts_with(folder)) {
      return pack.find(name.substr(folder.size()));
    }
  }
  return std::nullopt;
}

std::optional<PackedPrompt> find_prompt(std::string_view name, std::string_view language) {
  auto found = find_own_prompt(name, language);
  return found ? found : find_own_prompt(name, "en");
}

std::vector<std::string_view> prompt_names(std::string_view language) {
  const Pack& pack = pack_of(language);
  std::vector<std::string_view> names;
  names.reserve(pack.size());
  for (std::size_t i = 0; i < pack.size(); ++i) {
    names.push_back(pack.name(i));
  }
  return names;
}

PackedPrompt default_music() {
  static const Pack music = open("music");
  return music.find(music.name(0)).value();
}

}  // namespace switchroom::sounds
