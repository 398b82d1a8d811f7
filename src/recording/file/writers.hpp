// What each format's file offers to sound_writer.cpp.
#pragma once

#include "recording/file/sound_writer.hpp"

namespace switchroom::recording {

using WriterResult = base::result<std::unique_ptr<SoundWriter>>;
WriterResult begin_wav(std::shared_ptr<OutputFile> file, const SoundFormat& format);
WriterResult begin_flac(std::shared_ptr<OutputFile> file, const SoundFormat& format);
WriterResult begin_opus(std::shared_ptr<OutputFile> file, const SoundFormat& format);
WriterResult begin_mp3(std::shared_ptr<OutputFile> file, const SoundFormat& format);

}  // namespace switchroom::recording
