# ctest: timeout=180 weight=2
"""Real phones at a mailbox, by keys alone: speech is left, heard, forwarded and deleted, and what comes back is what
was said."""
import time

from harness import config, mailbox, sound, talk
from harness.baresip import Baresip
from harness.case import SLOWNESS, eventually, expect, expect_equal
from harness.mailbox import messages, wait_for_messages
from harness.switchroom import Switchroom

SPOKEN = 6  # seconds


def phone(case, user):
    made = Baresip(case, user, config.password(user), server=talk.SERVER)
    made.wait_for("REGISTER_OK", seconds=10)
    return made


def call(one, number, count=1):
    one.dial(f"sip:{number}@127.0.0.1")
    one.wait_for("CALL_ESTABLISHED", count=count, seconds=10)
    time.sleep(1)  # within what is said first


def said_again(listener, speaker, seconds=4):
    """So many seconds on end of what the listener heard are the speaker's words."""
    def found():
        scores = [score for _, _, score in sound.correlate(listener.heard(), speaker.sent, listener.rate)]
        good = best = 0
        for score in scores:
            good = good + 1 if score > 0.97 else 0
            best = max(best, good)
        return best >= seconds
    eventually(found, 15, f"{listener.user} hears {seconds} s of what {speaker.user} said")


def test_left_heard_forwarded_deleted(case):
    text = mailbox.office(case, pins={"1001": "4711", "1003": "4822"}, voicemail='silence = "30s"')
    with Switchroom(case, text) as pbx:
        speaker, owner, colleague = (phone(case, user) for user in ("1002", "1001", "1003"))
        call(speaker, "*991001")
        speaker.press("#")
        time.sleep(SPOKEN + 1)
        speaker.press("#")
        time.sleep(1.5 * SLOWNESS)
        speaker.press("2")
        speaker.wait_for("CALL_CLOSED", seconds=10)
        row = wait_for_messages(pbx, "1001", 1)[0]
        expect(SPOKEN - 1 < row["length_s"] < SPOKEN + 4 * SLOWNESS, f"{row['length_s']} s were left")

        call(owner, "*98")
        owner.press("4711#")
        time.sleep(2 * SLOWNESS)
        owner.press("1")
        said_again(owner, speaker)
        owner.press("8")
        time.sleep(1 * SLOWNESS)
        owner.press("1003#")
        time.sleep(1.5 * SLOWNESS)
        owner.press("#")  # no introduction
        wait_for_messages(pbx, "1003", 1)
        time.sleep(1.5 * SLOWNESS)
        owner.press("7")
        eventually(lambda: [one["state"] for one in messages(pbx, "1001")] == ["deleted"], 8, "it is deleted")
        owner.hang_up()

        call(colleague, "*98")
        colleague.press("4822#")
        time.sleep(2 * SLOWNESS)
        colleague.press("1")
        said_again(colleague, speaker)
        time.sleep(3)
        colleague.press("2")
        eventually(lambda: [one["state"] for one in messages(pbx, "1003")] == ["saved"], 8, "it is saved")
        colleague.hang_up()
        expect_equal([one["state"] for one in messages(pbx, "1001")], ["deleted"])
