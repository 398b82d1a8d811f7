// pbxctl bans: who is shut out, why, and how to let him in again.
#include "base/clock.hpp"
#include "config/syntax.hpp"
#include "guard/bans.hpp"
#include "main/commands.hpp"
#include "main/server.hpp"

#include <boost/json.hpp>
#include <fmt/core.h>

namespace switchroom::main {
namespace {

namespace json = boost::json;
using control::Answer;

constexpr auto by_hand = std::chrono::hours(1);
constexpr auto longest = std::chrono::hours(24 * 3650);

json::object row_of(const guard::Ban& ban, base::WallMicros now) {
  json::object row;
  row["address"] = ban.address.is_v6() ? ban.address.to_string() + "/64" : ban.address.to_string();
  row["ends_s"] = (ban.until - now) / 1'000'000;
  row["since_s"] = (now - ban.since) / 1'000'000;
  row["times"] = ban.times;
  row["by"] = ban.by_hand ? "hand" : "itself";
  row["why"] = ban.why;
  return row;
}

Reply list(const guard::Bans& bans) {
  const auto now = base::wall_now();
  json::array rows;
  for (const auto& ban : bans.list(now)) {
    rows.emplace_back(row_of(ban, now));
  }
  return Answer{std::move(rows), {"address", "ends_s", "since_s", "times", "by", "why"}};
}

base::result<base::IpAddress> address_in(std::string text) {
  if (const auto slash = text.find("/64"); slash != std::string::npos && slash + 3 == text.size()) {
    text.resize(slash);
  }
  error_code ec;
  auto address = asio::ip::make_address(text, ec);
  if (ec) {
    return base::Error{"\"" + text + "\" is no IP address"};
  }
  return address;
}

Reply add(Server& server, const Arguments& arguments) {
  const auto address = address_in(arguments[0]);
  if (!address) {
    return address.error();
  }
  base::Duration time = by_hand;
  if (arguments.size() > 1) {
    const auto given = config::parse_duration(arguments[1]);
    if (!given || *given <= base::Duration::zero() || *given > longest) {
      return base::Error{"\"" + arguments[1] + "\" is no time: 10m, 2h, 30d"};
    }
    time = *given;
  }
  const auto now = base::wall_now();
  const auto ban = server.bans().add(*address, time, arguments.size() > 2 ? arguments[2] : "by hand", now);
  server.shut_out_banned();
  return Answer{row_of(ban, now), {}};
}

Reply lift(Server& server, const Arguments& arguments) {
  if (arguments[0] == "all") {
    const std::size_t lifted = server.bans().lift_all();
    server.shut_out_banned();
    return Answer{json::object{{"lifted", lifted}}, {}};
  }
  const auto address = address_in(arguments[0]);
  if (!address) {
    return address.error();
  }
  if (!server.bans().lift(*address)) {
    return base::Error{arguments[0] + " is not banned (pbxctl bans lists who is)"};
  }
  server.shut_out_banned();
  return Answer{json::object{{"lifted", 1}}, {}};
}

}  // namespace

void add_ban_commands(control::CommandTable& table, Server& server) {
  table.add({"bans", "", "which addresses are shut out, until when, and why",
             now([&](const auto&) { return list(server.bans()); }), 0, 0});
  table.add({"bans add", "ADDRESS [TIME] [WHY]",
             "shuts an address out, for an hour or for TIME (10m, 2h, 30d)",
             now([&](const Arguments& arguments) { return add(server, arguments); }), 1, 3});
  table.add({"bans lift", "ADDRESS|all", "lets an address in again, or all of them",
             now([&](const Arguments& arguments) { return lift(server, arguments); }), 1, 1});
}

}  // namespace switchroom::main
