// Where calls get sound from: files, prompts, speech; each made once and shared.
#pragma once

#include "base/asio.hpp"
#include "base/result.hpp"
#include "config/snapshot.hpp"
#include "media/sound.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <variant>

namespace switchroom::sounds {

/// A prompt inside the executable, as find_prompt() knows it.
struct Prompt {
  std::string name;
  std::string language;
};
/// A text for the synthesiser. Empty members: as the file says.
struct Text {
  std::string text;
  std::string voice;
  std::string language;
  bool flite = false;  // never the command
};
/// Music on hold by name: [music.NAME], else "default" or "moh" for the music inside the executable.
struct Music {
  std::string name;
};
/// Is there music of this name?
bool has_music(const config::Snapshot& config, std::string_view name);

using Source = std::variant<std::filesystem::path, Prompt, Text, Music>;

/// How often what was done, since the start.
struct LibraryStatistics {
  std::uint64_t made = 0;    // read, decoded or spoken
  std::uint64_t shared = 0;  // found in memory, or already in the making
  std::uint64_t failed = 0;
  std::uint64_t bytes = 0;  // in memory now
};

/// Makes sound on threads of its own (one for files, one for prompts, one for speech, so that none waits for
/// another kind) and keeps what was made lately, so that a prompt that a hundred callers hear is decoded
/// once. Call thread.
class Library {
 public:
  struct Settings {
    std::size_t cache_bytes = 64U << 20U;
    base::Duration longest = std::chrono::hours(2);  // of a file
    std::size_t longest_text = 4000;                 // bytes
    std::size_t most_waiting = 500;                  // for one thread
  };
  Library(asio::io_context& call_context, const Settings& settings);
  explicit Library(asio::io_context& call_context);
  ~Library();  // joins the threads; who still waits is told so
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;

  /// What [speech] and [music] say from now on.
  void configure(const config::SnapshotPtr& config);

  /// Mono, at the source's own rate or, where that is above `rate` or none that Sound knows, at the nearest
  /// lower one (8000 to 48000). A file that changed on disk is read anew. The error names the source.
  awaitable<base::result<media::SoundPtr>> load(Source source, unsigned rate);

  [[nodiscard]] LibraryStatistics statistics() const;

 private:
  class Shelf;
  std::unique_ptr<Shelf> shelf_;
};

}  // namespace switchroom::sounds
