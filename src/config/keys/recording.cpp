// Recording of calls, and what becomes of the files.
#include "config/keys/topics.hpp"

#include <array>

namespace switchroom::config {
namespace {

constexpr std::array section_rows{
    Section{"recording", false, "Recordings of calls: where they go, how they sound, how long they stay."},
    Section{"recording.rules", false, ""},
    Section{"recording.rules.*", false,
            "Files that are kept otherwise: `[recording.rules.support]`. Of several that match a file the "
            "one with "
            "the longest `match` counts."},
};

RetentionRule& rule(const Target& target) { return target.snapshot.recording.rules[target.names.at(0)]; }

constexpr std::array key_rows{
    Key{"recording.folder", Type::path, "recordings", "",
        "The folder that all recordings stay in, under `data_dir` or absolute. From the next start on.",
        [](const Target& t, Value& v) { t.snapshot.recording.folder = v.text; }},
    Key{"recording.path", Type::text,
        "${strftime(%Y/%m/%d)}/${uuid}_${caller_id_number}_to_${destination_number}.wav", "1024",
        "A file below it, with variables; its ending is the format: .wav, .flac, .opus or .mp3.",
        [](const Target& t, Value& v) { t.snapshot.recording.path = v.text; }},
    Key{"recording.stereo", Type::boolean, "false", "",
        "The caller left and the other party right, rather than both mixed; the variable RECORD_STEREO goes "
        "before.",
        [](const Target& t, Value& v) { t.snapshot.recording.stereo = v.flag; }},
    Key{"recording.rate", Type::word, "auto", "auto|8000|16000|48000",
        "Samples in a second. `auto`: 8000 for a caller with a narrow codec, else 16000.",
        [](const Target& t, Value& v) {
          t.snapshot.recording.rate = v.text == "auto" ? 0 : static_cast<std::uint32_t>(std::stoul(v.text));
        }},
    Key{"recording.pause", Type::word, "silence", "silence|cut",
        "What a pause leaves in the file: silence of its length, or nothing.",
        [](const Target& t, Value& v) { t.snapshot.recording.pause = v.text; }},
    Key{"recording.consent", Type::text, "", "4096",
        "What is played before a recording begins: as `playback` takes it. Default: nothing.",
        [](const Target& t, Value& v) { t.snapshot.recording.consent = v.text; }},
    Key{"recording.consent_to", Type::word, "both", "both|caller", "Who hears it.",
        [](const Target& t, Value& v) { t.snapshot.recording.consent_to = v.text; }},
    Key{"recording.beep", Type::duration, "0s", "0s..10m",
        "How often both hear a short tone while they are recorded; 0s: never.",
        [](const Target& t, Value& v) { t.snapshot.recording.beep = Seconds(v.number); }},
    Key{"recording.opus_kbit", Type::integer, "0", "0..256",
        "Of each channel of an .opus file. 0: 24 at 8000 Hz, else 32.",
        [](const Target& t, Value& v) {
          t.snapshot.recording.opus_kbit = static_cast<std::uint32_t>(v.number);
        }},
    Key{"recording.mp3_after", Type::duration, "0s", "0s..30d",
        "So long after its end a WAV file becomes MP3, and goes. 0s: it stays.",
        [](const Target& t, Value& v) { t.snapshot.recording.mp3_after = Seconds(v.number); }},
    Key{"recording.mp3_quality", Type::text, "V2", "8",
        "LAME's -V0 (best) to -V9 (smallest) as `V2`, or a constant rate as `64k` (8k to 320k); for .mp3 "
        "files of "
        "any origin.",
        [](const Target& t, Value& v) { t.snapshot.recording.mp3_quality = v.text; }},
    Key{"recording.mp3_folder", Type::path, "", "",
        "Where those MP3 files go, in the same folders as below `folder`; under `data_dir` or absolute. "
        "Default: "
        "beside the WAV files. From the next start on.",
        [](const Target& t, Value& v) { t.snapshot.recording.mp3_folder = v.text; }},
    Key{"recording.keep", Type::duration, "0s", "0s..3650d", "Older recordings are deleted. 0s: none are.",
        [](const Target& t, Value& v) { t.snapshot.recording.keep = Seconds(v.number); }},
    Key{"recording.max_size", Type::size, "0K", "0K..1024G",
        "What all may take together; the oldest go first. 0K: any size.",
        [](const Target& t, Value& v) {
          t.snapshot.recording.max_size = static_cast<std::uint64_t>(v.number);
        }},
    Key{"recording.min_free", Type::size, "0K", "0K..1024G",
        "What stays free of the disk: below it the oldest recordings go.",
        [](const Target& t, Value& v) {
          t.snapshot.recording.min_free = static_cast<std::uint64_t>(v.number);
        }},
    Key{"recording.rules.*.match", Type::text, "", "256",
        "Which files: a pattern on their path below the folder, as `support/*`, whose star crosses folders.",
        [](const Target& t, Value& v) { rule(t).match = v.text; }},
    Key{"recording.rules.*.keep", Type::duration, "0s", "0s..3650d", "As `[recording] keep`, for these.",
        [](const Target& t, Value& v) { rule(t).keep = Seconds(v.number); }},
    Key{"recording.rules.*.max_size", Type::size, "0K", "0K..1024G", "What these may take together.",
        [](const Target& t, Value& v) { rule(t).max_size = static_cast<std::uint64_t>(v.number); }},
};

}  // namespace

Topic recording_topic() { return {section_rows, key_rows}; }

}  // namespace switchroom::config
