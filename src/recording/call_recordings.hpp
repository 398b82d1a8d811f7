// The recordings of calls that are up: who asked for them, announcements, beeps, pauses, ends.
#pragma once

#include "base/asio.hpp"
#include "base/task_group.hpp"
#include "base/timers.hpp"
#include "call/events.hpp"
#include "media/sound.hpp"
#include "recording/archive.hpp"
#include "recording/recorder.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace switchroom::call {
class Call;
class Leg;
}  // namespace switchroom::call
namespace switchroom::media {
class Playback;
}
namespace switchroom::sounds {
class Library;
}

namespace switchroom::recording {

struct Request {
  std::string path;       // a template; empty: that of [recording]
  bool replaced = false;  // its variables were replaced already
  std::optional<bool> stereo;
  base::Duration longest{};
  bool at_answer = false;  // not before the caller is answered
};

/// Call thread. One recording has both parties of a call: what the caller says, and what he hears, which are
/// of the same moment sample by sample. It belongs to the call, not to who talks: it goes on through
/// transfers and into voicemail until it is stopped or the call ends.
class CallRecordings {
 public:
  struct Rooms {
    asio::io_context& context;
    base::Timers& timers;
    call::Events& events;
    sounds::Library& sounds;
    Recorder& recorder;
    Archive& archive;
  };
  using Find = std::function<call::Call*(const std::string& uuid)>;

  CallRecordings(const Rooms& rooms, Find find);
  ~CallRecordings();
  CallRecordings(const CallRecordings&) = delete;
  CallRecordings& operator=(const CallRecordings&) = delete;

  /// The file that is (or will be) written, below the folder. With `consent` it begins when that was heard.
  base::result<std::string> start(call::Call& call, const Request& request);
  /// Waits while an announcement is played, on the call's coroutine.
  awaitable<void> announced(call::Call& call);
  /// Of one file, as it was asked for, or "all". How many were running.
  std::size_t stop(call::Call& call, std::string_view path);
  /// All of the call. How many it changed.
  std::size_t pause(call::Call& call, bool on);

  struct View {
    std::string file;
    std::string state;  // "recording", "paused", "waits for the answer", "announcing"
    bool stereo = false;
    base::Duration length{};
  };
  [[nodiscard]] std::vector<View> of(const std::string& call) const;
  [[nodiscard]] std::size_t running() const;
  /// Before the call context stops.
  awaitable<void> close();

 private:
  enum class Stage : std::uint8_t { waiting, announcing, running };
  struct One {
    std::string asked;  // the path, its variables replaced
    std::string file;   // below the folder
    Request request;
    Stage stage = Stage::waiting;
    std::unique_ptr<Recording> recording;
  };
  struct OfCall {
    std::vector<std::unique_ptr<One>> all;
    std::vector<std::unique_ptr<media::Playback>> announcements;
    bool announced = false;  // to the caller, from its beginning on
    bool announcement_over = false;
    base::TimerId announcement_end = 0;
    base::TimerId beep = 0;
  };

  void on_event(const call::Event& event);
  void on_answer(call::Call& call);
  void on_bridge(call::Call& call, const std::string& who);
  void on_end(const std::string& id);
  void proceed(call::Call& call, One& one);
  void begin(call::Call& call, One& one);
  void note_made(const std::string& id, const std::string& wanted, const std::filesystem::path& file);
  void note_end(const std::string& id, const std::string& wanted, const Outcome& outcome);
  void fail(call::Call& call, One& one, const std::string& why);
  awaitable<void> announce(std::string id, bool to_caller);
  void play_announcement(OfCall& of, call::Leg& leg, const media::PlayList& list,
                         std::function<void()> on_end);
  void end_announcement(const std::string& id);
  void beep(const std::string& id);
  void forget_finished(OfCall& of);

  Rooms rooms_;
  Find find_;
  std::map<std::string, OfCall> calls_;  // by id, those with a recording
  call::Events::Subscription subscription_;
  base::TaskGroup tasks_;  // last: empty before the rest goes
};

}  // namespace switchroom::recording
