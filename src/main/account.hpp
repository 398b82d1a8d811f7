// Who a process becomes, out of /etc/passwd and /etc/group.
#pragma once

#include "base/result.hpp"

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

namespace switchroom::main {

struct Account {
  std::string name;
  uid_t user = 0;
  gid_t group = 0;
  std::vector<gid_t> groups;  // all of them, `group` among them
};

/// `user` and `group` are names or numbers; an empty group is the user's own. The texts are those of the two
/// files: the executable is static, and the system's other sources of names want libraries of its own. The
/// error says what is missing. Pure.
base::result<Account> find_account(const std::string& user, const std::string& group, std::string_view passwd,
                                   std::string_view groups);

}  // namespace switchroom::main
