// A mail as the rest of the house writes it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace switchroom::mail {

struct Attachment {
  std::filesystem::path file;
  std::string name;  // as the reader sees it, with its ending
  std::string type;  // "audio/x-wav"
  bool as_mp3 = false;
};

struct Letter {
  std::string id;       // names it in the queue: the same id twice is one mail; [0-9a-z-]
  std::string to;       // one address
  std::string subject;  // UTF-8
  std::string text;     // UTF-8, lines end with \n
  std::vector<Attachment> attachments;
  std::string tag;  // comes back when it was delivered, also after a restart
};

}  // namespace switchroom::mail
