# ctest: timeout=200
"""Session timers that run out, RFC 4028 section 10: who does not refresh is hung up on, who answers a refresh talks on."""
import time

from harness import config
from harness.calls import expect_nothing_left, phone, ring
from harness.case import SLOWNESS, expect, expect_equal
from harness.switchroom import Switchroom

SUPPORTED = ("Supported", "timer")


def talk(a, b, session_expires):
    out, incoming = ring(a, b, headers=[SUPPORTED, ("Session-Expires", session_expires)])
    incoming.accept(b.sdp(40002))
    answered = out.expect(200)
    out.ack()
    expect_equal(answered.header("Session-Expires"), session_expires)
    return out, incoming


def test_one_refreshes_not_and_one_is_refreshed(case):
    text = config.office(case.folder, extensions=("1001", "1002", "1003", "1004"))
    with Switchroom(case, text) as pbx:
        a, b, c, d = (phone(case, user) for user in ("1001", "1002", "1003", "1004"))
        begun = time.monotonic()
        forgets, forgotten = talk(a, b, "90;refresher=uac")  # and a never refreshes
        asked, kept = talk(c, d, "90;refresher=uas")         # here Switchroom refreshes
        refresh = c.expect("UPDATE", "INVITE", seconds=55)
        expect(time.monotonic() - begun > 40, "half of the interval")
        expect_equal(refresh.header("Session-Expires").split(";")[0], "90")
        headers = [SUPPORTED, ("Session-Expires", "90;refresher=uac"), ("Require", "timer")]
        c.reply(refresh, 200, headers=headers, body=c.sdp(40000) if refresh.body else "", tag=None)
        if refresh.method == "INVITE":
            c.expect("ACK")
        forgets.expect_bye(seconds=30)  # at 90 s less a third
        expect(55 < time.monotonic() - begun < 90 * SLOWNESS, "the time of the goodbye")
        forgotten.expect_bye()
        row, = pbx.wait_for_cdr()
        expect_equal(row["hangup_cause"], "RECOVERY_ON_TIMER_EXPIRE")
        time.sleep(max(0, begun + 75 - time.monotonic()))
        expect_equal(len(pbx.pbxctl("calls")), 1, "who answered the refresh talks on")
        asked.bye()
        kept.expect_bye()
        expect_nothing_left(pbx)
