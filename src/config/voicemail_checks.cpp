#include "config/voicemail_checks.hpp"

#include "config/suggestions.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <map>

namespace switchroom::config {
namespace {

class Check {
 public:
  Check(Snapshot& snapshot, const Places& places, std::vector<Problem>& problems)
      : snapshot_(snapshot), voicemail_(snapshot.voicemail), places_(places), problems_(problems) {}

  void run() {
    for (const auto& [name, mailbox] : voicemail_.mailboxes) {
      check_mailbox(name, mailbox);
    }
    check_lists();
    check_numbers();
    check_keys();
    check_codes();
    check_prompts();
    check_mail();
  }

 private:
  [[nodiscard]] Place place_of(const std::string& key, const Place& around) const {
    const auto found = places_.find(key);
    return found == places_.end() ? around : found->second;
  }
  void complain(const std::string& key, const Place& around, std::string what) {
    problems_.push_back({place_of(key, around), key, std::move(what)});
  }
  [[nodiscard]] bool is_set(const std::string& key) const { return places_.find(key) != places_.end(); }

  [[nodiscard]] std::string path_of(const std::string& name) const {
    const std::string own = "extensions." + name + ".voicemail";
    return is_set(own) ? own : "voicemail.mailboxes." + name;
  }

  void check_mailbox(const std::string& name, const MailboxSettings& mailbox) {
    const std::string path = path_of(name);
    if (mailbox.pin.empty()) {
      if (!is_set(path + ".pin")) {  // else it was told already
        complain(path + ".pin", mailbox.place, "is missing: a mailbox has a PIN, as in pin = \"4711\"");
      }
    } else if (const auto weak = pin_weakness(mailbox.pin, name, voicemail_.pin_min_length); !weak.empty()) {
      complain(path + ".pin", mailbox.place, "the PIN " + weak + ": choose another");
    }
    for (const auto& [key, address] :
         {std::pair{"email", &mailbox.email}, std::pair{"notify", &mailbox.notify}}) {
      if (!address->empty() && !is_mail_address(*address)) {
        complain(path + "." + key, mailbox.place,
                 fmt::format("\"{}\" is no mail address, as in alice@example.com", *address));
      }
    }
    for (const auto& member : mailbox.members) {
      if (!snapshot_.extensions.contains(member)) {
        complain(path + ".members", mailbox.place, fmt::format("there is no extension {}", member));
      }
    }
  }

  void check_lists() {
    for (const auto& [name, list] : voicemail_.lists) {
      const std::string path = "voicemail.lists." + name;
      if (list.members.empty()) {
        complain(path + ".members", list.place, "is missing: the mailboxes that get the message");
      }
      for (const auto& member : list.members) {
        if (mailbox_named(voicemail_, member).empty()) {
          complain(path + ".members", list.place, fmt::format("there is no mailbox {}", member));
        }
      }
    }
  }

  void check_numbers() {
    std::map<std::string, std::string> taken;
    const auto take = [&](const std::string& number, const std::string& path, const Place& place) {
      if (number.empty()) {
        return;
      }
      const auto [at, is_new] = taken.insert({number, path});
      if (!is_new && at->second != path) {
        complain(path, place, fmt::format("{} is {} already", number, at->second));
      }
    };
    for (const auto& [name, mailbox] : voicemail_.mailboxes) {
      take(name, path_of(name), mailbox.place);
      take(mailbox.number, path_of(name), mailbox.place);
    }
    for (const auto& [name, list] : voicemail_.lists) {
      take(name, "voicemail.lists." + name, list.place);
      take(list.number, "voicemail.lists." + name, list.place);
    }
  }

  using Bound = std::vector<std::pair<const char*, const std::string*>>;
  void check_menu(std::string_view menu, const Bound& keys) {
    for (std::size_t i = 0; i < keys.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        if (!keys[i].second->empty() && *keys[i].second == *keys[j].second) {
          const std::string path = std::string("voicemail.keys.") + keys[i].first;
          const std::string other = std::string("voicemail.keys.") + keys[j].first;
          complain(is_set(path) ? path : other, place_of("voicemail.keys", {}),
                   fmt::format("{} and {} are the same key in {}", keys[i].first, keys[j].first, menu));
        }
      }
    }
  }
  void check_keys() {
    const auto& k = voicemail_.keys;
    const Bound greeting{
        {"skip_greeting", &k.skip_greeting}, {"login", &k.login}, {"operator", &k.operator_key}};
    const Bound main{{"play_new", &k.play_new},
                     {"play_saved", &k.play_saved},
                     {"config_menu", &k.config_menu},
                     {"change_pin", &k.change_pin},
                     {"exit", &k.exit}};
    const Bound config{{"record_greeting", &k.record_greeting},
                       {"choose_greeting", &k.choose_greeting},
                       {"record_name", &k.record_name},
                       {"change_pin", &k.change_pin},
                       {"back", &k.back}};
    const Bound message{{"listen", &k.listen},       {"save", &k.save},     {"envelope", &k.envelope},
                        {"call_back", &k.call_back}, {"delete", &k.remove}, {"forward", &k.forward},
                        {"repeat", &k.repeat},       {"next", &k.next},     {"rewind", &k.rewind},
                        {"skip", &k.skip},           {"pause", &k.pause},   {"back", &k.back}};
    const Bound review{{"review_listen", &k.review_listen},
                       {"review_keep", &k.review_keep},
                       {"review_again", &k.review_again},
                       {"review_urgent", &k.review_urgent}};
    for (const auto* menu : {&greeting, &main, &config, &message, &review}) {
      for (const auto& [name, key] : *menu) {
        if (key->find_first_not_of("0123456789*#") != std::string::npos) {
          complain(std::string("voicemail.keys.") + name, {},
                   fmt::format("\"{}\" is no key: 0-9, * or #", *key));
        }
      }
    }
    const std::string& terminator = k.terminator;
    if (terminator.find_first_not_of("0123456789*#") != std::string::npos || terminator.empty()) {
      complain("voicemail.keys.terminator", {}, "is no key: 0-9, * or #");
    }
    check_menu("the greeting", greeting);
    check_menu("the main menu", main);
    check_menu("the config menu", config);
    check_menu("a message", message);
    check_menu("the review", review);
  }

