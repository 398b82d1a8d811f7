# ctest: timeout=150 weight=3
"""Recordings when things go wrong: a full disk, a folder that cannot be written, kill -9; and what becomes of files."""
import os

import subprocess
import time

from harness import sound
from harness.case import Skip, eventually, expect, expect_equal
from harness.recordings import decoded, files, loudest
from harness.switchroom import Switchroom
from harness.talk import Talk
from test_recording import complete, folder, office, speak


def small_disk(case, path, size, *options):
    path.mkdir(parents=True)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", ",".join([f"size={size}", *options]), "tmpfs", str(path)],
                          capture_output=True, text=True)
    if done.returncode != 0:
        raise Skip(f"no tmpfs can be mounted here: {done.stderr.strip()}")
    case.defer(lambda: subprocess.run(["umount", "-l", str(path)], check=False))
    return path


def test_a_full_disk_costs_the_recording_alone(case):
    """Said in the log, by an event and in the record; the call goes on, and the file plays up to there."""
    small_disk(case, folder(case), "96k")
    with Switchroom(case, office(case, "record_session full.wav", "bridge user/$1", recording='rate = "16000"')) as pbx:
        both = Talk(case).speak(sound.tone(440, 1), sound.tone(1000, 1))
        eventually(lambda: pbx.pbxctl("events", "recording.failed"), 10, "an event")
        expect("No space left" in pbx.log, "the log says why")
        both.sa.expect_tone(1000, seconds=1)
        both.sb.expect_tone(440, seconds=1)
        both.end()
        row = pbx.wait_for_cdr()[0]
        expect("No space left" in row["recording_trouble"], row["recording_trouble"])
        expect_equal(row["hangup_cause"], "NORMAL_CLEARING")
        channels, rate = decoded(case, folder(case) / "full.wav")
        expect(1.5 < len(channels[0]) / rate < 3.1, f"{len(channels[0]) / rate} s fitted")
        expect(loudest(channels[0], 440, rate) > 0.2, "and are what was said")
        expect_equal(pbx.pbxctl("recordings")[0]["state"], "failed")


def test_a_folder_that_cannot_be_written(case):
    small_disk(case, folder(case), "1M", "ro")
    with Switchroom(case, office(case, "record_session deep/er/no.wav", "bridge user/$1")) as pbx:
        both = Talk(case).speak(sound.tone(440, 1), sound.tone(1000, 1))
        eventually(lambda: pbx.pbxctl("events", "recording.failed"), 10, "an event")
        both.sb.expect_tone(440, seconds=1)
        both.end()
        row = pbx.wait_for_cdr()[0]
        expect("Read-only" in row["recording_trouble"], row["recording_trouble"])
        expect_equal(pbx.pbxctl("recordings"), [])


def test_killed_in_the_middle_of_a_recording(case):
    """At most a second is missing, every file opens, and after the restart each is there once."""
    names = [f"r.{ending}" for ending in ("wav", "flac", "opus", "mp3")]
    steps = ["set RECORD_STEREO=true", *(f"record_session {name} at_answer" for name in names), "bridge user/$1"]
    with Switchroom(case, office(case, *steps)) as pbx:
        both = Talk(case).speak(sound.tone(440, 1), sound.tone(1000, 1))
        eventually(lambda: len(pbx.pbxctl("events", "recording.start")) == 4, 5, "four recordings")
        began = time.monotonic()
        time.sleep(4)
        spoken = time.monotonic() - began
        pbx.kill()
        expect_equal(files(folder(case)), sorted(names))
        for name in names:
            # As the killed process left it, before any restart.
            channels, rate = decoded(case, folder(case) / name, whole=False)
            length = len(channels[0]) / rate
            expect(length > spoken - 1.3, f"{name}: {length:.2f} s of {spoken:.2f} s")
            expect_equal(len(channels), 2, name)
            expect(loudest(channels[0], 440, rate) > 0.2 and loudest(channels[1], 1000, rate) > 0.2, name)
        both.sa.stop(), both.sb.stop()
        pbx.start()
        rows = complete(pbx, 4)
        expect_equal(sorted(os.path.basename(row["file"]) for row in rows), sorted(names), "each once")
        for row in rows:
            expect("was ended while" in row["trouble"], row)
            expect_equal(row["caller"], "1001")
            channels, rate = decoded(case, row["file"], whole=row["file"].endswith(".wav"))
            expect(abs(len(channels[0]) / rate - row["length_ms"] / 1000) < 0.2, f"{row['file']}: {row['length_ms']} ms")
        wav = next(row for row in rows if row["file"].endswith(".wav"))
        expect(wav["length_ms"] > (spoken - 0.6) * 1000, "the mended header tells of all that was written")


