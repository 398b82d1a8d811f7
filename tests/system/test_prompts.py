# ctest: timeout=240
"""Prompts inside the executable, numbers and dates, speech: a phone hears which ones, and in which order."""
import ctypes
import subprocess
import time

import numpy as np

from harness import config, rtp, sound, talk
from harness.case import expect, expect_equal
from harness.switchroom import Switchroom, check

RECORDINGS = {"en": "/usr/share/asterisk/sounds/en_US_f_Allison", "es": "/usr/share/asterisk/sounds/es_MX_f_Allison"}


def office(case, names):
    """Extension N plays names[N]."""
    context = ""
    for number, name in enumerate(names):
        steps = [name] if isinstance(name, str) else name
        steps = ", ".join(f"'{step}'" for step in ["answer", "sleep 200", *steps, "hangup"])
        context += f"[[contexts.default]]\nwhen = {{ destination_number = '^{number}$' }}\ndo = [{steps}]\n\n"
    return config.office(case.folder, contexts=context)


def hear(case, number):
    """What a caller of `number` hears until it is hung up on."""
    phone, stream = talk.phone(case, register=False), rtp.Stream(case)
    out = phone.invite(f"sip:{number}@127.0.0.1", phone.sdp(stream.port, formats=talk.PCMU))
    answered = out.expect(200)
    out.ack()
    stream.start(talk.media_port(answered.body), sound.silence(1))
    out.expect_bye(seconds=30)
    stream.stop()
    got = stream.measured()
    expect_equal(got.lost, 0, "holes")
    return got.samples


def recording(name, language="en"):
    """Of Debian's packages, decoded here, at 8 kHz."""
    library = ctypes.CDLL("libspandsp.so.2")
    library.g722_decode_init.restype = ctypes.c_void_p
    with open(f"{RECORDINGS[language]}/{name}.g722", "rb") as file:
        data = file.read()
    state = ctypes.c_void_p(library.g722_decode_init(None, 64000, 0))
    samples = (ctypes.c_int16 * (2 * len(data)))()
    count = library.g722_decode(state, samples, data, len(data))
    library.g722_decode_free(state)
    return sound.resampled(np.array(samples[:count]) / 32768, 16000, 8000)


def place_of(heard, wanted):
    """(where, how alike 0 to 1) `wanted` is best found in `heard`."""
    wanted = wanted - wanted.mean()
    size = len(heard) + len(wanted)
    product = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(wanted, size)), size)[:len(heard)]
    energy = np.concatenate([[0], np.cumsum(heard ** 2)])
    ends = np.minimum(np.arange(len(heard)) + len(wanted), len(heard))
    alike = product / np.sqrt(np.maximum(energy[ends] - energy[:len(heard)], 1e-3) * (wanted ** 2).sum())
    best = int(np.argmax(alike))
    return best, float(alike[best])


def expect_in_order(heard, names, language="en"):
    """Each prompt follows the one before it: it is looked for within its own length and half a second from there."""
    at = 0
    for name in names:
        wanted = recording(name, language)
        where, alike = place_of(heard[at:at + (len(heard) if at == 0 else 2 * len(wanted) + 4000)], wanted)
        expect(alike > 0.85, f"{name} is not heard at its place: {alike:.2f}")
        at += where + len(wanted) - 400


def test_prompts_of_every_folder(case):
    names = {"voicemail/vm-goodbye.wav": "vm-goodbye", "conference/conf-muted.wav": "conf-muted",
             "conference/conf-pin.wav": "conf-getpin", "digits/5.wav": "digits/5", "vm-youhave": "vm-youhave"}
    with Switchroom(case, office(case, [f"playback {name}" for name in names])):
        for number, name in enumerate(names.values()):
            heard = hear(case, number)
            _, alike = place_of(heard, recording(name))
            expect(alike > 0.9, f"{name}: {alike:.2f}")
            _, other = place_of(heard, recording("digits/7"))
            expect(other < 0.6, f"{name} is as much like another prompt: {other:.2f}")


def test_numbers_dates_and_phrases(case):
    said = {"number:42": ["digits/40", "digits/2"],
            "digits:105!time:14:30": ["digits/1", "digits/0", "digits/5", "digits/2", "digits/30", "digits/p-m"],
            "date:2026-12-25": ["digits/day-5", "digits/mon-11", "digits/20", "digits/h-5", "digits/20", "digits/20", "digits/6"],
            "phrase:new_messages,1": ["vm-youhave", "digits/1", "vm-INBOX", "vm-message"],
            "phrase:new_messages,3": ["vm-youhave", "digits/3", "vm-INBOX", "vm-messages"]}
    with Switchroom(case, office(case, [f"playback {name}" for name in said])):
        for number, names in enumerate(said.values()):
            expect_in_order(hear(case, number), names)


