#include "main/toll_alerts.hpp"

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/random.hpp"

#include <boost/json.hpp>
#include <fmt/core.h>

#include <utility>

namespace switchroom::main {

TollAlerts::TollAlerts(call::Events& events, mail::Mailer& mailer, const config::SnapshotPtr& config)
    : mailer_(mailer),
      config_(config),
      subscription_(events.subscribe([this](const call::Event& event) { on_event(event); })) {}

void TollAlerts::on_event(const call::Event& event) {
  if (event.name != "toll.near" && event.name != "toll.cap") {
    return;
  }
  if (!config_->tolls.mail.empty()) {
    send_mail(event);
  }
  if (!config_->tolls.webhook.empty()) {
    post(event);
  }
}

void TollAlerts::post(const call::Event& event) {
  boost::json::object alert{
      {"event", event.name}, {"time", base::local_stamp(event.when_us)}, {"pbx", config_->pbx.name}};
  for (const auto& [name, value] : event.fields) {
    alert[name] = value;
  }
  mailer_.webhook().post(config_->tolls.webhook, boost::json::serialize(alert));
}

void TollAlerts::send_mail(const call::Event& event) {
  mail::Letter letter;
  letter.id = "toll-" + base::random_uuid();
  letter.to = config_->tolls.mail;
  letter.subject = fmt::format("{}: {}", config_->pbx.name, event.field("text"));
  letter.text = fmt::format(
      "{}, at {}.\n\n{}\n\nWho called whom is told by pbxctl tolls and by the records of calls. If nobody of "
      "the office "
      "makes these calls, change the password of that extension; calls are ended by pbxctl calls and pbxctl "
      "hangup.\n",
      event.field("text"), base::local_stamp(event.when_us),
      event.name == "toll.cap"
          ? "Further calls are barred until the hour has passed, or until pbxctl tolls reset."
          : "Further calls are barred when the cap is reached.");
  mailer_.send(std::move(letter), [](bool safe) {
    if (!safe) {
      log::line(log::Level::error, log::Subsystem::call, {},
                "the mail about the cap of calls could not be queued");
    }
  });
}

}  // namespace switchroom::main
