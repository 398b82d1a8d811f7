#include "voicemail/message.hpp"

#include <fmt/core.h>

#include <array>
#include <cstring>
#include <ctime>
#include <fstream>
#include <vector>

namespace switchroom::voicemail {
namespace {

constexpr std::size_t longest_header = 4096;  // nobody puts more before the sound

std::uint32_t load32(const char* at) {
  std::array<unsigned char, 4> b{};
  std::memcpy(b.data(), at, 4);
  return b[0] | b[1] << 8U | b[2] << 16U | static_cast<std::uint32_t>(b[3]) << 24U;
}
std::uint16_t load16(const char* at) {
  std::array<unsigned char, 2> b{};
  std::memcpy(b.data(), at, 2);
  return static_cast<std::uint16_t>(b[0] | b[1] << 8U);
}
std::array<char, 4> store32(std::uint32_t value) {
  return {static_cast<char>(value & 0xFFU), static_cast<char>(value >> 8U & 0xFFU),
          static_cast<char>(value >> 16U & 0xFFU), static_cast<char>(value >> 24U & 0xFFU)};
}

std::vector<std::string_view> split(std::string_view text, char by) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto end = text.find(by);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) {
      return parts;
    }
    text.remove_prefix(end + 1);
  }
}

}  // namespace

std::string_view name(State state) {
  switch (state) {
    case State::fresh: return "new";
    case State::saved: return "saved";
    case State::deleted: return "deleted";
  }
  return "";
}

std::optional<State> parse_state(std::string_view text) {
  for (const State state : {State::fresh, State::saved, State::deleted}) {
    if (name(state) == text) {
      return state;
    }
  }
  return std::nullopt;
}

std::string escaped(std::string_view text, std::size_t longest) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       c == '+' || c == '-' || c == '_';
    const std::string piece =
        plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
    if (out.size() + piece.size() > longest) {
      break;
    }
    out += piece;
  }
  return out;
}

std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::sscanf(std::string(text.substr(i + 1, 2)).c_str(), "%2x", &value) == 1) {
      out += static_cast<char>(value);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string write_name(const FileName& name) {
  const std::time_t seconds = name.left_at / 1'000'000;
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}.{:06}Z~{}~{}~{}.wav", utc.tm_year + 1900,
                     utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec,
                     name.left_at % 1'000'000, escaped(name.caller_number, 32), escaped(name.caller_name, 48),
                     name.token);
}

std::optional<FileName> parse_name(std::string_view file) {
  if (!file.ends_with(".wav")) {
    return std::nullopt;
  }
  const auto parts = split(file.substr(0, file.size() - 4), '~');
  std::tm utc{};
  int micros = 0;
  char z = 0;
  if (parts.size() != 4 ||
      std::sscanf(std::string(parts[0]).c_str(), "%4d%2d%2dT%2d%2d%2d.%6d%c", &utc.tm_year, &utc.tm_mon,
                  &utc.tm_mday, &utc.tm_hour, &utc.tm_min, &utc.tm_sec, &micros, &z) != 8 ||
      z != 'Z') {
    return std::nullopt;
  }
  utc.tm_year -= 1900;
  utc.tm_mon -= 1;
  FileName name;
  name.left_at = static_cast<base::WallMicros>(::timegm(&utc)) * 1'000'000 + micros;
  name.caller_number = unescaped(parts[1]);
  name.caller_name = unescaped(parts[2]);
  name.token = parts[3];
  return name;
}

std::optional<WavFacts> wav_facts(const std::filesystem::path& file, bool mend) {
  std::error_code failed;
  const auto size = std::filesystem::file_size(file, failed);
  std::fstream stream(file, std::ios::binary | std::ios::in | (mend ? std::ios::out : std::ios::openmode{}));
  std::vector<char> head(longest_header);
  stream.read(head.data(), static_cast<std::streamsize>(head.size()));
  const auto got = static_cast<std::size_t>(stream.gcount());
  stream.clear();
  if (failed || got < 12 || std::memcmp(head.data(), "RIFF", 4) != 0 ||
      std::memcmp(head.data() + 8, "WAVE", 4) != 0) {
    return std::nullopt;
  }
  std::uint32_t bytes_a_second = 0;
  WavFacts facts;
  for (std::size_t at = 12; at + 8 <= got;) {
    const std::uint32_t length = load32(head.data() + at + 4);
    if (std::memcmp(head.data() + at, "fmt ", 4) == 0 && at + 24 <= got) {
      facts.rate = load32(head.data() + at + 12);
      bytes_a_second = load32(head.data() + at + 16);
      if (load16(head.data() + at + 8) == 0) {
        return std::nullopt;
      }
    } else if (std::memcmp(head.data() + at, "data", 4) == 0) {
      if (bytes_a_second == 0) {
        return std::nullopt;
      }
      const std::uint64_t sound = size - (at + 8);
      // What follows the sound of a file that was completed is not sound; one that was not, is sound to its
      // end.
      const std::uint64_t said = length != 0 && length < sound ? length : sound;
      facts.length_ms = static_cast<std::uint32_t>(said * 1000 / bytes_a_second);
      if (mend && length != said) {
        const auto riff = store32(static_cast<std::uint32_t>(size - 8));
        const auto data = store32(static_cast<std::uint32_t>(said));
        stream.seekp(4).write(riff.data(), 4);
        stream.seekp(static_cast<std::streamoff>(at + 4)).write(data.data(), 4);
      }
      return facts;
    }
    at += 8 + static_cast<std::size_t>(length) + length % 2;
  }
  return std::nullopt;
}

}  // namespace switchroom::voicemail
