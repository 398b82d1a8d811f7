// What is wrong with mailboxes and mail as a whole.
#pragma once

#include "config/tree_reader.hpp"

namespace switchroom::config {

void check_voicemail(Snapshot& snapshot, const Places& places, std::vector<Problem>& problems);

/// "alice@example.com": one address, printable ASCII or UTF-8 without what could end a header or a command.
bool is_mail_address(std::string_view text);
/// The address in `Acme <voicemail@example.com>` or alone; empty when there is none.
std::string address_in(std::string_view text);

}  // namespace switchroom::config
