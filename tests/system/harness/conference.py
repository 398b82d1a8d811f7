"""People in a conference: each sends a tone of its own, and what it hears is taken apart by tones."""
import time

import numpy as np

from harness import calls, rtp, sound, switchroom
from harness.case import SLOWNESS, eventually, expect, keep_time

# A frequency for each guest: far from each other, from their octaves and from the keys' tones.
TONES = (400, 560, 730, 1050, 1130, 1710, 1870, 2290, 2530, 2870, 3110, 3310)
LEVEL = 0.08


class Switchroom(switchroom.Switchroom):
    """Ends all calls before it stops: else it waits for guests who are still there."""

    def __exit__(self, kind, value, trace):
        if kind is None and self.child.running():
            self.pbxctl("hangup", "all")
        super().__exit__(kind, value, trace)


class Guest:
    """Somebody who has dialled into a conference and sends a tone (or what `samples` says)."""

    def __init__(self, case, number, frequency, user="1001", **more):
        self.case, self.frequency = case, frequency
        self.peer = more.get("peer") or calls.phone(case, user, register=False)
        self.stream = more.get("stream") or rtp.Stream(case)
        self.offer = self.peer.sdp(self.stream.port, formats=more.get("formats", calls.PCMU_ONLY))
        self.call = calls.dial(self.peer, number, self.offer, headers=more.get("headers", ()))
        self.answer = self.call.expect(200).body
        self.call.ack()
        self.port = int(self.answer.split("m=audio ")[1].split()[0])
        self.version = 1
        if more.get("speaks", True):
            self.speak(more.get("level", LEVEL))

    def speak(self, level=LEVEL):
        self.stream.start(("127.0.0.1", self.port), sound.tone(self.frequency, 1, level=level))
        return self

    def hush(self):
        """Sends silence from here on, as a phone without silence suppression does."""
        self.stream.start(("127.0.0.1", self.port), sound.silence(1))
        return self

    def press(self, keys):
        for key in keys:
            self.stream.send_digit(key)
            time.sleep(0.06)

    def shares(self, seconds=0.6, rate=8000):
        """{frequency: its level in dBFS} of what is heard from now on."""
        self.stream.forget()
        deadline = time.monotonic() + seconds + 3 * SLOWNESS
        while len(self.stream.packets) < seconds * 50 and time.monotonic() < deadline:
            time.sleep(0.02)
        heard = self.stream.measured().samples
        if len(heard) < 800:
            return {tone: -99.0 for tone in TONES}
        heard = heard[-int(seconds * rate):].astype(np.float64)
        window = np.hanning(len(heard))
        levels = {}
        for tone in TONES:
            turns = np.exp(-2j * np.pi * tone * np.arange(len(heard)) / rate)
            amplitude = 2 * np.abs(np.dot(heard * window, turns)) / np.sum(window)
            levels[tone] = 20 * np.log10(max(amplitude, 1e-6))
        return levels

    def hears(self, seconds=0.5, quietest=-40.0):
        """The tones that are heard, as a set."""
        return {tone for tone, level in self.shares(seconds).items() if level > quietest}

    def hang_up(self):
        self.call.bye()
        self.stream.stop()

    def reinvite(self, direction):
        self.version += 1
        return self.call.reinvite(self.peer.sdp(self.stream.port, formats=calls.PCMU_ONLY, direction=direction,
                                                version=self.version))


def expect_hears(guest, others, what="", seconds=5.0):
    """Hears exactly these, soon and then for a while: the tones of all of `others` and no more."""
    wanted, got = {one.frequency for one in others}, []

    def once():
        got[:] = [guest.hears()]
        return got[0] == wanted

    try:
        eventually(once, seconds, "")
    except AssertionError:
        raise AssertionError(f"{what or guest.frequency}: hears {sorted(got[0])}, wanted {sorted(wanted)}: "
                             f"{ {tone: round(level) for tone, level in guest.shares().items() if level > -60} }") from None
    expect(guest.hears() == wanted, f"{what or guest.frequency}: heard others a moment later")


def members(pbx, room):
    return pbx.pbxctl("conference", "show", room)


def events(pbx, name="conference"):
    """[(event, {field: value})] of that kind, oldest first."""
    return [(one["event"].split(".", 1)[1], one["fields"]) for one in pbx.pbxctl("events", name)]


def wait_for_event(pbx, event, seconds=5.0, **fields):
    def found():
        return next((known for name, known in events(pbx)
                     if name == event and all(known.get(key) == value for key, value in fields.items())), None)
    return eventually(found, seconds, f"event conference.{event} {fields}")


class OddStream(rtp.Stream):
    """A stream of a bad phone or network: `loss` of the packets never leave, the clock is `pace` times as fast,
    each packet leaves `copies` times under a number of its own."""

    def __init__(self, case, loss=0.0, pace=1.0, copies=1):
        self.loss, self.pace, self.copies = loss, pace, copies
        self.random = np.random.default_rng(5)
        super().__init__(case)

    def _send(self):
        keep_time()
        while not self.over.is_set():
            self.sending.wait()
            start, count = time.monotonic(), 0
            while self.sending.is_set() and not self.over.is_set():
                time.sleep(max(0.0, start + count * 0.02 / self.pace - time.monotonic()))
                count += 1
                frame = np.take(self.samples, range(self.position, self.position + rtp.FRAME), mode="wrap")
                payload = rtp.encode(frame)
                with self.lock:
                    for _ in range(self.copies):
                        if self.random.random() < self.loss:
                            self.sequence += 1
                        else:
                            self._send_one(payload, self.payload_type, self.sent == 0)
                    self.timestamp += rtp.FRAME
                self.position += rtp.FRAME
