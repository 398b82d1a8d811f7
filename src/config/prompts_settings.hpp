// Prompts that are recorded by phone: [prompts].
#pragma once

#include <string>

namespace switchroom::config {

struct Prompts {
  std::string pin;  // who may record; empty: nobody, by dialling
};

}  // namespace switchroom::config
