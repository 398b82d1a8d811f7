#include "call/sounds.hpp"

#include "call/variables.hpp"
#include "sounds/phrases.hpp"
#include "sounds/prompts.hpp"
#include "sounds/tones.hpp"

#include <fmt/core.h>

#include <array>
#include <cctype>
#include <charconv>
#include <optional>
#include <system_error>
#include <utility>

namespace switchroom::call {
namespace {

namespace fs = std::filesystem;

constexpr unsigned longest_silence = 24U * 3600 * 1000;  // ms

/// Takes `scheme` off the beginning, with ":" or "://" behind it.
bool take_scheme(std::string_view& text, std::string_view scheme) {
  if (!text.starts_with(scheme) || text.substr(scheme.size(), 1) != ":") {
    return false;
  }
  text.remove_prefix(scheme.size() + 1);
  if (text.starts_with("//")) {
    text.remove_prefix(2);
  }
  return true;
}

base::result<SoundName> parse_silence(std::string_view text) {
  unsigned milliseconds = 0;
  const auto number = text.substr(0, text.find(','));  // what may follow is the level of a noise
  const auto [end, ec] = std::from_chars(number.data(), number.data() + number.size(), milliseconds);
  if (ec != std::errc{} || end != number.data() + number.size() || milliseconds == 0 ||
      milliseconds > longest_silence) {
    return base::Error{fmt::format("\"silence:{}\" takes milliseconds, such as silence:500", text)};
  }
  return SoundName(media::Silence{std::chrono::milliseconds(milliseconds)});
}

base::result<SoundName> parse_tone(base::result<media::ToneScript, std::string> script) {
  return script ? base::result<SoundName>(SoundName(std::move(*script))) : base::Error{script.error()};
}

/// Reads names in one language, for one configuration.
class Reader {
 public:
  Reader(const config::Snapshot& config, std::string_view language)
      : config_(config),
        language_(sounds::nearest_language(language.empty() ? config.pbx.language : language)) {}

  /// What is wrong, or empty.
  std::string add(std::string_view text) {
    if (text.empty()) {
      return "it takes a file, a prompt, say:, tone_stream: or silence:";
    }
    if (take_scheme(text, "say")) {
      names_.emplace_back(sounds::Text{std::string(text), {}, std::string(language_)});
      return text.empty() ? "there is no text behind say:" : "";
    }
    if (take_scheme(text, "tone_stream") || text.starts_with("%(")) {
      return keep(parse_tone(media::parse_tones(text)));
    }
    if (take_scheme(text, "tone")) {
      return keep(parse_tone(sounds::named_tone(text, config_.pbx.country)));
    }
    if (take_scheme(text, "silence") || take_scheme(text, "silence_stream")) {
      return keep(parse_silence(text));
    }
    if (take_scheme(text, "music") || take_scheme(text, "local_stream")) {
      names_.emplace_back(sounds::Music{std::string(text)});
      return sounds::has_music(config_, text) ? "" : fmt::format("there is no [music.{}]", text);
    }
    const auto colon = text.find(':');
    if (const auto kind = sounds::kind_of(text.substr(0, colon)); kind && colon != std::string_view::npos) {
      (void)take_scheme(text, text.substr(0, colon));
      return add_phrase(*kind, text);
    }
    names_.push_back(find(text));
    return {};
  }

  std::vector<SoundName> take() { return std::move(names_); }

 private:
  std::string keep(base::result<SoundName> name) {
    if (!name) {
      return name.error().what;
    }
    names_.push_back(std::move(*name));
    return {};
  }

  std::string add_phrase(sounds::Kind kind, std::string_view value) {
    auto said = sounds::say(kind, value, language_);
    if (!said) {
      return said.error().what;
    }
    for (const std::string& prompt : *said) {
      names_.push_back(find(prompt));
    }
    return {};
  }

  /// A file of the language, of the exchange's language, a prompt; else the file that is not there, for
  /// whoever complains.
  [[nodiscard]] SoundName find(std::string_view text) const {
    fs::path name(text);
    if (name.is_absolute()) {
      return name;
    }
    if (auto file = existing(config_.media.sounds / language_ / name)) {
      return *file;
    }
    const bool has_prompt = sounds::find_own_prompt(text, language_).has_value();
    if (language_ == config_.pbx.language || !has_prompt) {
      if (auto file = existing(config_.media.sounds / name)) {
        return *file;
      }
    }
    if (has_prompt || sounds::find_prompt(text, language_)) {
      return sounds::Prompt{std::string(text), std::string(language_)};
    }
    return config_.media.sounds / name;
  }

