# ctest: timeout=180
"""Calls that wait in slots: parked by dialling, by a key in a conversation, by pbxctl; taken, rung back, given up."""
import time

from harness import config, rtp, sound, talk
from harness.case import eventually, expect, expect_equal
from harness.switchroom import Switchroom, check
from harness.talk import Talk

PARKING = """
[parking]
slots = "701-703"
number = "700"
timeout = "{timeout}"
then = "4000"
"""

CONTEXTS = r"""
[[contexts.default]]
name = "ends"
when = { destination_number = '^4000$' }
do = ["answer", "log INFO nobody took it", "hangup"]

[[contexts.default]]
name = "with keys"
when = { destination_number = '^(10\d\d)$' }
do = ["bind_digit_action office,*7,exec:park,auto,both,peer", "bridge user/$1"]

[[contexts.default]]
name = "a place for three seconds"
when = { destination_number = '^5900$' }
do = ["park waiting 1", "log INFO nobody came: ${park_result}", "hangup"]
"""


def office(case, timeout="1m"):
    music = 'hold_music = "tone_stream:%(1000,0,700);loops=-1"'
    return config.office(case.folder, contexts=CONTEXTS, profile=music, more=PARKING.format(timeout=timeout))


class Caller:
    """A phone that dials, is answered, and sends a tone of its own."""

    def __init__(self, case, number, frequency, user="1001"):
        self.phone, self.stream = talk.phone(case, user, register=False), rtp.Stream(case)
        self.call = self.phone.invite(f"sip:{number}@127.0.0.1", self.phone.sdp(self.stream.port, formats=talk.PCMU))
        answered = self.call.expect(200)
        self.call.ack()
        self.stream.start(talk.media_port(answered.body), sound.tone(frequency, 1))


def hears(stream, frequency, seconds=5):
    def now():
        heard = stream.measured().samples[-1600:]
        return len(heard) == 1600 and sound.dbfs(heard) > -40 and sound.power_at(heard, frequency) > 0.9
    eventually(now, seconds, f"a tone of {frequency} Hz")


def test_parked_and_taken(case):
    """Dialled into a free slot; who dials the slot next talks with the one who waits."""
    with Switchroom(case, office(case)) as pbx:
        waiting = Caller(case, "701", 500)
        hears(waiting.stream, 700)  # music
        row, = pbx.pbxctl("park")
        expect_equal((row["slot"], row["caller"]), ("701", "1001"))
        second = Caller(case, "700", 1500, "1003")  # the first that is free
        eventually(lambda: [one["slot"] for one in pbx.pbxctl("park")] == ["701", "702"], 5, "two slots")
        taking = Caller(case, "701", 600, "1002")
        hears(taking.stream, 500)
        hears(waiting.stream, 600)
        eventually(lambda: len(pbx.pbxctl("park")) == 1, 5, "the slot is free")
        waiting.stream.send_digit("5")  # keys go across
        eventually(lambda: taking.stream.digits() == "5", 5, "the key")
        taking.call.bye()
        waiting.call.expect_bye()
        second.call.bye()
        eventually(lambda: not pbx.pbxctl("park"), 5, "no one waits")
        expect_equal([row["hangup_cause"] for row in pbx.wait_for_cdr(3)], ["NORMAL_CLEARING"] * 3)
        events = [one["event"] for one in pbx.pbxctl("events", "park")]
        expect_equal(events, ["park.parked", "park.parked", "park.taken", "park.abandoned"])


def test_who_waits_hangs_up(case):
    """The one who waited ends it, too, and hold goes across the two calls."""
    with Switchroom(case, office(case)) as pbx:
        waiting = Caller(case, "701", 500)
        taking = Caller(case, "701", 600, "1002")
        hears(waiting.stream, 600)
        taking.call.reinvite(taking.phone.sdp(taking.stream.port, formats=talk.PCMU, direction="sendonly", version=2))
        hears(waiting.stream, 700)
        taking.call.reinvite(taking.phone.sdp(taking.stream.port, formats=talk.PCMU, version=3))
        hears(waiting.stream, 600)
        waiting.call.bye()
        taking.call.expect_bye()
        pbx.wait_for_cdr(2)


