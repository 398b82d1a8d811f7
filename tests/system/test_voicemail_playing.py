# ctest: timeout=180
"""While a message plays: back, forward, paused; the sender is called back; pbxctl plays one to a phone."""
import time

from harness import mailbox, rtp, sound, talk
from harness.case import expect, expect_equal
from harness.mailbox import BEEP, Caller, leave_one, messages, wait_for_messages
from harness.switchroom import Switchroom

PARTS = (440, 560, 680)


def leave_parts(case, pbx, seconds=3.0):
    """A message that says where in it one is: 440 Hz, then 560, then 680."""
    caller = Caller(case, "*991001", "1002")
    caller.hears("intro").press("#").hears(BEEP)
    time.sleep(0.3)
    for hertz in PARTS:
        caller.say(sound.tone(hertz, 1))
        time.sleep(seconds)
    caller.hang_up()
    return wait_for_messages(pbx, "1001", 1)[0]


def owner(case):
    caller = Caller(case, "*98", "1001")
    caller.hears("enter_pin").press("4711#")
    return caller.hears("main_menu")


def test_back_forward_paused(case):
    with Switchroom(case, mailbox.office(case, voicemail='step = "3s"\nsilence = "30s"')) as pbx:
        leave_parts(case, pbx)
        boss = owner(case)
        begun = time.monotonic()
        boss.press("1").hears(440).press("6").hears(560, seconds=2)
        expect(time.monotonic() - begun < 2.9, "the first part was skipped, not waited for")
        boss.press("6").hears(680, seconds=2)
        boss.press("4").hears(560, seconds=2)
        boss.press("9")
        time.sleep(0.4)
        heard = boss.record(2)
        expect(sound.dbfs(heard) < -50, f"paused, but {sound.dbfs(heard):.0f} dBFS came")
        boss.press("9").hears(560, seconds=2).hears(680, seconds=6).hears("message_menu")
        boss.hang_up()
        expect_equal([one["state"] for one in messages(pbx, "1001")], ["saved"], "heard to its end")


def test_called_back(case):
    """5 calls whoever left the message, and both talk."""
    with Switchroom(case, mailbox.office(case, pins={"1001": "4711"})) as pbx:
        leave_parts(case, pbx, 1.0)
        sender, stream = talk.phone(case, "1002"), rtp.Stream(case)
        boss = owner(case)
        boss.press("1").hears(440).press("5")
        incoming = sender.answer(seconds=10)
        incoming.accept(sender.sdp(stream.port, formats=talk.PCMU))
        stream.start(talk.media_port(incoming.request.body), sound.tone(350, 1))
        boss.hears(350)
        boss.say(sound.tone(510, 1))
        stream.expect_tone(510, seconds=2)
        boss.hang_up()
        incoming.expect_bye(seconds=8)


def test_played_to_a_phone(case):
    """`pbxctl voicemail play`: the phone rings, who answers hears it, and it is hung up at its end."""
    with Switchroom(case, mailbox.office(case)) as pbx:
        row = leave_one(case, pbx, seconds=5)
        phone, stream = talk.phone(case, "1003"), rtp.Stream(case)
        pbx.pbxctl("voicemail", "play", str(row["id"]), "1003")
        incoming = phone.answer(seconds=8)
        stream.start(talk.media_port(incoming.request.body), sound.silence(1))
        incoming.accept(phone.sdp(stream.port, formats=talk.PCMU))
        time.sleep(1.5)  # the message begins with a breath of silence
        stream.forget()
        stream.expect_tone(440, seconds=2)
        incoming.expect_bye(seconds=12)
        expect_equal(messages(pbx, "1001")[0]["state"], "new", "who listens in the office takes nothing from the owner")
