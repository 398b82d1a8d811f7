#include "main/welcome.hpp"

#include "base/net.hpp"

#include <fmt/core.h>
#include <qrcodegen/qrcodegen.hpp>
#include <sys/ioctl.h>

#include <cstdlib>
#include <ostream>
#include <unistd.h>

namespace switchroom::main {
namespace {

constexpr int quiet_zone = 4;  // modules of white around the code (ISO/IEC 18004)

/// Two modules, one above the other, in one character.
std::string_view half_blocks(bool upper, bool lower) {
  if (upper) {
    return lower ? "█" : "▀";
  }
  return lower ? "▄" : " ";
}

void print_accounts(std::ostream& out, const FirstRun& run, const Reach& reach) {
  out << fmt::format("    server    {}   port {}, UDP or TCP\n", reach.address, reach.port);
  constexpr std::size_t shown = 2;
  for (std::size_t i = 0; i < shown && i < run.accounts.size(); ++i) {
    out << fmt::format("    username  {}   password  {}\n", run.accounts[i].first, run.accounts[i].second);
  }
  if (run.accounts.size() > shown) {
    out << fmt::format("The others, {} to {}, stand in that file.\n", run.accounts[shown].first,
                       run.accounts.back().first);
  }
}

}  // namespace

Audience audience_of(int descriptor) {
  Audience audience;
  const char* set = std::getenv("TERM");  // NOLINT(concurrency-mt-unsafe): before threads
  const std::string_view term = set == nullptr ? "" : set;
  audience.terminal = ::isatty(descriptor) == 1 && !term.empty() && term != "dumb";
  winsize size{};
  if (audience.terminal && ::ioctl(descriptor, TIOCGWINSZ, &size) == 0) {
    audience.columns = size.ws_col;
  }
  return audience;
}

Reach this_machine() {
  // 192.0.2.1 (RFC 5737) is nobody: only the route to the outside is asked for, nothing is sent.
  const base::IpAddress address = base::local_address_towards(asio::ip::make_address_v4("192.0.2.1"));
  return {address.is_unspecified() ? "127.0.0.1" : address.to_string()};
}

std::string account_code(const Reach& reach, std::string_view extension, std::string_view password) {
  const std::string server =
      reach.port == 5060 ? reach.address : fmt::format("{}:{}", reach.address, reach.port);
  const auto element = [](std::string_view name, std::string_view value) {
    return fmt::format("<{0}>{1}</{0}>", name, value);
  };
  return R"(<?xml version="1.0" encoding="utf-8"?><AccountConfig version="1"><Account>)" +
         element("RegisterServer", server) + element("UserID", extension) + element("AuthID", extension) +
         element("AuthPass", password) + element("AccountName", extension) +
         element("DisplayName", extension) + "</Account></AccountConfig>";
}

std::string draw_qr(std::string_view text, unsigned columns) {
  using qrcodegen::QrCode;
  const QrCode code = QrCode::encodeText(std::string(text).c_str(), QrCode::Ecc::LOW);
  const int size = code.getSize();
  if (static_cast<unsigned>(size + 2 * quiet_zone) > columns) {
    return {};
  }
  std::string drawn;
  for (int y = -quiet_zone; y < size + quiet_zone; y += 2) {
    drawn += "\x1b[38;5;16;48;5;231m";  // black on white of the 256 colours, which no theme changes
    for (int x = -quiet_zone; x < size + quiet_zone; ++x) {
      drawn += half_blocks(code.getModule(x, y), code.getModule(x, y + 1));  // outside is white
    }
    drawn += "\x1b[0m\n";
  }
  return drawn;
}

void print_welcome(std::ostream& out, const FirstRun& run) {
  print_welcome(out, run, this_machine(), audience_of(STDOUT_FILENO));
}

void print_welcome(std::ostream& out, const FirstRun& run, const Reach& reach, const Audience& audience) {
  if (run.accounts.empty()) {
    out << fmt::format("Switchroom serves {}.\n", run.config.string());
    return;
  }
  out << fmt::format("This is Switchroom's first start: {} has been written, for your eyes alone.\n\n",
                     run.config.string());
  out << "To set a phone up, give it (any SIP phone or app in your network):\n";
  print_accounts(out, run, reach);
  out << "\nThen dial the other phone's username, or 9196 to hear yourself.\n";
  const auto& [extension, password] = run.accounts.front();
  const std::string drawn =
      audience.terminal ? draw_qr(account_code(reach, extension, password), audience.columns) : std::string();
  if (!drawn.empty()) {
    out << fmt::format(
               "\nAn app that scans Grandstream's account codes (Wave, for one) sets {} up from this. It "
               "holds the\npassword: show it to nobody else.\n\n",
               extension)
        << drawn;
  }
  out << std::flush;
}

}  // namespace switchroom::main
