# ctest: timeout=240
"""A thousand people come into one room at once, and go at once: nobody is left, and nothing of them."""
import time

from harness import calls, config, sipp
from harness.case import SLOWNESS, eventually, expect, expect_equal
from harness.conference import Switchroom
from test_conference import ROOMS

CROWD = 1000
PROFILE = """
[profiles.open]
listen = ["udp:127.0.0.1:5080"]
auth = false
"""


def test_a_thousand_come_and_go(case):
    text = config.office(case.folder, contexts=ROOMS, media_ports="20000-24999", max_calls=3000, calls_per_second=3000,
                         more=PROFILE)
    with Switchroom(case, text) as pbx:
        def crowd():
            """All in the room within a second or two; they leave in the order in which they came."""
            people = sipp.start(case, sipp.uac(sipp.pause(12000), challenged=False), to="127.0.0.1:5080", user="1001",
                                called="3001", calls=CROWD, at_once=CROWD, rate=CROWD, seconds=60, trace=False)
            eventually(lambda: sum(room["members"] for room in pbx.pbxctl("conference", "list")) == CROWD, 11,
                       f"{CROWD} members in the room")
            result = people.finish()
            expect_equal((result.successful, result.failed), (CROWD, 0))
            calls.expect_nothing_left(pbx, 15)
            expect_equal(pbx.pbxctl("conference", "list"), [])

        crowd()
        time.sleep(33 * SLOWNESS)  # SIP keeps what has ended for 32 s
        descriptors, memory = pbx.descriptors(), pbx.memory()
        crowd()
        time.sleep(33 * SLOWNESS)
        expect(pbx.descriptors() < descriptors + 5, f"{pbx.descriptors()} descriptors, {descriptors} before")
        expect(SLOWNESS > 1 or pbx.memory() < memory + (16 << 20), f"memory grew by {(pbx.memory() - memory) >> 20} MB")
        expect_equal(len(pbx.wait_for_cdr(2 * CROWD)), 2 * CROWD, "records")
