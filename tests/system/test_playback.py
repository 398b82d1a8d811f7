# ctest: timeout=120
"""playback: files, tones and silence, before and after the answer, and keys that end it."""
import re
import time

import numpy as np

from harness import config, rtp, sound, talk
from harness.case import eventually, expect, expect_equal
from harness.switchroom import Switchroom

CONTEXT = """
[[contexts.default]]
when = {{ destination_number = '^1$' }}
do = [{steps}]
"""


def office(case, *steps, more=""):
    quoted = ", ".join(f'"{step}"' for step in steps)
    return config.office(case.folder, contexts=CONTEXT.format(steps=quoted) + more)


def sounds(case):
    folder = case.folder / "data" / "sounds"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def call(case, formats=talk.PCMU, payload_type=rtp.PCMU):
    """(call, stream, answer): a caller who hears what extension 1 plays."""
    phone, stream = talk.phone(case, register=False), rtp.Stream(case, payload_type=payload_type)
    out = phone.invite("sip:1@127.0.0.1", phone.sdp(stream.port, formats=formats))
    answered = out.expect(200)
    out.ack()
    stream.start(talk.media_port(answered.body), sound.silence(1))
    return out, stream


def heard_until_bye(out, stream):
    out.expect_bye(seconds=10)
    return stream.measured()


def test_a_file_in_every_shape(case):
    """Rates and channels of files, and codecs of callers: the same tone at the same level, once, without a click."""
    rates = {"narrow.wav": (8000, 1), "wide.wav": (16000, 1), "cd.wav": (44100, 2), "studio.wav": (48000, 1)}
    for name, (rate, channels) in rates.items():
        sound.write(sounds(case) / name, sound.tone(500, 1, rate=rate), rate=rate, channels=channels)
    for name in rates:
        with Switchroom(case, office(case, "answer", "sleep 300", f"playback {name}", "hangup")):
            for formats, kind in ((talk.PCMU, rtp.PCMU), (talk.PCMA, rtp.PCMA)):
                out, stream = call(case, formats, kind)
                got = heard_until_bye(out, stream)
                samples = got.samples
                loud = np.flatnonzero(np.abs(samples) > 0.02)
                expect(len(loud), f"{name}: nothing was heard")
                length = (loud[-1] - loud[0]) / 8000
                expect(abs(length - 1) < 0.06, f"{name}: heard for {length:.3f} s")
                middle = samples[loud[0] + 400:loud[-1] - 400]
                expect(sound.power_at(middle, 500) > 0.98, f"{name}: {sound.power_at(middle, 500):.3f} of it is the tone")
                expect(abs(sound.dbfs(middle) + 10.5) < 0.3, f"{name}: {sound.dbfs(middle):.2f} dBFS")
                expect_equal((got.lost, got.jumps, got.ssrcs), (0, 0, 1), f"{name}: holes")


def test_one_after_another(case):
    sound.write(sounds(case) / "low.wav", sound.tone(400, 0.5))
    steps = ("answer", "sleep 200", "playback low.wav!silence:500!tone_stream:%(300,100,1000);loops=2", "hangup")
    with Switchroom(case, office(case, *steps)):
        out, stream = call(case)
        samples = heard_until_bye(out, stream).samples
        loud = np.flatnonzero(np.abs(samples) > 0.02)
        begin = loud[0]

        def piece(start, end):
            return samples[begin + int(start * 8000):begin + int(end * 8000)]

        expect(sound.power_at(piece(0.05, 0.45), 400) > 0.95, "the file first")
        expect(sound.dbfs(piece(0.55, 0.95)) < -50, "then silence")
        expect(sound.power_at(piece(1.05, 1.25), 1000) > 0.95, "then the tone")
        expect(sound.dbfs(piece(1.33, 1.37)) < -50, "its pause")
        expect(sound.power_at(piece(1.45, 1.65), 1000) > 0.95, "and the tone again")
        expect(abs((loud[-1] - begin) / 8000 - 1.7) < 0.06, f"{(loud[-1] - begin) / 8000:.2f} s in all")


