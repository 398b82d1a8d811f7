// A letter as the bytes that a mail server takes.
#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "config/snapshot.hpp"
#include "mail/letter.hpp"

#include <filesystem>
#include <functional>
#include <string>

namespace switchroom::mail {

/// A WAV as MP3; may be empty, then WAVs go as they are.
using EncodeMp3 = std::function<base::result<std::string>(const std::filesystem::path& wav)>;

/// MIME, with the attachments as their files hold them now; one that cannot be encoded goes as WAV, with a
/// line in the log. `id` and `created` make Message-ID and Date. Takes as long as the encoding does.
std::string write_letter(const Letter& letter, const std::string& id, base::WallMicros created,
                         const config::Snapshot& config, const EncodeMp3& encode_mp3);

}  // namespace switchroom::mail
