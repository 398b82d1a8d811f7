// Runs while Switchroom is built: makes one pack of prompts (src/sounds/pack_format.hpp) of a table.
//
// usage: pack_sounds TABLE RECORDINGS LANGUAGE PACK
//   TABLE       sounds/en.tsv: name, source, text, with tabs between them
//   RECORDINGS  the folder that the sources `recorded` and `recorded:NAME` are seen from
//   LANGUAGE    of the synthesiser, for the source `spoken`

#include "opus_packets.hpp"
#include "sounds/pack_format.hpp"
#include "voices.hpp"

#include <exception>
#include <fstream>
#include <iostream>
#include <map>
#include <stdexcept>
#include <string>

namespace {

constexpr int speech_bits = 24000;
constexpr int music_bits = 32000;
// The recordings are louder than people on the telephone are.
constexpr double speech_gain = 0.6;
constexpr double music_gain = 0.3;

struct Prompt {
  std::string source;
  std::string text;
};
using Table = std::map<std::string, Prompt>;

Table read_table(const std::string& file) {
  std::ifstream in(file);
  if (!in) {
    throw std::runtime_error(file + " cannot be read");
  }
  Table table;
  std::string line;
  for (unsigned number = 1; std::getline(in, line); ++number) {
    if (line.empty() || line.front() == '#') {
      continue;
    }
    const auto first = line.find('\t');
    const auto second = first == std::string::npos ? first : line.find('\t', first + 1);
    if (second == std::string::npos || second + 1 == line.size() ||
        !table
             .try_emplace(line.substr(0, first),
                          Prompt{line.substr(first + 1, second - first - 1), line.substr(second + 1)})
             .second) {
      throw std::runtime_error(
          file + ":" + std::to_string(number) +
          ": a line is a name that no other has, a source and a text, with tabs between them");
    }
  }
  return table;
}

void add_number(std::string& bytes, std::size_t value, unsigned width) {
  for (unsigned i = 0; i < width; ++i, value >>= 8U) {
    bytes += static_cast<char>(value & 0xffU);
  }
}

/// What a prompt's packets are known by, so that prompts of the same sound share them.
std::string origin(const std::string& name, const Prompt& prompt) {
  const auto colon = prompt.source.find(':');
  return prompt.source == "spoken"
             ? "spoken " + prompt.text
             : "recorded " + (colon == std::string::npos ? name : prompt.source.substr(colon + 1));
}

packer::Packets make(const std::string& name, const Prompt& prompt, const std::string& recordings,
                     const std::string& language) {
  if (prompt.source == "spoken") {
    return packer::compress(packer::speak(prompt.text, language), speech_bits, false);
  }
  if (!prompt.source.starts_with("recorded")) {
    throw std::runtime_error("\"" + prompt.source + "\" is neither recorded, recorded:NAME nor spoken");
  }
  const bool music = language == "music";
  const auto file = recordings + "/" + origin(name, prompt).substr(std::string("recorded ").size()) + ".g722";
  if (music) {
    return packer::compress(packer::without_silence(packer::read_recording(file, music_gain)), music_bits,
                            true);
  }
  return packer::compress(packer::read_recording(file, speech_gain), speech_bits, false);
}

std::string make_pack(const Table& table, const std::string& recordings, const std::string& language) {
  struct Place {
    std::size_t at;
    std::size_t size;
    std::size_t samples;
  };
  std::map<std::string, Place> places;
  std::string data;
  std::size_t index_size = switchroom::sounds::pack_magic.size() + 8;
  for (const auto& [name, prompt] : table) {
    index_size += 14 + name.size();
    const auto [place, fresh] = places.try_emplace(origin(name, prompt));
    if (!fresh) {
      continue;
    }
    try {
      const auto packets = make(name, prompt, recordings, language);
      place->second = {data.size(), packets.bytes.size(), packets.samples};
      data += packets.bytes;
    } catch (const std::exception& why) {
      throw std::runtime_error("the prompt " + name + ": " + why.what());
    }
  }
  std::string pack(switchroom::sounds::pack_magic);
  add_number(pack, table.size(), 4);
  add_number(pack, packer::run_in(), 4);
  for (const auto& [name, prompt] : table) {
    const Place& place = places.at(origin(name, prompt));
    add_number(pack, name.size(), 2);
    pack += name;
    add_number(pack, index_size + place.at, 4);
    add_number(pack, place.size, 4);
    add_number(pack, place.samples, 4);
  }
  return pack + data;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc != 5) {
      throw std::runtime_error("usage: pack_sounds TABLE RECORDINGS LANGUAGE PACK");
    }
    const std::string pack = make_pack(read_table(argv[1]), argv[2], argv[3]);
    std::ofstream out(argv[4], std::ios::binary);
    out << pack;
    out.close();
    return out ? 0 : throw std::runtime_error(std::string(argv[4]) + " cannot be written");
  } catch (const std::exception& why) {
    std::cerr << "pack_sounds: " << why.what() << '\n';
    return 1;
  }
}
