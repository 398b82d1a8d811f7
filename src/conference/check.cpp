#include "conference/check.hpp"

#include "call/sounds.hpp"
#include "call/targets.hpp"
#include "conference/controls.hpp"
#include "conference/room_sounds.hpp"

#include <fmt/core.h>

#include <string>
#include <utility>

namespace switchroom::conference {
namespace {

class Judge {
 public:
  explicit Judge(const config::Snapshot& config) : config_(config) {}

  std::vector<config::Problem> run() {
    for (const auto& [name, conference] : config_.conferences) {
      check_conference("conferences." + name, conference);
    }
    for (const auto& [name, group] : config_.conference_controls) {
      check_group("conference_controls." + name, group);
    }
    return std::move(problems_);
  }

 private:
  void complain(const config::Place& place, std::string key, std::string what) {
    problems_.push_back({place, std::move(key), std::move(what)});
  }

  void check_pin(const std::string& key, const config::Conference& conference, const std::string& pin) {
    if (pin.find_first_not_of("0123456789") != std::string::npos) {
      complain(conference.place, key, "has something else than digits in it: nobody could type it");
    }
  }

  void check_conference(const std::string& section, const config::Conference& conference) {
    check_pin(section + ".pin", conference, conference.pin);
    check_pin(section + ".moderator_pin", conference, conference.moderator_pin);
    if (!conference.pin.empty() && conference.pin == conference.moderator_pin) {
      complain(conference.place, section + ".moderator_pin",
               "is the same as pin: everybody would be a moderator");
    }
    if (conference.rate != 8000 && conference.rate != 16000 && conference.rate != 32000 &&
        conference.rate != 48000) {
      complain(conference.place, section + ".rate", "is none of 8000, 16000, 32000 and 48000");
    }
    for (const auto& [key, group] : {std::pair{".caller_controls", &conference.caller_controls},
                                     std::pair{".moderator_controls", &conference.moderator_controls}}) {
      if (!has_group(config_, *group)) {
        complain(conference.place, section + key,
                 fmt::format("there is no [conference_controls.{}]", *group));
      }
    }
    for (const auto& [key, sound] : sounds_of(conference)) {
      if (sound->empty() || sound->find('$') != std::string::npos) {
        continue;
      }
      if (std::string wrong = call::check_sounds(*sound, config_); !wrong.empty()) {
        complain(conference.place, section + "." + std::string(key), std::move(wrong));
      }
    }
    if (std::string wrong = call::check_hold_music(conference.moh_sound, config_); !wrong.empty()) {
      complain(conference.place, section + ".moh_sound", std::move(wrong));
    }
    for (const auto& target : conference.dial_out) {
      if (std::string wrong = call::check_dial_string(target, config_); !wrong.empty()) {
        complain(conference.place, section + ".dial_out", std::move(wrong));
      }
    }
  }

  void check_group(const std::string& section, const config::ConferenceControls& group) {
    for (const auto& entry : group.entries) {
      const std::string key = section + ".keys." + entry.keys;
      if (entry.keys.empty() || entry.keys.find_first_not_of("0123456789*#ABCD") != std::string::npos) {
        complain(entry.place, key, "keys are 0 to 9, *, #, and A to D");
      }
      if (const auto control = parse_control(entry.action); !control) {
        complain(entry.place, key, control.error().what);
      }
    }
  }

  const config::Snapshot& config_;
  std::vector<config::Problem> problems_;
};

}  // namespace

std::vector<config::Problem> check(const config::Snapshot& config) { return Judge(config).run(); }

}  // namespace switchroom::conference
