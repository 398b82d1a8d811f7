# ctest: timeout=120
"""A prompt of one's own, spoken into the phone behind a PIN, or by invitation of pbxctl."""
import time

from harness import config, rtp, sound, talk
from harness.case import eventually, expect, expect_equal
from harness.switchroom import Switchroom, check

LISTEN = r"""
[[contexts.default]]
name = "listen"
when = { destination_number = '^\*78(\d+)$' }
do = ["answer", "playback custom/$1.wav", "hangup"]
"""
CONTEXTS = LISTEN + r"""
[[contexts.default]]
name = "record"
when = { destination_number = '^\*77(\d+)$' }
do = ["record_prompt custom/$1", "log INFO prompt ${record_prompt_result}", "hangup"]
"""
PIN = '\n[prompts]\npin = "48151"\n'


class Caller:
    def __init__(self, case, number, frequency=0):
        self.phone, self.stream = talk.phone(case, register=False), rtp.Stream(case)
        self.call = self.phone.invite(f"sip:{number}@127.0.0.1", self.phone.sdp(self.stream.port, formats=talk.PCMU))
        answered = self.call.expect(200)
        self.call.ack()
        self.stream.start(talk.media_port(answered.body), sound.tone(frequency, 1) if frequency else sound.silence(1))

    def press(self, keys):
        for key in keys:
            self.stream.send_digit(key)
            time.sleep(0.08)


def hears(stream, frequency, seconds=8):
    def now():
        heard = stream.measured().samples[-1600:]
        return len(heard) == 1600 and sound.dbfs(heard) > -40 and sound.power_at(heard, frequency) > 0.9
    eventually(now, seconds, f"a tone of {frequency} Hz")


def drafts(sounds):
    return [path.name for path in sounds.iterdir() if path.name.startswith((".new", "new-"))] if sounds.exists() else []


def speak_a_prompt(sounds, stream, press):
    """After the tone: a second and a half of it, ended by #."""
    eventually(lambda: drafts(sounds), 10, "a recording begins")
    time.sleep(1.5)
    press("#")


def test_recorded_heard_and_kept(case):
    sounds = case.folder / "data" / "sounds"
    with Switchroom(case, config.office(case.folder, contexts=CONTEXTS, more=PIN)) as pbx:
        caller = Caller(case, "*7712", 700)
        caller.press("48151#")
        speak_a_prompt(sounds, caller.stream, caller.press)
        caller.press("2")
        hears(caller.stream, 700)  # played back
        caller.press("#3")  # once more
        eventually(lambda: len(drafts(sounds)) >= 1, 5, "another recording")
        time.sleep(2)
        caller.press("#")
        time.sleep(0.3)
        caller.press("1")
        pbx.wait_for_log("recorded the prompt custom/12.wav")
        pbx.wait_for_log("prompt kept", seconds=10)
        caller.call.expect_bye(seconds=10)
        row, = pbx.pbxctl("prompts")
        expect_equal(row["name"], "custom/12.wav")
        eventually(lambda: not drafts(sounds), 5, "nothing is left of the first try")
        listener = Caller(case, "*7812")
        hears(listener.stream, 700)
        listener.call.expect_bye(seconds=10)
        expect_equal([one["event"] for one in pbx.pbxctl("events", "prompt")], ["prompt.recorded"])


def test_who_hangs_up_leaves_nothing(case):
    sounds = case.folder / "data" / "sounds"
    with Switchroom(case, config.office(case.folder, contexts=CONTEXTS, more=PIN)) as pbx:
        caller = Caller(case, "*7712", 700)
        caller.press("48151#")
        eventually(lambda: drafts(sounds), 10, "a recording begins")
        time.sleep(0.5)
        caller.call.bye()
        eventually(lambda: not drafts(sounds), 8, "it is removed")
        expect_equal(pbx.pbxctl("prompts"), [])


def test_only_with_the_pin(case):
    with Switchroom(case, config.office(case.folder, contexts=CONTEXTS, more=PIN)) as pbx:
        caller = Caller(case, "*7712")
        caller.press("48152#")
        pbx.wait_for_log("wrong PIN from 1001")
        caller.press("1#")
        caller.press("481511#")
        pbx.wait_for_log("prompt denied", seconds=10)
        caller.call.expect_bye(seconds=10)
        expect_equal(len(pbx.pbxctl("events", "prompt.denied")), 3)
        for _ in range(3):
            caller = Caller(case, "*7712")
            caller.press("1#1#1#")
            caller.call.expect_bye(seconds=10)
        caller = Caller(case, "*7712")  # after ten nobody may try for a while, not even with the right one
        caller.press("48151#")
        pbx.wait_for_log("too many wrong PINs lately")
        caller.call.expect_bye(seconds=10)


def test_by_pbxctl(case):
    """Rung by the office's own command, a phone records without a PIN, and hears what it has recorded."""
    sounds = case.folder / "data" / "sounds"
    with Switchroom(case, config.office(case.folder, contexts=LISTEN)) as pbx:
        phone, stream = talk.phone(case, "1002"), rtp.Stream(case)

        def answer():
            incoming = phone.answer()
            incoming.accept(phone.sdp(stream.port, formats=talk.PCMU))
            stream.start(talk.media_port(incoming.request.body), sound.tone(900, 1))
            return incoming

        def press(keys):
            for key in keys:
                stream.send_digit(key)
                time.sleep(0.08)
        pbx.pbxctl("prompts", "record", "night/closed", "user/1002")
        call = answer()
        speak_a_prompt(sounds, stream, press)
        time.sleep(0.3)
        press("1")
        pbx.wait_for_log("recorded the prompt night/closed.wav")
        call.expect_bye(seconds=10)
        stream.forget()
        pbx.pbxctl("prompts", "play", "night/closed.wav", "user/1002")
        call = answer()
        hears(stream, 900)
        call.expect_bye(seconds=10)
        for words, wrong in ((("record", "../etc/x", "user/1002"), "not the name of a prompt"),
                             (("play", "none.wav", "user/1002"), "no such file"),
                             (("record", "x", "user/1009"), "1009")):
            said = pbx.pbxctl_raw("prompts", *words)
            expect(said.returncode != 0 and wrong in said.stderr, said.stderr)


def test_mistakes_are_found_by_check(case):
    contexts = '[[contexts.default]]\nwhen = { destination_number = "^1$" }\ndo = ["record_prompt a/../b"]\n'
    for pin, words in (("", "it needs the pin of [prompts]"), ('\n[prompts]\npin = "12"\n', "is not 4 to 32 digits"),
                       (PIN, '"a/../b" is not the name of a prompt')):
        status, said = check(case, config.office(case.folder, contexts=contexts, more=pin))
        expect_equal(status, 1, said)
        expect(words in said, f"{words!r} is missing in\n{said}")