  /// A name without an ending is that of a file in any of these formats.
  static std::optional<fs::path> existing(const fs::path& file) {
    std::error_code none;
    if (fs::is_regular_file(file, none)) {
      return file;
    }
    if (file.has_extension()) {
      return std::nullopt;
    }
    for (const char* const ending : {".wav", ".flac", ".opus", ".ogg", ".mp3"}) {
      fs::path with = file;
      with += ending;
      if (fs::is_regular_file(with, none)) {
        return with;
      }
    }
    return std::nullopt;
  }

  const config::Snapshot& config_;
  std::string_view language_;
  std::vector<SoundName> names_;
};

/// Up to the next "!" that joins: in a text one before a blank, or at the end, is an exclamation.
std::string_view take_name(std::string_view& text) {
  const bool speech = text.starts_with("say:");
  auto end = text.find('!');
  while (speech && end != std::string_view::npos &&
         (end + 1 == text.size() || std::isspace(static_cast<unsigned char>(text[end + 1])) != 0 ||
          text[end + 1] == '!')) {
    end = text.find('!', end + 1);
  }
  const auto name = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  return name;
}

/// What the library makes; a name that is neither tones nor silence.
sounds::Source source_of(SoundName name) {
  if (auto* const file = std::get_if<fs::path>(&name)) {
    return std::move(*file);
  }
  if (auto* const prompt = std::get_if<sounds::Prompt>(&name)) {
    return std::move(*prompt);
  }
  if (auto* const text = std::get_if<sounds::Text>(&name)) {
    return std::move(*text);
  }
  return std::get<sounds::Music>(std::move(name));
}

std::string check_names(const base::result<std::vector<SoundName>>& names) {
  if (!names) {
    return names.error().what;
  }
  for (const auto& name : *names) {
    if (const auto* const file = std::get_if<fs::path>(&name)) {
      if (const auto error = media::check_sound(*file)) {
        return fmt::format("{}: {}", file->string(), media::describe(*error));
      }
    }
  }
  return {};
}

}  // namespace

base::result<std::vector<SoundName>> parse_sounds(std::string_view text, const config::Snapshot& config,
                                                  std::string_view language) {
  (void)take_scheme(text, "file_string");
  Reader reader(config, language);
  for (;;) {
    const auto before = text.size();
    const auto name = take_name(text);
    if (auto wrong = reader.add(name); !wrong.empty()) {
      return base::Error{std::move(wrong)};
    }
    if (name.size() == before) {
      return reader.take();
    }
  }
}

std::string language_of(const Variables& variables, const config::Snapshot& config) {
  std::string language = variables.value("language");
  if (language.empty()) {
    language = variables.value("default_language");
  }
  return std::string(sounds::nearest_language(language.empty() ? config.pbx.language : language));
}

std::string check_sounds(std::string_view text, const config::Snapshot& config) {
  return check_names(parse_sounds(text, config));
}

std::string check_hold_music(const std::string& text, const config::Snapshot& config) {
  return check_names(parse_hold_music(text, config));
}

awaitable<base::result<media::PlayList>> load_sounds(sounds::Library& library, std::vector<SoundName> names,
                                                     unsigned rate) {
  media::PlayList list;
  for (auto& name : names) {
    if (auto* const tones = std::get_if<media::ToneScript>(&name)) {
      list.emplace_back(std::move(*tones));
      continue;
    }
    if (const auto* const silence = std::get_if<media::Silence>(&name)) {
      list.emplace_back(*silence);
      continue;
    }
    const bool stream = std::holds_alternative<sounds::Music>(name);
    auto sound = co_await library.load(source_of(std::move(name)), rate);
    if (!sound) {
      co_return sound.error();
    }
    list.push_back(stream ? media::PlayItem(media::SharedStream{std::move(*sound)})
                          : media::PlayItem(std::move(*sound)));
  }
  co_return list;
}

base::result<std::vector<SoundName>> parse_hold_music(std::string_view text, const config::Snapshot& config) {
  if (text.empty()) {
    return std::vector<SoundName>();
  }
  if (sounds::has_music(config, text)) {  // by its name alone
    return std::vector<SoundName>{sounds::Music{std::string(text)}};
  }
  return parse_sounds(text, config);
}

}  // namespace switchroom::call