  void check_codes() {
    const std::pair<const char*, const std::string*> codes[] = {{"check", &voicemail_.check},
                                                                {"check_mailbox", &voicemail_.check_mailbox},
                                                                {"leave", &voicemail_.leave}};
    for (const auto& [name, code] : codes) {
      if (code->find_first_not_of("0123456789*#") != std::string::npos) {
        complain(std::string("voicemail.") + name, {},
                 fmt::format("\"{}\" is nothing that can be dialled", *code));
      }
      for (const auto& [other, same] : codes) {
        if (other != name && !code->empty() && *code == *same && std::string(name) < other) {
          complain(std::string("voicemail.") + name, {}, fmt::format("is the same code as {}", other));
        }
      }
    }
  }

  void check_prompts() {
    std::vector<std::string> names;
    for (const auto& prompt : voicemail_prompts()) {
      names.emplace_back(prompt.name);
    }
    for (const auto& [name, sounds] : voicemail_.prompts) {
      if (std::find(names.begin(), names.end(), name) == names.end()) {
        complain("voicemail.prompts." + name, {},
                 fmt::format("there is no prompt by this name{}", did_you_mean(name, names)));
      }
    }
  }

  void check_mail() {
    Mail& mail = snapshot_.mail;
    if (!mail.server.empty() && !mail.sendmail.empty()) {
      complain("mail.sendmail", {}, "stands beside server: keep one of the two");
    }
    if (mail.enabled() && address_in(mail.from).empty()) {
      complain("mail.from", place_of("mail", {}),
               mail.from.empty()
                   ? "is missing: the sender of our mail, as in from = \"voicemail@example.com\""
                   : "is no mail address");
    }
    if (mail.username.empty() != mail.password.empty()) {
      complain(mail.username.empty() ? "mail.password" : "mail.username", place_of("mail", {}),
               "username and password belong together");
    }
    if (is_set("mail.password") && is_set("mail.password_file")) {
      complain("mail.password_file", {}, "password and password_file are both set: keep one");
    }
    if (!mail.sendmail.empty() && !mail.sendmail.front().starts_with('/')) {
      complain("mail.sendmail", {}, "the program needs its whole path, as in \"/usr/sbin/sendmail\"");
    }
    if (!mail.username.empty() && mail.tls == "none" && mail.server != "localhost" &&
        mail.server != "127.0.0.1" && mail.server != "::1") {
      complain("mail.tls", place_of("mail.username", {}),
               "\"none\" would send the password in the open: starttls or tls");
    }
    if (mail.port == 0) {
      mail.port = mail.tls == "starttls" ? 587 : mail.tls == "tls" ? 465 : 25;
    }
    if (!mail.ca_file.empty()) {
      std::error_code none;
      const auto file = std::filesystem::absolute(snapshot_.file, none).parent_path();
      mail.ca_file = (file / mail.ca_file).lexically_normal();
      if (!std::filesystem::is_regular_file(mail.ca_file, none)) {
        complain("mail.ca_file", {}, fmt::format("there is no file {}", mail.ca_file.string()));
      }
    }
  }

  Snapshot& snapshot_;
  Voicemail& voicemail_;
  const Places& places_;
  std::vector<Problem>& problems_;
};

}  // namespace

bool is_mail_address(std::string_view text) {
  const auto at = text.rfind('@');
  const auto bad = [](unsigned char c) {
    return c <= 0x20 || c == 0x7F ||
           std::string_view("<>(),;:\\\"[]").find(static_cast<char>(c)) != std::string_view::npos;
  };
  return at != std::string_view::npos && at > 0 && at + 1 < text.size() && text.size() <= 254 &&
         text.find('@') == at && std::none_of(text.begin(), text.end(), bad) && !text.starts_with('-') &&
         !text.ends_with('.') && text[at + 1] != '.';
}

std::string address_in(std::string_view text) {
  const auto open = text.find('<');
  if (open != std::string_view::npos) {
    const auto close = text.find('>', open);
    if (close == std::string_view::npos || close + 1 != text.size()) {
      return {};
    }
    text = text.substr(open + 1, close - open - 1);
  }
  return is_mail_address(text) ? std::string(text) : std::string();
}

void check_voicemail(Snapshot& snapshot, const Places& places, std::vector<Problem>& problems) {
  Check(snapshot, places, problems).run();
}

}  // namespace switchroom::config
