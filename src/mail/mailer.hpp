// Mail out: letters in, a thread that sends them and tries again.
#pragma once

#include "base/asio.hpp"
#include "base/result.hpp"
#include "config/snapshot.hpp"
#include "mail/letter.hpp"
#include "mail/queue.hpp"
#include "mail/webhook.hpp"
#include "mail/writing.hpp"

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace switchroom::mail {

class Postman;

/// Call thread; everything that takes time is on a thread of its own.
class Mailer {
 public:
  struct Settings {
    std::filesystem::path folder;   // data_dir/mail
    std::string_view built_in_cas;  // PEM; lives for ever
    EncodeMp3 encode_mp3;           // on the mail thread
  };
  static base::result<std::unique_ptr<Mailer>> open(Settings settings, asio::io_context& call_context);
  ~Mailer();
  Mailer(const Mailer&) = delete;
  Mailer& operator=(const Mailer&) = delete;

  void configure(const config::SnapshotPtr& config);
  /// `queued`: it is on the disk and will not be lost (false: it could not be written).
  void send(Letter letter, std::function<void(bool safe)> queued);
  /// Told of the fate of mails, on the call thread: "delivered", "refused", "given up".
  struct Fate {
    std::string id;
    std::string to;
    std::string tag;
    std::string what;
    std::string words;
  };
  void on_fate(std::function<void(const Fate& fate)> listener);

  [[nodiscard]] std::vector<Waiting> waiting() const;  // any thread
  /// One mail at once, not through the queue. The answer tells the conversation, its last line what is wrong
  /// or that all is well; ok says which.
  struct Report {
    bool ok = false;
    std::vector<std::string> lines;
  };
  awaitable<Report> test(std::string address);
  /// Sets one (or "all") going now; how many.
  awaitable<std::size_t> retry(std::string id);
  awaitable<std::size_t> remove(std::string id);

  /// Shares the mail thread; lives as long as this.
  [[nodiscard]] Webhook& webhook();

 private:
  explicit Mailer(std::unique_ptr<Postman> postman);
  std::unique_ptr<Postman> postman_;
};

}  // namespace switchroom::mail