def test_before_the_answer(case):
    """As early media, by 183; the phone is not answered by it."""
    with Switchroom(case, office(case, "playback tone_stream:%(800,0,600)", "hangup USER_BUSY")) as pbx:
        phone, stream = talk.phone(case, register=False), rtp.Stream(case)
        out = phone.invite("sip:1@127.0.0.1", phone.sdp(stream.port, formats=talk.PCMU))
        early = phone.expect(183, skip=(100,))
        stream.start(talk.media_port(early.body), sound.silence(1))
        out.expect_failure(486)
        samples = stream.measured().samples
        expect(sound.power_at(samples[800:5600], 600) > 0.95, "the tone is heard before any answer")
        row = pbx.wait_for_cdr()[0]
        expect_equal((row["billsec"], row["hangup_cause"]), (0, "USER_BUSY"))


def expect_ends_by(case, steps, press, wanted, key):
    with Switchroom(case, office(case, "answer", *steps, "log INFO ended by <${playback_terminator_used}> ${playback_status}",
                                 "playback tone_stream:%(500,0,1500)", "hangup")) as pbx:
        out, stream = call(case)
        stream.wait_for(30)
        press(out, stream)
        if wanted:
            pbx.wait_for_log(re.escape(f"ended by <{key}> done"), seconds=2)
        else:
            time.sleep(0.6)
            expect("ended by" not in pbx.log, "the key ended what it should not")
        time.sleep(0.7)
        samples = stream.measured().samples
        if wanted:
            steps_between = np.abs(np.diff(samples))
            expect(steps_between.max() < 0.45, f"a click: a step of {steps_between.max():.2f}")
        out.bye()


def by_event(key):
    return lambda out, stream: stream.send_digit(key)


def by_info(key):
    return lambda out, stream: out.ask("INFO", [("Content-Type", "application/dtmf-relay")], f"Signal={key}\r\nDuration=100\r\n")


LONG = "playback tone_stream:%(10000,0,500)"


def test_keys_that_end_it(case):
    expect_ends_by(case, [LONG], by_event("*"), True, "*")
    expect_ends_by(case, [LONG], by_info("*"), True, "*")
    expect_ends_by(case, [LONG], by_event("5"), False, "")
    expect_ends_by(case, ["set playback_terminators=any", LONG], by_event("5"), True, "5")
    expect_ends_by(case, ["set playback_terminators=12", LONG], by_event("2"), True, "2")
    expect_ends_by(case, ["set playback_terminators=none", LONG], by_event("*"), False, "")


def test_what_cannot_be_played(case):
    """It is logged, and the caller goes on; the server lives."""
    (sounds(case) / "text.wav").write_text("this is no sound")
    with Switchroom(case, office(case, "answer", "set name=missing.wav", "playback ${name}",
                                 "log INFO one ${playback_status}", "set name=text.wav", "playback ${name}",
                                 "log INFO two ${playback_status}", "hangup")) as pbx:
        out, _ = call(case)
        out.expect_bye()
        pbx.wait_for_log("missing.wav: there is no such file")
        pbx.wait_for_log("one failed")
        pbx.wait_for_log("text.wav: the file holds no sound of a known format")
        pbx.wait_for_log("two failed")


def test_the_caller_hangs_up_in_the_middle(case):
    with Switchroom(case, office(case, "answer", LONG, "log INFO never")) as pbx:
        out, stream = call(case)
        stream.wait_for(20)
        out.bye()
        stream.expect_silence()
        row = pbx.wait_for_cdr()[0]
        expect_equal((row["hangup_cause"], row["hung_up_by"], row["last_app"]), ("NORMAL_CLEARING", "caller", "playback"))
        expect("never" not in pbx.log, "the next step ran")


def test_many_hear_one_file(case):
    """Read once, heard by all, each from its beginning."""
    sound.write(sounds(case) / "long.wav", sound.tone(700, 3))
    with Switchroom(case, office(case, "answer", "playback long.wav", "hangup")):
        callers = [call(case) for _ in range(10)]
        for out, stream in callers:
            out.expect_bye(seconds=10)
            samples = stream.measured().samples
            loud = np.flatnonzero(np.abs(samples) > 0.02)
            expect(abs((loud[-1] - loud[0]) / 8000 - 3) < 0.1, "the whole file")
