#include "mail/writing.hpp"

#include "base/log.hpp"
#include "base/random.hpp"
#include "config/voicemail_checks.hpp"
#include "mail/mime.hpp"

#include <fstream>
#include <iterator>
#include <utility>

namespace switchroom::mail {
namespace {

/// The domain of Message-ID.
std::string id_domain(const config::Snapshot& config) {
  const std::string address = config::address_in(config.mail.from);
  const auto at = address.find('@');
  return at == std::string::npos ? config.pbx.domain : address.substr(at + 1);
}

std::string read_file(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

MimePart write_part(const Attachment& attachment, const EncodeMp3& encode_mp3) {
  MimePart part{attachment.name, attachment.type, {}};
  if (attachment.as_mp3 && encode_mp3) {
    auto mp3 = encode_mp3(attachment.file);
    if (mp3) {
      part.bytes = std::move(*mp3);
    } else {
      log::line(log::Level::warning, log::Subsystem::mail, {}, "{} goes as WAV: {}", attachment.name,
                mp3.error().what);
      part.name = std::filesystem::path(part.name).replace_extension(".wav").string();
      part.type = "audio/x-wav";
    }
  }
  if (part.bytes.empty()) {
    part.bytes = read_file(attachment.file);
  }
  return part;
}

}  // namespace

std::string write_letter(const Letter& letter, const std::string& id, base::WallMicros created,
                         const config::Snapshot& config, const EncodeMp3& encode_mp3) {
  MimeMessage message;
  message.from = config.mail.from;
  message.to = letter.to;
  message.subject = letter.subject;
  message.text = letter.text;
  message.date_us = created;
  message.message_id = id + "." + base::random_token(8) + "@" + id_domain(config);
  for (const auto& attachment : letter.attachments) {
    message.parts.push_back(write_part(attachment, encode_mp3));
  }
  return write_mime(message);
}

}  // namespace switchroom::mail
