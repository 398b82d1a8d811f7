#include "main/timezone.hpp"

#include <stdlib.h>
#include <time.h>

namespace switchroom::main {

void use_timezone(const std::string& zone) {
  if (!zone.empty()) {
    // The colon says that this is a file's name, never the POSIX notation ("CET-1CEST").
    (void)::setenv("TZ", (":" + zone).c_str(), 1);  // NOLINT(concurrency-mt-unsafe): before threads
  }
  ::tzset();
}

}  // namespace switchroom::main
