// A program that is given a text and some time.
#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"

#include <atomic>
#include <string>
#include <vector>

namespace switchroom::sounds {

/// Runs argv[0] (found by PATH where it has no slash) with `input` on its standard input, without a shell, in
/// a process group of its own and with no descriptor of ours. Returns what it wrote to standard output, at
/// most `most` bytes (more is an error). Blocks; when `limit` is over, or `stop` set, the group is killed. An
/// exit status other than 0 is an error, with the end of what it wrote to standard error. Any thread but the
/// call thread.
base::result<std::string> run_child(const std::vector<std::string>& argv, const std::string& input,
                                    base::Duration limit, std::size_t most, const std::atomic<bool>& stop);

}  // namespace switchroom::sounds
