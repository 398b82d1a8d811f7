#include "mail/queue.hpp"

#include "base/asio.hpp"
#include "base/log.hpp"

#include <boost/json.hpp>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <unistd.h>

namespace switchroom::mail {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

base::Error failure(const fs::path& file) { return base::Error{file.string() + ": " + std::strerror(errno)}; }

/// All of it is on the disk under this name, or nothing is.
base::result<void> write_whole(const fs::path& file, const std::string& text) {
  const fs::path partial = file.string() + ".part";
  const int fd = ::open(partial.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) {
    return failure(partial);
  }
  std::size_t done = 0;
  while (done < text.size()) {
    const auto written = ::write(fd, text.data() + done, text.size() - done);
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written <= 0) {
      auto why = failure(partial);
      ::close(fd);
      ::unlink(partial.c_str());
      return why;
    }
    done += static_cast<std::size_t>(written);
  }
  if (::fsync(fd) != 0 || ::close(fd) != 0 || ::rename(partial.c_str(), file.c_str()) != 0) {
    auto why = failure(file);
    ::unlink(partial.c_str());
    return why;
  }
  if (const int folder = ::open(file.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
      folder >= 0) {
    (void)::fsync(folder);
    ::close(folder);
  }
  return {};
}

std::string read_whole(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string text_of(const json::object& object, const char* key) {
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}
std::int64_t number_of(const json::object& object, const char* key) {
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_int64() ? value->get_int64() : 0;
}

json::object parse(const std::string& text) {
  error_code bad;
  const auto value = json::parse(text, bad);
  return !bad && value.is_object() ? value.get_object() : json::object();
}

}  // namespace

base::result<Queue> Queue::open(const fs::path& folder) {
  std::error_code failed;
  fs::create_directories(folder, failed);
  if (failed) {
    return base::Error{"cannot make " + folder.string() + ": " + failed.message()};
  }
  fs::permissions(folder, fs::perms::owner_all, failed);
  Queue queue;
  queue.folder_ = folder;
  queue.load();
  return queue;
}

void Queue::load() {
  std::error_code failed;
  std::vector<fs::path> leftovers;
  for (const auto& entry : fs::directory_iterator(folder_, failed)) {
    const fs::path& file = entry.path();
    const auto is_forgotten = [&] { return !fs::exists(folder_ / (file.stem().string() + ".mail"), failed); };
    if (file.extension() == ".part" || file.extension() == ".mp3" ||
        (file.extension() == ".state" && is_forgotten())) {
      leftovers.push_back(file);
    } else if (file.extension() == ".mail") {
      std::ifstream in(file);
      std::string line;
      std::getline(in, line);
      const auto head = parse(line);
      Waiting mail;
      mail.id = file.stem().string();
      mail.to = text_of(head, "to");
      mail.subject = text_of(head, "subject");
      mail.tag = text_of(head, "tag");
      mail.created = number_of(head, "created");
      const auto state = parse(read_whole(state_file(mail.id)));
      mail.next_try = number_of(state, "next");
      mail.attempts = static_cast<std::uint32_t>(number_of(state, "attempts"));
      mail.words = text_of(state, "words");
      mail.refused = number_of(state, "refused") != 0;
      if (mail.to.empty()) {
        log::line(log::Level::error, log::Subsystem::mail, {},
                  "{} is no mail of this queue and is left alone", file.string());
        continue;
      }
      waiting_.emplace(mail.id, std::move(mail));
    }
  }
  for (const auto& file : leftovers) {
    fs::remove(file, failed);
  }
}

base::result<void> Queue::put(const Waiting& mail, const std::string& message) {
  if (waiting_.contains(mail.id)) {
    return {};
  }
  json::object head{{"to", mail.to}, {"subject", mail.subject}, {"tag", mail.tag}, {"created", mail.created}};
  if (auto written = write_whole(mail_file(mail.id), json::serialize(head) + "\n" + message); !written) {
    return written;
  }
  waiting_.emplace(mail.id, mail);
  return {};
}

base::result<std::string> Queue::message(const std::string& id) const {
  const std::string whole = read_whole(mail_file(id));
  const auto end = whole.find('\n');
  if (end == std::string::npos) {
    return base::Error{mail_file(id).string() + " cannot be read"};
  }
  return base::success(whole.substr(end + 1));
}

void Queue::note(const Waiting& mail) {
  waiting_[mail.id] = mail;
  const json::object state{{"next", mail.next_try},
                           {"attempts", static_cast<std::int64_t>(mail.attempts)},
                           {"words", mail.words},
                           {"refused", mail.refused ? 1 : 0}};
  if (const auto written = write_whole(state_file(mail.id), json::serialize(state)); !written) {
    log::line(log::Level::warning, log::Subsystem::mail, {}, "the state of a mail is not on the disk: {}",
              written.error().what);
  }
}

// The mail first: a state without a mail is nothing.
void Queue::remove(const std::string& id) {
  std::error_code failed;
  fs::remove(mail_file(id), failed);
  fs::remove(state_file(id), failed);
  waiting_.erase(id);
}

const Waiting* Queue::find(const std::string& id) const {
  const auto found = waiting_.find(id);
  return found == waiting_.end() ? nullptr : &found->second;
}

}  // namespace switchroom::mail