def test_another_language(case):
    steps = [["set language=es", "playback number:31"], ["set language=es-MX", "playback phrase:new_messages,1"]]
    with Switchroom(case, office(case, steps)):
        expect_in_order(hear(case, 0), ["digits/30", "digits/and", "digits/1"], "es")
        expect_in_order(hear(case, 1), ["vm-youhave", "digits/1M", "vm-message", "vm-INBOXs"], "es")


def test_speech(case):
    """Different texts sound different, the same text alike."""
    texts = ["Welcome to Acme! For sales, press one.", "Our office is closed.", "Our office is closed."]
    with Switchroom(case, office(case, [f"playback say:{text}" for text in texts] + ["playback ivr/ivr-welcome.wav"])):
        first, second, third, welcome = (hear(case, number) for number in range(4))
        for samples in (first, second, third, welcome):
            expect(sound.dbfs(samples) > -40, "nothing is heard")
        expect(len(first) > len(second), "the longer text is not longer")
        voice = second[np.flatnonzero(np.abs(second) > 0.01)[0]:][:8000]
        expect(place_of(third, voice)[1] > 0.95, "the same text is not said alike")
        expect(place_of(first, voice)[1] < 0.6, "another text is said alike")


def test_a_folder_overrides_prompts(case):
    folder = case.folder / "data" / "sounds"
    (folder / "digits").mkdir(parents=True)
    (folder / "es" / "digits").mkdir(parents=True)
    sound.write(folder / "digits" / "5.wav", sound.tone(500, 1))
    sound.write(folder / "es" / "digits" / "6.wav", sound.tone(900, 1))
    steps = ["playback digits/5.wav", "playback number:5", ["set language=es", "playback number:6"],
             ["set language=es", "playback number:5"], "playback number:6"]
    with Switchroom(case, office(case, steps)):
        for number, frequency in ((0, 500), (1, 500), (2, 900)):
            heard = hear(case, number)
            loud = heard[np.abs(heard) > 0.02]
            expect(len(loud) > 4000 and sound.power_at(heard[4000:8000], frequency) > 0.9, f"{number}: not the file in the folder")
        expect_in_order(hear(case, 3), ["digits/5"], "es")
        expect_in_order(hear(case, 4), ["digits/6"])


def test_speak(case):
    """The application: flite by name, another voice, the file's command, and what check says of wrong ones."""
    with Switchroom(case, office(case, ["speak flite|slt|Good morning to all of you.", "speak Good morning to all of you.",
                                        "speak flite|kal|Good morning to all of you."])):
        slt, plain, kal = (hear(case, number) for number in range(3))
        voice = slt[np.flatnonzero(np.abs(slt) > 0.01)[0]:][:8000]
        expect(place_of(plain, voice)[1] > 0.95, "no engine means flite")
        expect(place_of(kal, voice)[1] < 0.6, "kal has a voice of its own")
    for line, wrong in (("speak flite|bob|x", 'no voice "bob"'), ("speak cepstral|dave|x", "needs a command"), ("speak", "takes a text")):
        status, said = check(case, office(case, [line]))
        expect(status == 1 and wrong in said, said)


def test_a_command_speaks(case):
    """What it says is heard; the second time from the disk; a command that hangs does not keep a caller."""
    folder = case.folder / "data"
    folder.mkdir(exist_ok=True)
    sound.write(folder / "tone.wav", sound.tone(700, 1))
    script = folder / "speaker"
    script.write_text(f"#!/bin/sh\ncat >> {folder}/heard\n[ -e {folder}/hang ] && sleep 60\ncp {folder}/tone.wav \"$1\"\n")
    script.chmod(0o755)
    more = f'[speech]\ncommand = ["{script}", "{{file}}"]\ntimeout = "2s"\n'
    text = office(case, ["playback say:; reboot & `x` > y", "playback say:; reboot & `x` > y", "playback say:something else"]) + more
    for _ in range(2):
        with Switchroom(case, text):
            for number in (0, 1):
                heard = hear(case, number)
                expect(sound.power_at(heard[4000:8000], 700) > 0.9, "the command's sound")
            expect_equal((folder / "heard").read_text(), "; reboot & `x` > y\n", "the text, once")
    (folder / "hang").touch()
    with Switchroom(case, text) as pbx:
        expect(sound.dbfs(hear(case, 2)) < -50, "nothing was said")
        pbx.wait_for_log("took too long", seconds=5)
    status, said = check(case, office(case, []) + '[speech]\ncommand = ["/nowhere/piper"]\n')
    expect(status == 1 and "speech.command" in said and "/nowhere/piper" in said, said)


