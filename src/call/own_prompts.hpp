// The sound files of this exchange that were recorded by phone, as a folder.
#pragma once

#include "base/asio.hpp"
#include "base/result.hpp"
#include "base/worker.hpp"

#include <cstdint>
#include <ctime>
#include <filesystem>
#include <string>
#include <vector>

namespace switchroom::call {

/// "custom/welcome" or "custom/welcome.wav" to "custom/welcome.wav": letters, digits and `_-.` in each part,
/// none of which begins with a dot. The error is a sentence.
base::result<std::string> prompt_file(std::string_view name);

struct OwnPrompt {
  std::string name;  // below the folder
  std::uintmax_t bytes = 0;
  std::time_t changed = 0;
};

/// Touches the disk on a thread of its own. Call thread.
class OwnPrompts {
 public:
  explicit OwnPrompts(asio::io_context& call_context);

  /// Puts `from` in the place of `to`, at once and wholly. Empty, or why not.
  awaitable<std::string> keep(std::filesystem::path from, std::filesystem::path to);
  /// Removes what nobody wants; asks nobody to wait.
  void forget(std::filesystem::path file);
  awaitable<std::vector<OwnPrompt>> list(std::filesystem::path folder);

 private:
  asio::io_context& call_context_;
  base::Worker worker_{"own prompts", base::Worker::AtEnd::finish};
};

}  // namespace switchroom::call
