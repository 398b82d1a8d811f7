// A mailbox of ten thousand messages: how long it takes to load, to list, to walk and to change. CPU time and
// the longest single step on the call thread, since a caller notices pauses, not sums.
#include "base/random.hpp"
#include "base/timer_queue.hpp"
#include "voicemail/mailboxes.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <fstream>

using namespace switchroom;
namespace fs = std::filesystem;

namespace {

constexpr int count = 10'000;

double cpu_ms() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

template <class F>
double timed(F&& work) {
  const double began = cpu_ms();
  work();
  return cpu_ms() - began;
}

void write_messages(const fs::path& folder) {
  std::string wav = "RIFF";
  wav += std::string("\x24\x3f\0\0", 4) + "WAVEfmt " +
         std::string("\x10\0\0\0\1\0\1\0\x40\x1f\0\0\x80\x3e\0\0\2\0\x10\0", 20) + "data" +
         std::string("\0\x3f\0\0", 4) + std::string(16128, 'x');
  fs::create_directories(voicemail::folder_of(folder, "1001"));
  for (int i = 0; i < count; ++i) {
    voicemail::Message m;
    m.mailbox = "1001";
    m.file = voicemail::write_name(
        {1'700'000'000'000'000 + i * 1'000'000LL, "1002", "Bob", base::random_token(8)});
    std::ofstream(voicemail::sound_of(folder, m), std::ios::binary) << wav;
  }
}

}  // namespace

int main() {
  const fs::path folder = fs::temp_directory_path() / ("bench-voicemail-" + base::random_token(8));
  write_messages(folder);
  asio::io_context context(1);
  base::TimerQueue timers(context);
  auto config = std::make_shared<config::Snapshot>();
  config->voicemail.max_messages = 2 * count;
  {
    std::unique_ptr<voicemail::Mailboxes> boxes;
    const double adopting = timed([&] { boxes = *voicemail::Mailboxes::open({folder, 0}, context, timers); });
    fmt::print("adopting {} files without an index: {:.0f} ms of CPU\n", count, adopting);
    boxes->configure(config);
  }
  std::unique_ptr<voicemail::Mailboxes> boxes;
  const double loading = timed([&] { boxes = *voicemail::Mailboxes::open({folder, 0}, context, timers); });
  boxes->configure(config);
  std::vector<voicemail::MessageId> ids;
  const double listing = timed([&] { ids = boxes->list("1001", voicemail::State::fresh); });
  double longest = 0;
  double sum = 0;
  for (const auto id : ids) {
    const double step = timed([&] {
      const auto* message = boxes->find(id);
      boxes->mark(message->id, voicemail::State::saved);
      (void)boxes->counts("1001");
    });
    longest = std::max(longest, step);
    sum += step;
  }
  fmt::print("loading {} messages at the start: {:.0f} ms\n", ids.size(), loading);
  fmt::print("the list that a listener walks: {:.2f} ms\n", listing);
  fmt::print("finding, marking as saved and counting: {:.4f} ms each, {:.2f} ms at the longest\n",
             sum / static_cast<double>(ids.size()), longest);
  (void)boxes->flush(std::chrono::minutes(5));
  boxes.reset();
  fs::remove_all(folder);
  return 0;
}
