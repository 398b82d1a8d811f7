#include "sounds/flite.hpp"

#include <flite/flite.h>

extern "C" {
cst_voice* register_cmu_us_slt(const char* folder);
cst_voice* register_cmu_us_kal(const char* folder);
}

namespace switchroom::sounds {
namespace {

struct Voices {
  cst_voice* slt;  // flite's, for the life of the process
  cst_voice* kal;
};

const Voices& voices() {
  static const Voices both = [] {
    ::flite_init();
    return Voices{::register_cmu_us_slt(nullptr), ::register_cmu_us_kal(nullptr)};
  }();
  return both;
}

}  // namespace

bool is_flite_voice(std::string_view name) { return name == "slt" || name == "kal"; }

base::result<media::SoundPtr> speak_with_flite(const std::string& text, std::string_view voice) {
  cst_wave* const wave = ::flite_text_to_wave(text.c_str(), voice == "kal" ? voices().kal : voices().slt);
  if (wave == nullptr) {
    return base::Error{"flite made no sound of the text"};
  }
  media::Sound sound{.rate = static_cast<unsigned>(wave->sample_rate), .samples = {}};
  sound.samples.assign(wave->samples, wave->samples + wave->num_samples);
  ::delete_wave(wave);
  if (sound.samples.empty()) {
    return base::Error{"there is nothing to say in the text"};
  }
  return base::success<media::SoundPtr>(std::make_shared<const media::Sound>(std::move(sound)));
}

}  // namespace switchroom::sounds