def test_files_of_every_format(case):
    folder = case.folder / "data" / "sounds"
    folder.mkdir(parents=True)
    sound.write(folder / "tone.wav", sound.tone(600, 1, rate=44100), rate=44100, channels=2)
    for command in (["lame", "--quiet", "tone.wav", "tone.mp3"], ["opusenc", "--quiet", "tone.wav", "tone.opus"],
                    ["sox", "tone.wav", "tone.flac"], ["sox", "tone.wav", "tone.ogg"], ["sox", "tone.wav", "-r", "8000", "-c", "1", "tone.gsm"],
                    ["sox", "tone.wav", "-r", "8000", "-c", "1", "-t", "ul", "tone.ulaw"]):
        subprocess.run(command, cwd=folder, check=True)
    names = ["tone.wav", "tone.mp3", "tone.opus", "tone.flac", "tone.ogg", "tone.gsm", "tone.ulaw"]
    with Switchroom(case, office(case, [f"playback {name}" for name in names])):
        for number, name in enumerate(names):
            heard = hear(case, number)
            loud = np.flatnonzero(np.abs(heard) > 0.02)
            expect(len(loud), f"{name}: nothing was heard")
            expect(abs((loud[-1] - loud[0]) / 8000 - 1) < 0.1, f"{name}: {(loud[-1] - loud[0]) / 8000:.2f} s")
            expect(sound.power_at(heard[loud[0] + 800:loud[-1] - 800], 600) > 0.9, f"{name}: not the tone")


def test_bad_files(case):
    """check names them; one that becomes bad later is logged, and the caller goes on."""
    folder = case.folder / "data" / "sounds"
    folder.mkdir(parents=True)
    sound.write(folder / "whole.wav", sound.tone(600, 1))
    (folder / "short.wav").write_bytes((folder / "whole.wav").read_bytes()[:6000])
    (folder / "garbage.mp3").write_bytes(bytes(range(256)) * 40)
    (folder / "empty.opus").write_bytes(b"")
    (folder / "folder.wav").mkdir()
    for name, wrong in (("short.wav", "shorter than it says"), ("garbage.mp3", "no sound"), ("empty.opus", "no sound"),
                        ("folder.wav", "no sound"), ("none.wav", "no such file")):
        status, said = check(case, office(case, [f"playback {name}"]))
        expect(status == 1 and name in said and wrong in said, said)
    for name, wrong in (("number:x", "not a number"), ("phrase:nothing", "no phrase"), ("tone:howl", "no tone"), ("music:attic", "music.attic"),
                        ("date:2026-02-30", "neither")):
        status, said = check(case, office(case, [f"playback {name}"]))
        expect(status == 1 and wrong in said, said)
    with Switchroom(case, office(case, ["playback whole.wav"])) as pbx:
        (folder / "whole.wav").write_bytes((folder / "short.wav").read_bytes())
        heard = hear(case, 0)
        expect(0.2 < (np.abs(heard) > 0.02).sum() / 8000 < 0.5, "what is there is played")
        pbx.wait_for_log("truncated", seconds=2)


def test_tones_of_a_country(case):
    with Switchroom(case, office(case, [["sched_hangup +2", "playback tone:busy"], ["sched_hangup +2", "playback tone:dial,fr"]])):
        busy, dial = hear(case, 0), hear(case, 1)
        start = np.flatnonzero(np.abs(busy) > 0.02)[0]
        expect(sound.power_at(busy[start:start + 3600], 480) > 0.4, "480 Hz of the American busy tone")
        expect(sound.dbfs(busy[start + 4400:start + 7600]) < -50, "its pause")
        expect(sound.power_at(dial[4000:12000], 440) > 0.9, "the French dial tone")


def test_music_is_heard_by_all_at_one_point(case):
    """Two callers who came at different times, of whom one has another codec, and one who was away."""
    folder = case.folder / "data" / "lobby"
    folder.mkdir(parents=True)
    sound.write(folder / "a.wav", sound.speech(3, rate=16000, seed=3), rate=16000)
    sound.write(folder / "b.wav", sound.speech(4, rate=8000, seed=4))
    text = office(case, ["playback music:lobby", "playback local_stream://moh"]) + '[music.lobby]\nfolder = "lobby"\n'
    with Switchroom(case, text) as pbx:
        for number in (0, 1):
            streams = []
            for kind, formats in ((rtp.PCMU, talk.PCMU), (rtp.PCMA, talk.PCMA)):
                phone, stream = talk.phone(case, register=False), rtp.Stream(case, payload_type=kind)
                out = phone.invite(f"sip:{number}@127.0.0.1", phone.sdp(stream.port, formats=formats))
                answered = out.expect(200)
                out.ack()
                stream.start(talk.media_port(answered.body), sound.silence(1))
                stream.wait_for(100)
                streams.append((out, stream, kind))
            time.sleep(2)
            first, second = (stream.measured(kind) for _, stream, kind in streams)
            for out, _, _ in streams:
                out.bye()
            early, late = first.samples, second.samples
            length = min(len(early), len(late), 12000)
            where, alike = place_of(early, late[-length:])
            expect(alike > 0.9, f"{number}: not the same music: {alike:.2f}")
            apart = len(early) - (where + length)  # samples that the first has heard after it
            expect(abs(apart) < 1600, f"{number}: {apart / 8000:.3f} s apart")
        expect_equal(pbx.pbxctl("status")["sounds_made"], 2, "each music is read once for all")