def test_mp3_afterwards(case):
    """Converted in mirrored folders, the WAV gone, the sound the same; the index follows."""
    text = office(case, "record_session 2026/11/${uuid}.wav", "bridge user/$1",
                  recording='stereo = true\nmp3_after = "1s"\nmp3_folder = "recordings-mp3"')
    with Switchroom(case, text) as pbx:
        speak(Talk(case), 2)
        wav = complete(pbx)[0]
        row = eventually(lambda: next((row for row in pbx.pbxctl("recordings") if row["file"].endswith(".mp3")), None),
                         15, "an MP3")
        expect_equal(row["file"], wav["file"].replace("/recordings/", "/recordings-mp3/").replace(".wav", ".mp3"))
        expect_equal((row["length_ms"], row["call"]), (wav["length_ms"], wav["call"]))
        eventually(lambda: files(folder(case)) == [], 5, "no WAV any more")
        eventually(lambda: not (folder(case) / "2026").exists(), 5, "no empty folder")
        channels, rate = decoded(case, row["file"])
        expect(abs(len(channels[0]) / rate - row["length_ms"] / 1000) < 0.001, "mpg123 finds the same length")
        expect(loudest(channels[0], 440, rate) > 0.2 and loudest(channels[0], 1000, rate) < 0.01, "the caller left")
        expect(loudest(channels[1], 1000, rate) > 0.2 and loudest(channels[1], 440, rate) < 0.01, "the callee right")
        expect_equal(pbx.pbxctl("recordings", "space")["to_convert"], 0)


def test_killed_in_the_middle_of_a_conversion(case):
    """An hour of sound is being converted when the process is killed, again and again: in the end each is there once."""
    root = folder(case)
    root.mkdir(parents=True)
    for number in range(3):
        subprocess.run(["sox", "-n", "-r", "16000", "-b", "16", str(root / f"{number}.wav"), "synth", "600", "sine",
                        str(400 + 100 * number), "gain", "-6"], check=True)
    old = time.time() - 3600
    for number in range(3):
        os.utime(root / f"{number}.wav", (old, old))
    text = office(case, "answer", recording='mp3_after = "1s"')
    with Switchroom(case, text) as pbx:
        for _ in range(3):
            eventually(lambda: any(name.endswith(".part") for name in files(root)), 30, "a conversion")
            time.sleep(0.4)
            pbx.kill()
            left = files(root)
            expect_equal(sorted({name.split(".")[0] for name in left}), ["0", "1", "2"], "nothing is lost")
            pbx.start()
        rows = eventually(lambda: (lambda rows: rows if len(rows) == 3 and
                                   all(row["file"].endswith(".mp3") for row in rows) else None)(pbx.pbxctl("recordings")),
                          60, "three MP3 files")
        eventually(lambda: files(root) == ["0.mp3", "1.mp3", "2.mp3"], 5, "and nothing else")
        for row in rows:
            expect_equal(row["length_ms"], 600000)
            channels, rate = decoded(case, row["file"])
            expect_equal(len(channels[0]), 600 * rate)
            number = int(os.path.basename(row["file"])[0])
            expect(loudest(channels[0][:rate], 400 + 100 * number, rate) > 0.3, "what was in the WAV")


def test_pruning(case):
    """Shown first, then done: by age, by a rule of its own; empty folders go, and the space is told."""
    root = folder(case)
    for name, days in (("2026/01/old.wav", 100), ("2026/11/new.wav", 1), ("support/old.wav", 100)):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        sound.write(root / name, sound.tone(440, 1))
        when = time.time() - days * 86400
        os.utime(root / name, (when, when))
    text = office(case, "answer", recording='keep = "90d"\n[recording.rules.support]\nmatch = "support/*"\nkeep = "1000d"')
    with Switchroom(case, text) as pbx:
        complete(pbx, 3)
        shown = pbx.pbxctl("recordings", "prune", "--dry-run")
        expect_equal([(row["file"], row["reason"], row["deleted"]) for row in shown],
                     [(str(root / "2026/01/old.wav"), "older than 90 days", False)])
        expect_equal(len(files(root)), 3, "a dry run deletes nothing")
        expect_equal(len(pbx.pbxctl("recordings", "prune")), 1)
        expect_equal(files(root), ["2026/11/new.wav", "support/old.wav"])
        expect(not (root / "2026/01").exists(), "the empty folder has gone")
        expect_equal(pbx.pbxctl("recordings", "prune"), [])
        space = pbx.pbxctl("recordings", "space")
        expect_equal((space["recordings"], space["bytes"]), (2, 2 * 16044))
        pbx.reload(text.replace('keep = "90d"', 'keep = "90d"\nmax_size = "20K"'))
        expect_equal([os.path.basename(row["file"]) for row in pbx.pbxctl("recordings", "prune")], ["old.wav"],
                     "by size the oldest goes, whatever its age allows")
        id = pbx.pbxctl("recordings")[0]["id"]
        pbx.pbxctl("recordings", "delete", str(id))
        expect_equal(files(root), [])


def test_a_stopped_process_completes_its_files(case):
    with Switchroom(case, office(case, "record_session s.wav", "bridge user/$1")) as pbx:
        Talk(case).speak(sound.tone(440, 1), sound.tone(1000, 1))
        time.sleep(1.5)
        pbx.child.signal(15)
        time.sleep(0.5)
        pbx.child.signal(15)  # at once, not when the call ends
        expect_equal(pbx.child.wait(10), 0, "the exit status")
        pbx.start()
        row = complete(pbx)[0]
        expect_equal((row["trouble"], row["call"] != ""), ("", True))
        channels, rate = decoded(case, row["file"])
        expect(abs(len(channels[0]) / rate - row["length_ms"] / 1000) < 0.001, "its length in the index")
