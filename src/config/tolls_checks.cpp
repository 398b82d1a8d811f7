#include "config/tolls_checks.hpp"

#include "config/http_url.hpp"
#include "config/suggestions.hpp"
#include "config/voicemail_checks.hpp"

#include <fmt/core.h>

#include <set>
#include <utility>

namespace switchroom::config {
namespace {

class Check {
 public:
  Check(Snapshot& snapshot, const Places& places, const Checks& checks, std::vector<Problem>& problems)
      : snapshot_(snapshot), places_(places), checks_(checks), problems_(problems) {}

  void run() {
    Tolls& tolls = snapshot_.tolls;
    if (tolls.country.text.empty()) {
      tolls.country.text = snapshot_.pbx.country;
    }
    check_country("tolls.country", tolls.country);
    check_words("tolls.allow", tolls.allow);
    look_at_hours("tolls.hours", tolls.hours);
    for (auto& [name, extension] : snapshot_.extensions) {
      check_words("extensions." + name + ".tolls", extension.tolls.allow);
      if (extension.tolls.hours.text != always) {
        look_at_hours("extensions." + name + ".toll_hours", extension.tolls.hours);
      }
    }
    for (const auto& [name, trunk] : snapshot_.trunks) {
      check_words("trunks." + name + ".tolls", trunk.tolls.allow);
      check_country("trunks." + name + ".country", trunk.tolls.country);
    }
    for (const auto& route : snapshot_.outbound) {
      check_words("outbound.tolls", route.tolls);
    }
    check_addresses(tolls);
  }

 private:
  void complain(const Place& place, const std::string& key, std::string what) {
    problems_.push_back({place, key, std::move(what)});
  }

  void check_country(const std::string& key, const Placed& country) {
    if (country.text.empty() || !checks_.country) {
      return;
    }
    if (std::string wrong = checks_.country(country.text); !wrong.empty()) {
      complain(country.place, key, std::move(wrong));
    }
  }

  void check_words(const std::string& key, const std::vector<Placed>& words) {
    for (const Placed& word : words) {
      if (std::string wrong = checks_.toll ? checks_.toll(word.text) : ""; !wrong.empty()) {
        complain(word.place, key, std::move(wrong));
      }
    }
  }

  void look_at_hours(const std::string& key, const Placed& hours) {
    if (hours.text.empty()) {
      return;
    }
    const std::string name = hours.text.substr(hours.text.starts_with('!') ? 1 : 0);
    if (!snapshot_.hours.contains(name)) {
      complain(hours.place, key,
               fmt::format("there is no [hours.{}]{}", name, did_you_mean(name, names_of(snapshot_.hours))));
      return;
    }
    if (!added_.insert(hours.text).second) {
      return;
    }
    ContextEntry entry;
    entry.name = hours.text;
    entry.place = hours.place;
    entry.when = {{"destination_number", "^\\Q" + hours.text + "\\E$", hours.place},
                  {"hours", hours.text, hours.place}};
    entry.actions = {{"log", "debug calls to the outside are open", hours.place}};
    snapshot_.contexts[toll_hours_context].push_back(std::move(entry));
  }

  [[nodiscard]] Place place_of(const std::string& key) const {
    const auto found = places_.find(key);
    return found == places_.end() ? Place{snapshot_.file.string(), 1, 1} : found->second;
  }

  void check_addresses(const Tolls& tolls) {
    if (!tolls.mail.empty() && !is_mail_address(tolls.mail)) {
      complain(place_of("tolls.mail"), "tolls.mail",
               fmt::format("\"{}\" is no mail address, as in alice@example.com", tolls.mail));
    } else if (!tolls.mail.empty() && !snapshot_.mail.enabled()) {
      complain(place_of("tolls.mail"), "tolls.mail", "needs [mail] with a server or sendmail");
    }
    if (tolls.webhook.empty()) {
      return;
    }
    if (const auto url = parse_http_url(tolls.webhook); !url) {
      complain(place_of("tolls.webhook"), "tolls.webhook", url.error().what);
    }
  }

  Snapshot& snapshot_;
  const Places& places_;
  const Checks& checks_;
  std::vector<Problem>& problems_;
  std::set<std::string> added_;
};

}  // namespace

void complete_tolls(Snapshot& snapshot, const Places& places, const Checks& checks,
                    std::vector<Problem>& problems) {
  Check(snapshot, places, checks, problems).run();
}

}  // namespace switchroom::config
