#include "recording/convert.hpp"

#include "base/durable.hpp"
#include "base/log.hpp"
#include "recording/library.hpp"
#include "recording/measure.hpp"

#include <fmt/core.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <sndfile.h>
#include <unistd.h>

namespace switchroom::recording {
namespace {

namespace fs = std::filesystem;
using log::Level;
using log::Subsystem;

struct CloseSound {
  void operator()(SNDFILE* file) const { sf_close(file); }
};

/// Removes an unfinished file, whatever way its maker is left.
class Part {
 public:
  explicit Part(fs::path path) : path_(std::move(path)) {}
  ~Part() { ::unlink(path_.c_str()); }
  Part(const Part&) = delete;
  Part& operator=(const Part&) = delete;
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

base::Error trouble(std::string_view doing, const fs::path& file) {
  return {fmt::format("cannot {} {}: {}", doing, file.string(), std::strerror(errno))};
}

}  // namespace

base::result<std::uint64_t> encode_mp3(const fs::path& wav, const std::shared_ptr<OutputFile>& out,
                                       const Quality& quality, const std::atomic<bool>& stop) {
  SF_INFO info{};
  const std::unique_ptr<SNDFILE, CloseSound> in(sf_open(wav.c_str(), SFM_READ, &info));
  if (in == nullptr) {
    return base::Error{fmt::format("cannot read {}: {}", wav.string(), sf_strerror(nullptr))};
  }
  if (info.channels > 2) {
    return base::Error{fmt::format("{} has {} channels", wav.string(), info.channels)};
  }
  auto writer = SoundWriter::begin(out, {Format::mp3, static_cast<unsigned>(info.samplerate),
                                         static_cast<unsigned>(info.channels), quality});
  if (!writer) {
    return writer.error();
  }
  constexpr sf_count_t at_once = 8192;
  std::vector<short> pcm(static_cast<std::size_t>(at_once * info.channels));
  while (const sf_count_t frames = sf_readf_short(in.get(), pcm.data(), at_once)) {
    if (stop) {
      return std::uint64_t{0};
    }
    const auto all = std::span(pcm).first(static_cast<std::size_t>(frames * info.channels));
    if (const auto written = (*writer)->write(all); !written) {
      return written.error();
    }
  }
  if (const auto finished = (*writer)->finish(); !finished) {
    return finished.error();
  }
  return (*writer)->frames();
}

Quality quality_in(const config::Recording& settings) {
  Quality quality;
  quality.opus_kbit = settings.opus_kbit;
  const int mp3 = config::mp3_quality(settings.mp3_quality).value_or(-2);
  if (mp3 > 0) {
    quality.mp3_kbit = static_cast<unsigned>(mp3);
  } else {
    quality.mp3_vbr = mp3 == -100 ? 0 : -mp3;
  }
  return quality;
}

// The WAV goes when the MP3 is on the disk and decodes to the same length.
bool Library::convert_one(const std::atomic<bool>& stop) {
  const auto after = settings().mp3_after;
  if (after.count() == 0) {
    return false;
  }
  auto due = with_index(
      [&](Index& index) { return index.to_convert(base::wall_now() - after.count() * 1'000'000, 1); });
  if (!due || due->empty() || stop) {
    return false;
  }
  Entry& entry = due->front();
  const base::Time began = base::Clock::now();
  const auto converted = convert(entry, stop);
  if (!converted) {
    log::line(Level::error, Subsystem::media, entry.call, "conversion to MP3 failed, the WAV stays: {}",
              converted.error().what);
    ++entry.conversion_failures;
    entry.target.clear();
    (void)save(entry);
    return true;
  }
  const double took = std::chrono::duration<double>(base::Clock::now() - began).count();
  if (*converted) {
    log::line(Level::info, Subsystem::media, entry.call, "converted to {}: {:.1f} s of sound in {:.2f} s",
              path_of(entry).string(), static_cast<double>(entry.length_ms) / 1000.0, took);
  }
  return *converted;
}

/// False: it was broken off.
base::result<bool> Library::convert(Entry& entry, const std::atomic<bool>& stop) {
  const fs::path wav = path_of(entry);
  const std::string target = fs::path(entry.file).replace_extension(".mp3").string();
  auto out = OutputFile::create(root(true), target + ".part");
  if (!out) {
    return out.error();
  }
  const Part part((*out)->path());
  const auto frames = encode_mp3(wav, *out, quality_in(settings()), stop);
  if (!frames) {
    return frames.error();
  }
  if (stop) {
    return false;
  }
  if (const auto synced = (*out)->sync(true); !synced) {
    return synced.error();
  }
  const auto measured = measure(part.path(), Format::mp3);
  if (!measured) {
    return measured.error();
  }
  if (measured->frames != *frames) {
    return base::Error{
        fmt::format("{} decodes to {} samples, not to {}", part.path().string(), measured->frames, *frames)};
  }
  // Its age stays that of the recording.
  struct stat facts{};
  if (::stat(wav.c_str(), &facts) == 0) {
    const struct timespec times[2] = {facts.st_atim, facts.st_mtim};
    ::utimensat(AT_FDCWD, part.path().c_str(), times, AT_SYMLINK_NOFOLLOW);
  }
  if (const auto replaced = replace_by_mp3(entry, part.path()); !replaced) {
    return replaced.error();
  }
  return true;
}

base::result<void> Library::replace_by_mp3(Entry& entry, const fs::path& part) {
  const std::string stem = fs::path(entry.file).replace_extension("").string();
  constexpr int most = 1000;
  for (int number = 1; number < most; ++number) {
    entry.target = number == 1 ? stem + ".mp3" : fmt::format("{}-{}.mp3", stem, number);
    const fs::path made = root(true) / entry.target;
    // Before the file has its name the entry knows it: after a kill between the two the next start looks
    // there.
    if (auto saved = save(entry); !saved) {
      return saved;
    }
    if (::renameat2(AT_FDCWD, part.c_str(), AT_FDCWD, made.c_str(), RENAME_NOREPLACE) == 0) {
      break;
    }
    if (errno != EEXIST) {
      return trouble("name", made);
    }
    if (number + 1 == most) {
      return base::Error{fmt::format("there are too many files like {}", made.string())};
    }
  }
  const fs::path made = root(true) / entry.target;
  base::sync_folder(made.parent_path());
  entry.leftover = entry.file;
  entry.file = std::exchange(entry.target, "");
  entry.in_mp3_folder = has_own_mp3_folder();
  struct stat facts{};
  entry.bytes = ::stat(made.c_str(), &facts) == 0 ? facts.st_size : entry.bytes;
  if (auto saved = save(entry); !saved) {
    return saved;
  }
  return drop_leftover(entry);
}

base::result<void> Library::drop_leftover(Entry& entry) {
  const fs::path wav = folder_ / entry.leftover;
  if (::unlink(wav.c_str()) != 0 && errno != ENOENT) {
    return trouble("delete", wav);
  }
  base::sync_folder(wav.parent_path());
  remove_empty_folders(wav.parent_path(), folder_);
  entry.leftover.clear();
  return save(entry);
}

}  // namespace switchroom::recording
