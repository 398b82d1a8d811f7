// What a conference costs: CPU for each member, and what members receive of it. bench/README.md.
#include "added_delay.hpp"
#include "conference_rooms.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

using namespace switchroom;
using namespace switchroom::bench;

namespace {

constexpr unsigned script_seconds = 60;

/// A quiet line: noise with a mean amplitude of some 15, far below the energy level.
Speech quiet_line(unsigned rate) {
  Speech line{.pcm = Pcm(std::size_t{rate} * 10), .rate = rate, .recorded = false};
  std::uint32_t noise = 7;
  for (auto& sample : line.pcm) {
    noise = noise * 1664525U + 1013904223U;
    sample = static_cast<std::int16_t>(static_cast<int>(noise >> 26U) - 32);
  }
  return line;
}

struct Scripts {
  Speech narrow = speech(8000, script_seconds);
  Speech wide = speech(16000, script_seconds);
  Script pcmu = script_of(narrow, sdp::CodecId::pcmu, 0);
  Script opus = script_of(wide, sdp::CodecId::opus, 111);
  Script quiet_pcmu = script_of(quiet_line(8000), sdp::CodecId::pcmu, 0);
  Script quiet_opus = script_of(quiet_line(16000), sdp::CodecId::opus, 111);
  [[nodiscard]] const Script& talk(sdp::CodecId codec) const {
    return codec == sdp::CodecId::opus ? opus : pcmu;
  }
  [[nodiscard]] const Script& quiet(sdp::CodecId codec) const {
    return codec == sdp::CodecId::opus ? quiet_opus : quiet_pcmu;
  }
};

const char* name(Listeners listeners) {
  return listeners == Listeners::quiet ? "quiet" : listeners == Listeners::muted ? "muted" : "send nothing";
}

void room(const Scripts& scripts, const RoomOf& what, int seconds) {
  Phones phones(members_of(what, scripts.talk(what.codec), scripts.quiet(what.codec)));
  const RoomMeasured m = measure_room(what, phones, 2, seconds, false);
  std::printf(
      "%4s %5d x %d members, %d talk, others %-12s: %.3f cores, %.6f a member; generator %.2f; packets %llu "
      "of %llu, "
      "missing %llu, late by 10 ms %llu; uneven p99 %.2f ms (generator %.2f)\n",
      what.codec == sdp::CodecId::opus ? "opus" : "PCMU", what.members, what.rooms, what.talkers,
      name(what.listeners), m.cores, m.cores / what.lines(), m.generator_cores,
      static_cast<unsigned long long>(m.heard), static_cast<unsigned long long>(m.expected),
      static_cast<unsigned long long>(m.missing), static_cast<unsigned long long>(m.late), m.lateness_ms,
      m.own_lateness_ms);
  std::fflush(stdout);
}

void delay(const Scripts& scripts, int members, int seconds) {
  const RoomOf what{.members = members, .talkers = 1, .listeners = Listeners::dtx};
  const auto lines = members_of(what, scripts.pcmu, scripts.quiet_pcmu);
  Phones phones(lines);
  (void)measure_room(what, phones, 2, seconds, true);
  DelayFinder finder(scripts.pcmu, sdp::CodecId::pcmu);
  for (std::size_t i = 1; i < phones.size(); i += std::max<std::size_t>(phones.size() / 20, 1)) {
    finder.find(phones.heard(i), phones.sent(0), lines[0].begin);
  }
  std::printf(
      "delay that a room of %d adds: median %.1f ms, p99 %.1f ms; %zu pieces of 0.4 s found, %zu not\n",
      members, median(finder.delays_ms()), quantile(finder.delays_ms(), 0.99), finder.placed(),
      finder.unplaced());
  std::fflush(stdout);
}

void bare(int seconds) {
  for (const int count : {100, 1000}) {
    const double cores = cores_of_bare_sending(count, seconds);
    std::printf("sending alone, %4d sockets: %.3f cores, %.6f a socket, %.2f us a packet\n", count, cores,
                cores / count, cores / count / 50 * 1e6);
    std::fflush(stdout);
  }
}

}  // namespace

int main(int count, char** arguments) {
  allow_many_files();
  const std::string what = count > 1 ? arguments[1] : "all";
  const int number = count > 2 ? std::atoi(arguments[2]) : 0;
  const int seconds = count > 3 ? std::atoi(arguments[3]) : 10;
  const bool all = what == "all";
  if (!all && what != "pcmu" && what != "opus" && what != "delay" && what != "bare" && what != "rooms") {
    std::printf(
        "usage: %s [all] | pcmu|opus [members [seconds=10]] | delay [members [seconds]] | rooms | bare\n",
        arguments[0]);
    return 2;
  }
  const Scripts scripts;
  const std::vector<int> sizes = number != 0 ? std::vector{number} : std::vector{10, 50, 100, 500, 1000};
  if (all || what == "bare") {
    bare(seconds);
  }
  if (all || what == "pcmu") {
    for (const int members : sizes) {
      room(scripts, {.members = members}, seconds);
    }
    for (const Listeners listeners : {Listeners::muted, Listeners::dtx}) {
      room(scripts, {.members = sizes.back(), .listeners = listeners}, seconds);
    }
  }
  if (all || what == "opus") {
    const std::vector<int> some = number != 0 ? std::vector{number} : std::vector{100, 1000};
    for (const int members : some) {
      for (const Listeners listeners : {Listeners::muted, Listeners::dtx}) {
        room(scripts, {.members = members, .codec = sdp::CodecId::opus, .listeners = listeners}, seconds);
      }
    }
    room(scripts, {.members = number != 0 ? number : 100, .codec = sdp::CodecId::opus}, seconds);
  }
  if (all || what == "delay") {
    for (const int members : number != 0 ? std::vector{number} : std::vector{10, 100, 1000}) {
      delay(scripts, members, seconds);
    }
  }
  if (all || what == "rooms") {
    room(scripts, {.members = 10, .rooms = 50, .threads = 2}, seconds);
  }
  return 0;
}
