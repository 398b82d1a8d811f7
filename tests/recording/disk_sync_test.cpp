#include "recording/disk_sync.hpp"

#include "recording/reading.hpp"

using switchroom::recording::DiskSync;

TEST_CASE("a recording without a file has nothing to sync, and is complete all the same") {
  unsigned completed = 0;
  bool good = false;
  {
    DiskSync sync;
    sync.sync(nullptr);  // a recording that has heard nothing yet
    sync.complete(nullptr, [&](const switchroom::base::result<void>& synced) {
      ++completed;
      good = synced.has_value();
    });
  }  // what waits is done first
  CHECK(completed == 1);
  CHECK(good);
}
