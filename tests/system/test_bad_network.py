# ctest: timeout=300 weight=3
"""Sound that crosses a bad network and is decoded here: concealed, counted, and never a stall.

A caller with PCMU (or opus) behind the bad network talks to a callee with PCMA, so that the server has to
decode. Both are raw streams with exact packets; scores are printed for docs/media.md and held with room."""
import time

import numpy as np

from harness import config, opus, rtp, sound, talk
from harness.case import SLOWNESS, eventually, expect, expect_equal, within
from harness.network import Network
from harness.switchroom import Switchroom
from harness.talk import Talk

PCMA = ((8, "PCMA/8000"), (101, "telephone-event/8000"))
OPUS = ((111, "opus/48000/2"), (101, "telephone-event/8000"))
SECONDS = 8


class Heard:
    """What the callee heard of a caller behind `network` for SECONDS, and what the server counted."""

    def __init__(self, pbx, both, spoken):
        both.sb.forget()
        time.sleep(SECONDS)
        packets = list(both.sb.packets)
        got = rtp.measure(packets, rtp.PCMA)
        self.samples, self.packets = got.samples, got
        self.leg = talk.only_call(pbx)["caller_leg"]
        self.scores = [score for _, _, score in sound.correlate(self.samples, spoken)]
        self.median, self.worst = float(np.median(self.scores)), min(self.scores)
        played = max(1, self.leg["played_ms"])
        self.concealed = self.leg["concealed_ms"] / played

    def __str__(self):
        return (f"correlation {self.median:.3f} (worst {self.worst:.3f}), concealed {100 * self.concealed:.1f} %, "
                f"lost {self.leg['packets_lost']}, late {self.leg['late']}, MOS {self.leg['mos']:.2f}, "
                f"delay {self.leg['buffer_ms']:.0f} ms")


def listen(case, name, coder=None, **faults):
    """Runs one call through a network with these faults."""
    bad = Network(case, **faults)
    rate = coder.rate if coder else 8000
    spoken = sound.speech(SECONDS + 6, rate, seed=11)
    with Switchroom(case, config.office(case.folder)) as pbx:
        sa = rtp.Stream(case, payload_type=111 if coder else rtp.PCMU, coder=coder)
        a = talk.phone(case, "1001", register=False)
        formats = OPUS if coder else talk.PCMU
        both = Talk(case, a=a, sa=sa, offer=a.sdp(bad.port, formats=formats), a_formats=formats, b_formats=PCMA,
                    sb=rtp.Stream(case, payload_type=rtp.PCMA))
        sa.start(bad.between(sa, both.to_a), spoken)
        both.sb.start(both.to_b, sound.tone(440, 1))
        both.sb.wait_for(50)
        heard = Heard(pbx, both, sound.resampled(spoken, rate, 8000))
        print(f"{name}: {heard}; of {bad.passed + bad.lost} packets {bad.lost} lost, {bad.doubled} doubled, {bad.moved} moved")
        # The beat never stops, whatever comes: 50 packets a second, evenly numbered.
        expect(abs(heard.packets.packets - SECONDS * 50) <= 10 * SLOWNESS, f"{heard.packets.packets} packets in {SECONDS} s")
        expect_equal((heard.packets.lost, heard.packets.jumps, heard.packets.ssrcs), (0, 0, 1), "holes in what is sent on")
        bad.calm()
        both.sb.forget()
        both.end()
    return heard


def twice(check):
    """A busy machine that sends or takes some packets late makes the network worse than it was meant: a second try."""
    within(12, check)


def test_clean(case):
    def hear_all():
        heard = listen(case, "clean")
        expect(heard.worst > 0.98, f"{heard}")
        expect(heard.concealed < 0.005, f"{heard}")
        expect(heard.leg["mos"] > 4.2, f"{heard}")
    twice(hear_all)


def test_random_loss(case):
    for loss, median, most in ((0.01, 0.97, 0.03), (0.05, 0.9, 0.09), (0.1, 0.82, 0.16), (0.2, 0.65, 0.3)):
        def hear_most():
            heard = listen(case, f"{100 * loss:.0f} % lost", loss=loss)
            expect(heard.median > median, f"{heard}")
            expect(loss / 3 < heard.concealed < most, f"{heard}")
        twice(hear_most)


def test_bursts(case):
    def hear_most():
        heard = listen(case, "10 % lost in bursts of 3", loss=0.1, burst=3)
        expect(heard.median > 0.75, f"{heard}")
        expect(0.02 < heard.concealed < 0.2, f"{heard}")
    twice(hear_most)


def test_jitter(case):
    def hear_all():
        heard = listen(case, "jitter of 0 to 40 ms", jitter=0.04)
        expect(heard.median > 0.9, f"{heard}")
        expect(heard.concealed < 0.05, f"{heard}")
    twice(hear_all)


def test_duplicates_and_reordering(case):
    def hear_all():
        heard = listen(case, "5 % twice, 5 % out of order", duplicates=0.05, reorder=0.05)
        expect(heard.median > 0.93, f"{heard}")
        expect(heard.leg["duplicates"] > 0 and heard.leg["reordered"] + heard.leg["late"] > 0, f"{heard}")
    twice(hear_all)


def test_opus_repairs_itself(case):
    """Forward error correction: with it less is made up than was lost."""
    def hear_most():
        heard = listen(case, "opus with FEC, 10 % lost", coder=opus.Encoder(fec=True, loss=15), loss=0.1)
        expect(heard.median > 0.75, f"{heard}")
        expect(heard.leg["recovered"] > 5, f"{heard}")
    twice(hear_most)
