// The recordings of one room.
#pragma once

#include "base/result.hpp"
#include "recording/recorder.hpp"

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace switchroom::conference {

/// Call thread. A recording ends with this, or earlier.
class Recordings {
 public:
  using MakeTap = std::function<std::unique_ptr<media::Tap>(const media::TapSettings& settings)>;
  /// `rate`: Hz of the files. `root`: the folder below which they lie.
  Recordings(recording::Recorder& recorder, std::filesystem::path root, unsigned rate, MakeTap tap)
      : recorder_(recorder), root_(std::move(root)), rate_(rate), tap_(std::move(tap)) {}

  /// `file`: below the root, or an absolute path that leads there. Returns where it is; the file itself is
  /// made a moment later by the recorder's thread.
  base::result<std::string> start(const std::string& file);
  /// "all" or one that start() returned, or that was given to it. Returns those that have ended.
  std::vector<std::string> stop(std::string_view which);
  [[nodiscard]] bool empty() const { return running_.empty(); }
  [[nodiscard]] std::vector<std::string> files() const;

 private:
  struct Running {
    std::string asked;
    std::string file;
    std::unique_ptr<recording::Recording> recording;
  };
  recording::Recorder& recorder_;
  std::filesystem::path root_;
  unsigned rate_;
  MakeTap tap_;
  std::vector<Running> running_;
};

}  // namespace switchroom::conference
