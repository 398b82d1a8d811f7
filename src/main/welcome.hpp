// What the first start says: how to set a phone up, what to dial, and a code to scan.
#pragma once

#include "main/first_run.hpp"

#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>

namespace switchroom::main {

/// Who reads the text.
struct Audience {
  bool terminal = false;  // and one that draws
  unsigned columns = 0;
};
/// Of a descriptor: a terminal whose TERM is not "dumb", and its width.
Audience audience_of(int descriptor);

/// How phones reach this exchange.
struct Reach {
  std::string address;  // "192.168.1.20"
  std::uint16_t port = 5060;
};

/// The address that faces the rest of the world, 127.0.0.1 where nothing does.
Reach this_machine();

/// All of it after a first run; one line where the file was there already. The code is drawn on a
/// terminal that is wide enough.
void print_welcome(std::ostream& out, const FirstRun& run, const Reach& reach, const Audience& audience);

/// The account in the form that Grandstream's softphone and its kin read from a QR code, with the
/// password and without a server to fetch anything from (docs/decisions/0030-account-qr-code.md). Pure.
std::string account_code(const Reach& reach, std::string_view extension, std::string_view password);
/// A QR code in half blocks, black on white whatever the terminal's colours; empty when it is wider than
/// `columns`. Pure.
std::string draw_qr(std::string_view text, unsigned columns);

}  // namespace switchroom::main