def test_nobody_comes(case):
    with Switchroom(case, office(case, "1s")) as pbx:
        caller = Caller(case, "5900", 500)
        pbx.wait_for_log("nobody took it")  # [parking] then
        caller.call.expect_bye()
        expect_equal(pbx.wait_for_cdr()[0]["hangup_cause"], "NORMAL_CLEARING")


def test_parked_by_a_key_and_rung_back(case):
    """1002 parks 1001 by *7 out of a conversation; nobody takes the call, so 1002 is rung."""
    with Switchroom(case, office(case, "2s")) as pbx:
        both = Talk(case).speak(sound.tone(500, 1), sound.tone(600, 1))
        hears(both.sa, 600)
        for key in "*7":
            both.sb.send_digit(key)
            time.sleep(0.1)
        both.incoming.expect_bye()
        hears(both.sa, 700)
        row, = pbx.pbxctl("park")
        expect_equal((row["slot"], row["caller"], row["parked_by"]), ("701", "1001", "1002"))
        back = both.b.answer(seconds=8)
        back.accept(both.b.sdp(both.sb.port, formats=talk.PCMU))
        both.sb.start(talk.media_port(back.request.body), sound.tone(900, 1))
        hears(both.sa, 900)
        both.call.bye()
        back.expect_bye()
        pbx.wait_for_cdr(1)


def test_the_callee_parked_by_a_key(case):
    """1001 parks whom it has called: that leg becomes a call of its own, which 1003 takes."""
    with Switchroom(case, office(case)) as pbx:
        both = Talk(case).speak(sound.tone(500, 1), sound.tone(600, 1))
        hears(both.sb, 500)
        for key in "*7":
            both.sa.send_digit(key)
            time.sleep(0.1)
        both.call.expect_bye()
        hears(both.sb, 700)
        row, = pbx.pbxctl("park")
        expect_equal((row["slot"], row["caller"], row["parked_by"]), ("701", "1002", "1001"))
        taking = Caller(case, "701", 900, "1003")
        hears(both.sb, 900)
        hears(taking.stream, 600)
        both.incoming.bye()
        taking.call.expect_bye()
        pbx.wait_for_cdr(3)


def test_by_pbxctl(case):
    with Switchroom(case, office(case)) as pbx:
        both = Talk(case).speak(sound.tone(500, 1), sound.tone(600, 1))
        call, = pbx.pbxctl("calls")
        pbx.pbxctl("park", call["id"], "703")
        both.incoming.expect_bye()
        hears(both.sa, 700)
        said = pbx.pbxctl_raw("park", call["id"], "703")
        expect(said.returncode != 0 and "taken" in said.stderr, said)
        pbx.pbxctl("unpark", "703", "user/1002")
        incoming = both.b.answer()
        incoming.accept(both.b.sdp(both.sb.port, formats=talk.PCMU))
        both.sb.forget()
        both.sb.start(talk.media_port(incoming.request.body), sound.tone(800, 1))
        hears(both.sa, 800)
        hears(both.sb, 500)
        pbx.pbxctl("transfer", call["id"], "4000")  # out of the meeting
        pbx.wait_for_log("nobody took it")
        both.call.expect_bye()
        incoming.expect_bye()
        said = pbx.pbxctl_raw("unpark", "703", "user/1002")
        expect(said.returncode != 0 and "nobody waits" in said.stderr, said)


def test_mistakes_are_found_by_check(case):
    contexts = CONTEXTS + r"""
[[contexts.default]]
when = { destination_number = '^1$' }
do = ["park a/b", "park 701 soon", "unpark a b"]
"""
    text = office(case).replace('"701-703"', '"703-70"')
    status, said = check(case, text.replace(CONTEXTS, contexts))
    expect_equal(status, 1, said)
    for words in ('"703-70" is not written as in 701-720', '"a/b" is not the name of a slot',
                  '"soon" is not the seconds', "it takes the name of a slot"):
        expect(words in said, f"{words!r} is missing in\n{said}")
