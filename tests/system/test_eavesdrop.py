# ctest: timeout=180
"""A supervisor listens, whispers and joins; the others hear what they shall, without a break."""
import time

from harness import config, rtp, sound, talk
from harness.case import eventually, expect, expect_equal
from harness.switchroom import Switchroom, check
from harness.talk import Talk

CONTEXTS = r"""
[[contexts.default]]
name = "colleagues"
when = { destination_number = '^(10\d\d)$' }
do = ["bridge user/$1"]

[[contexts.default]]
name = "listen"
when = { destination_number = '^\*33(\d+)$' }
do = ["eavesdrop user/$1", "log INFO eavesdrop ${eavesdrop_result}"]

[[contexts.default]]
name = "listen to a call"
when = { destination_number = '^by-(.*)$' }
do = ["eavesdrop $1 join", "log INFO eavesdrop ${eavesdrop_result}"]
"""


def office(case):
    text = config.office(case.folder, contexts=CONTEXTS, extensions=("1001", "1002", "1003", "1004"))
    text = text.replace('name = "Person 1002"', 'name = "Person 1002"\ngroups = ["sales"]')
    return text.replace('name = "Person 1003"', 'name = "Person 1003"\nmay_supervise = ["sales"]')


class Supervisor:
    def __init__(self, case, number, user="1003"):
        self.phone, self.stream = talk.phone(case, user, register=False), rtp.Stream(case)
        self.call = self.phone.invite(f"sip:{number}@127.0.0.1", self.phone.sdp(self.stream.port, formats=talk.PCMU))
        answered = self.call.expect(200)
        self.call.ack()
        self.stream.start(talk.media_port(answered.body), sound.tone(1500, 1, level=0.1))

    def press(self, key):
        self.stream.send_digit(key)


def share(stream, frequency):
    heard = stream.measured().samples[-1600:]
    return sound.power_at(heard, frequency) if len(heard) == 1600 and sound.dbfs(heard) > -45 else 0


def hears(stream, *frequencies, but=()):
    def now():
        return all(share(stream, one) > 0.1 for one in frequencies) and all(share(stream, one) < 0.02 for one in but)
    eventually(now, 6, f"{frequencies} Hz without {but}")


def test_listen_whisper_join(case):
    with Switchroom(case, office(case)) as pbx:
        both = Talk(case).speak(sound.tone(500, 1, level=0.1), sound.tone(700, 1, level=0.1))
        hears(both.sa, 700)
        hears(both.sb, 500)
        boss = Supervisor(case, "*331002")
        hears(boss.stream, 500, 700, but=(1500,))
        hears(both.sa, 700, but=(1500,))
        hears(both.sb, 500, but=(1500,))
        boss.press("2")  # to 1002, who was asked for
        hears(both.sb, 500, 1500)
        hears(both.sa, 700, but=(1500,))
        boss.press("1")
        hears(both.sa, 700, 1500)
        hears(both.sb, 500, but=(1500,))
        boss.press("3")
        hears(both.sa, 700, 1500)
        hears(both.sb, 500, 1500)
        hears(boss.stream, 500, 700, but=(1500,))
        boss.press("0")
        hears(both.sa, 700, but=(1500,))
        hears(both.sb, 500, but=(1500,))
        both.sa.send_digit("7")  # keys still go across
        eventually(lambda: both.sb.digits() == "7", 5, "the key")
        boss.press("*")
        boss.call.expect_bye()
        hears(both.sa, 700)
        hears(both.sb, 500)
        both.end()
        events = [(one["event"], one["fields"]["mode"]) for one in pbx.pbxctl("events", "eavesdrop")]
        expect_equal(events[0], ("eavesdrop.begin", "listens"))
        expect_equal([mode for name, mode in events if name == "eavesdrop.mode"],
                     ["whispers to the target", "whispers to the other one", "joins", "listens"])
        pbx.wait_for_log("1003 whispers to the target")
        pbx.wait_for_cdr(2)


def test_nothing_breaks(case):
    """What the two hear while somebody comes, whispers to the other one and goes: one tone without gaps or jumps."""
    with Switchroom(case, office(case)) as pbx:
        both = Talk(case).speak(sound.tone(500, 1, level=0.1), sound.tone(700, 1, level=0.1))
        hears(both.sb, 500)
        both.sa.forget()
        boss = Supervisor(case, "*331002")
        hears(boss.stream, 500, 700)
        boss.press("2")
        hears(both.sb, 500, 1500)
        boss.call.bye()
        hears(both.sb, 500, but=(1500,))
        time.sleep(0.5)
        heard = both.sa.measured()
        expect_equal((heard.lost, heard.ssrcs), (0, 1), "holes in the stream")
        # In each 20 ms there is the tone: a break or a click would be something else.
        frames = [heard.samples[i:i + 160] for i in range(0, len(heard.samples) - 160, 160)]
        odd = [i for i, frame in enumerate(frames) if sound.power_at(frame, 700) < 0.8 or sound.dbfs(frame) < -30]
        expect(len(odd) <= 3, f"of {len(frames)} frames these are not the tone: {odd}")
        both.end()
        pbx.wait_for_cdr(2)


def test_only_with_permission(case):
    with Switchroom(case, office(case)) as pbx:
        both = Talk(case).speak(sound.tone(500, 1, level=0.1), sound.tone(700, 1, level=0.1))
        other = talk.phone(case, "1004", register=False)
        other.invite("sip:*331002@127.0.0.1", other.sdp(40000)).expect_failure(403)
        pbx.wait_for_log("1004 has no may_supervise for it: denied")
        pbx.wait_for_log("eavesdrop denied")
        boss = talk.phone(case, "1003", register=False)
        boss.invite("sip:*331001@127.0.0.1", boss.sdp(40000)).expect_failure(403)  # not of the group
        boss.invite("sip:*331004@127.0.0.1", boss.sdp(40000)).expect_failure(403)
        pbx.wait_for_log("nobody talks there")
        row, = pbx.pbxctl("calls")
        listener = Supervisor(case, "by-" + row["id"])
        hears(both.sa, 700, 1500)
        both.end()
        listener.call.expect_bye()
        pbx.wait_for_log("eavesdrop done")


def test_mistakes_are_found_by_check(case):
    contexts = CONTEXTS + r"""
[[contexts.default]]
when = { destination_number = '^1$' }
do = ["eavesdrop", "eavesdrop user/1999", "eavesdrop user/1002 sing"]
"""
    status, said = check(case, config.office(case.folder, contexts=contexts))
    expect_equal(status, 1, said)
    for words in ("it takes whom to listen to", "there is no extension 1999", "the mode is listen"):
        expect(words in said, f"{words!r} is missing in\n{said}")
