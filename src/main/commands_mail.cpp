// pbxctl mail: what waits, and whether mail works at all.
#include "base/clock.hpp"
#include "config/voicemail_checks.hpp"
#include "mail/mailer.hpp"
#include "main/commands.hpp"
#include "main/server.hpp"

#include <boost/json.hpp>
#include <fmt/core.h>

namespace switchroom::main {
namespace {

namespace json = boost::json;
using control::Answer;

Reply waiting(Server& server) {
  json::array rows;
  const base::WallMicros now = base::wall_now();
  for (const auto& mail : server.mailer().waiting()) {
    const auto left = (mail.next_try - now) / 1'000'000;
    rows.emplace_back(json::object{{"id", mail.id},
                                   {"to", mail.to},
                                   {"subject", mail.subject},
                                   {"since", base::local_stamp(mail.created)},
                                   {"tries", mail.attempts},
                                   {"next", mail.refused ? "refused"
                                            : left > 0   ? fmt::format("in {} s", left)
                                                         : std::string("now")},
                                   {"said", mail.words}});
  }
  return Answer{std::move(rows), {"id", "to", "since", "tries", "next", "said"}};
}

awaitable<Reply> test(Server& server, Arguments arguments) {
  if (!config::is_mail_address(arguments[0])) {
    co_return base::Error{"\"" + arguments[0] + "\" is no mail address"};
  }
  const auto report = co_await server.mailer().test(arguments[0]);
  std::string text;
  for (const auto& line : report.lines) {
    text += (text.empty() ? "" : "\n") + line;
  }
  if (!report.ok) {
    co_return base::Error{text};
  }
  co_return Answer{json::value(text), {}};
}

}  // namespace

void add_mail_commands(control::CommandTable& table, Server& server) {
  table.add({"mail", "", "mails that wait, and what the server said last",
             now([&](const Arguments&) { return waiting(server); }), 0, 0});
  table.add({"mail test", "ADDRESS", "sends one mail and tells what happens",
             [&server](Arguments arguments) { return test(server, std::move(arguments)); }, 1, 1});
  table.add({"mail retry", "ID|all", "tries again now",
             [&server](Arguments arguments) -> awaitable<Reply> {
               const auto count = co_await server.mailer().retry(arguments[0]);
               co_return Answer{json::object{{"mails", count}}, {}};
             },
             1, 1});
  table.add({"mail remove", "ID|all", "forgets a mail",
             [&server](Arguments arguments) -> awaitable<Reply> {
               const auto count = co_await server.mailer().remove(arguments[0]);
               co_return Answer{json::object{{"mails", count}}, {}};
             },
             1, 1});
}

}  // namespace switchroom::main
