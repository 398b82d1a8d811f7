// What each application's file offers to the table.
#pragma once

#include "apps/application.hpp"

namespace switchroom::apps {

Application answer();
Application bridge();
Application echo();
Application hangup();
Application log();
Application respond();
Application ring_ready();
Application set();
Application sleep();

}  // namespace switchroom::apps
