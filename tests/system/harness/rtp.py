"""RTP streams with exact sequence numbers and timestamps, and what is measured of those that come."""
import collections
import random
import socket
import struct
import threading
import time
from dataclasses import dataclass

import numpy as np

from harness import sound
from harness.case import SLOWNESS, eventually, expect, keep_time

FRAME = 160  # samples of 20 ms at 8 kHz
SO_TIMESTAMPNS = 35
PCMU, PCMA = 0, 8


def _ulaw_table():
    """The 256 values of G.711 mu-law as floats."""
    code = ~np.arange(256, dtype=np.int32) & 0xFF
    magnitude = ((((code & 0x0F) << 3) + 0x84) << ((code >> 4) & 7)) - 0x84
    return (np.where(code & 0x80, -magnitude, magnitude) / 32768).astype(np.float32)


def _alaw_table():
    code = np.arange(256, dtype=np.int32) ^ 0x55
    exponent, mantissa = (code >> 4) & 7, code & 0x0F
    magnitude = np.where(exponent == 0, (mantissa << 4) + 8, ((mantissa << 4) + 0x108) << np.maximum(exponent - 1, 0))
    return (np.where(code & 0x80, magnitude, -magnitude) / 32768).astype(np.float32)


TABLES = {PCMU: _ulaw_table(), PCMA: _alaw_table()}


def encode(samples, payload_type=PCMU):
    """Samples to G.711: the nearest of the 256 values."""
    table = TABLES[payload_type]
    order = np.argsort(table, kind="stable")
    values = table[order]
    at = np.clip(np.searchsorted(values, samples), 1, 255)
    nearer = at - (np.abs(samples - values[at - 1]) <= np.abs(samples - values[at]))
    return order[nearer].astype(np.uint8).tobytes()


def decode(payload, payload_type=PCMU):
    return TABLES[payload_type][np.frombuffer(payload, np.uint8)]


@dataclass
class Packet:
    at: float        # seconds, monotonic: when the kernel got it, however late this process looks
    source: tuple
    payload_type: int
    marker: bool
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes

    @classmethod
    def parse(cls, data, source, at):
        """None for what is not RTP version 2."""
        if len(data) < 12 or data[0] >> 6 != 2:
            return None
        first, second, sequence, timestamp, ssrc = struct.unpack("!BBHII", data[:12])
        start = 12 + 4 * (first & 15)
        if first & 0x10 and len(data) >= start + 4:
            start += 4 + 4 * struct.unpack("!H", data[start + 2:start + 4])[0]
        end = len(data) - (data[-1] if first & 0x20 else 0)
        return cls(at, source[:2], second & 127, bool(second & 128), sequence, timestamp, ssrc, data[start:end])


def build(payload_type, sequence, timestamp, ssrc, payload, marker=False):
    return struct.pack("!BBHII", 0x80, payload_type | (128 if marker else 0), sequence & 0xFFFF,
                       timestamp & 0xFFFFFFFF, ssrc) + payload


@dataclass
class Measured:
    """What one received stream was like. Times in seconds."""
    packets: int
    lost: int         # sequence numbers that never came
    duplicates: int
    reordered: int
    longest_gap: float  # between two packets
    jumps: int        # timestamps that do not follow from the sequence number: breaks in time
    ssrcs: int
    samples: np.ndarray

    @property
    def frequency(self):
        return sound.frequency(self.samples)

    @property
    def level(self):
        """dBFS."""
        return sound.dbfs(self.samples)


def measure(packets, payload_type=PCMU):
    """All packets of one payload type, put into order; lost ones are silence in `samples`."""
    mine = [packet for packet in packets if packet.payload_type == payload_type]
    if not mine:
        return Measured(0, 0, 0, 0, 0.0, 0, 0, np.zeros(0, np.float32))
    cycles, last, reordered, by_number = 0, mine[0].sequence, 0, {}
    for packet in mine:
        step = (packet.sequence - last + 0x8000) % 0x10000 - 0x8000
        reordered += step < 0
        number = cycles + packet.sequence + (0x10000 if packet.sequence < last and step > 0 else 0) - \
            (0x10000 if packet.sequence > last and step < 0 else 0)
        by_number.setdefault(number, packet)
        if step > 0:
            cycles, last = number - packet.sequence, packet.sequence
    numbers = sorted(by_number)
    lost = numbers[-1] - numbers[0] + 1 - len(numbers)
    pieces, jumps, previous = [], 0, None
    for number in numbers:
        packet = by_number[number]
        if previous is not None:
            missing = number - previous - 1
            step = (packet.timestamp - by_number[previous].timestamp) % (1 << 32)
            size = len(by_number[previous].payload)
            jumps += step != (missing + 1) * size
            pieces += [np.zeros(size, np.float32)] * min(missing, 500)
        pieces.append(decode(packet.payload, payload_type))
        previous = number
    times = sorted(packet.at for packet in mine)
    return Measured(len(mine), lost, len(mine) - len(numbers), reordered,
                    max((b - a for a, b in zip(times, times[1:])), default=0.0), jumps,
                    len({packet.ssrc for packet in mine}), np.concatenate(pieces))


class Stream:
    """A socket that sends one stream every 20 ms and keeps everything it receives.

    The sending thread never sleeps past its schedule: packet n leaves at start + n * 20 ms."""

    # (when, how late) of every packet that any stream sent: on a busy machine a gap may be our own.
    lateness = collections.deque(maxlen=5000)

    def __init__(self, case, host="127.0.0.1", port=0, to=None, samples=None, **more):
        self.socket = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.socket.bind((host, port))
        self.socket.settimeout(0.1)
        self.port = self.socket.getsockname()[1]
        self.to, self.samples = to, samples
        self.payload_type = more.get("payload_type", PCMU)
        self.seal = more.get("seal")  # what is done to each packet that is sent: SRTP
        self.unseal = more.get("unseal")  # and to each that comes; None stands for one that is refused
        self.coder = more.get("coder")  # rate, frame, step, encode(samples): another codec than G.711
        self.sequence = more.get("sequence", random.randrange(0x10000))
        self.timestamp = more.get("timestamp", random.randrange(1 << 32))
        self.ssrc = more.get("ssrc", random.randrange(1, 1 << 32))
        self.packets, self.others, self.sent, self.position = [], [], 0, 0
        self.lock = threading.Lock()  # numbers of the stream: the ticking thread and send_digit share them
        self.over, self.sending = threading.Event(), threading.Event()
        self.skipped = 0  # frames whose place a key press took
        self.threads = [threading.Thread(target=self._receive, daemon=True), threading.Thread(target=self._send, daemon=True)]
        for thread in self.threads:
            thread.start()
        case.defer(self.close)

    def close(self):
        self.over.set()
        self.sending.set()
        for thread in self.threads:
            thread.join(2)
        self.socket.close()

    def start(self, to=None, samples=None):
        """Sends `samples` over and over to (host, port), beginning now."""
        self.to = to or self.to
        self.samples = samples if samples is not None else self.samples
        self.sending.set()
        return self

    def stop(self):
        self.sending.clear()

    def send(self, payload, payload_type=None, marker=False, to=None):
        """One packet by hand, with the next sequence number and timestamp."""
        with self.lock:
            self._send_one(payload, self.payload_type if payload_type is None else payload_type, marker, to)
            self.timestamp += len(payload)

    def _send_one(self, payload, payload_type, marker, to=None, timestamp=None):
        data = build(payload_type, self.sequence, self.timestamp if timestamp is None else timestamp, self.ssrc, payload,
                     marker)
        if self.seal:
            data = self.seal(data)
        self.last_sent = data
        try:
            self.socket.sendto(data, to or self.to)
        except OSError:
            pass  # nobody listens: the other end has closed its port
        self.sequence += 1
        self.sent += 1

    def send_digit(self, digit, payload_type=101, frames=5):
        """One key press by RFC 4733, in the place of sound: `frames` of 20 ms and three end packets."""
        event = "0123456789*#ABCD".index(digit)
        with self.lock:
            started = self.timestamp
            for i in range(1, frames + 1):
                self._send_one(struct.pack("!BBH", event, 10, i * FRAME), payload_type, i == 1, timestamp=started)
                time.sleep(0.02)
            for _ in range(3):
                self._send_one(struct.pack("!BBH", event, 0x80 | 10, frames * FRAME), payload_type, False, timestamp=started)
            self.timestamp += frames * FRAME
            self.skipped += frames

    def _send(self):
        keep_time()
        while not self.over.is_set():
            self.sending.wait()
            start, count = time.monotonic(), 0
            while self.sending.is_set() and not self.over.is_set():
                due = start + count * 0.02
                time.sleep(max(0.0, due - time.monotonic()))
                Stream.lateness.append((time.monotonic(), time.monotonic() - due))
                with self.lock:
                    count += 1 + self.skipped
                    self.skipped = 0
                    size = self.coder.frame if self.coder else FRAME
                    frame = np.take(self.samples, range(self.position, self.position + size), mode="wrap")
                    payload = self.coder.encode(frame) if self.coder else encode(frame, self.payload_type)
                    self._send_one(payload, self.payload_type, self.sent == 0)
                    self.timestamp += self.coder.step if self.coder else FRAME
                    self.position += size

    def _receive(self):
        while not self.over.is_set():
            try:
                data, notes, _, source = self.socket.recvmsg(4096, 64)
            except socket.timeout:
                continue
            except OSError:
                return
            stamps = [note for _, kind, note in notes if kind == SO_TIMESTAMPNS]
            seconds, nanoseconds = struct.unpack("qq", stamps[0]) if stamps else (time.time(), 0)
            age = time.time() - (seconds + nanoseconds / 1e9)
            if self.unseal:
                opened = self.unseal(data)
                if opened is None:
                    self.others.append((data, source))
                    continue
                data = opened
            packet = Packet.parse(data, source, time.monotonic() - age)
            (self.packets if packet else self.others).append(packet or (data, source))

    # -- what was heard ---------------------------------------------------------------------------

    def forget(self):
        """Measures from now on."""
        self.packets = []

    def measured(self, payload_type=None):
        return measure(list(self.packets), self.payload_type if payload_type is None else payload_type)

    def wait_for(self, packets, seconds=5.0):
        """Returns when so many packets have come since forget()."""
        eventually(lambda: len(self.packets) >= packets, seconds, f"{packets} RTP packets at port {self.port}")
        return self

    def digits(self, payload_type=101):
        """The key presses that have ended, as a string."""
        ended = {}
        for packet in list(self.packets):
            if packet.payload_type == payload_type and len(packet.payload) >= 4 and packet.payload[1] & 0x80:
                ended.setdefault((packet.ssrc, packet.timestamp), "0123456789*#ABCD"[packet.payload[0] & 15])
        return "".join(ended.values())

    def expect_tone(self, frequency, seconds=1.0, level=None):
        """Hears this tone, without loss or breaks, for so long from now on."""
        self.forget()
        began = time.monotonic()
        self.wait_for(int(seconds * 50), seconds + 4)
        got = self.measured()
        expect(abs(got.frequency - frequency) < 3, f"heard {got.frequency:.1f} Hz, wanted {frequency}")
        expect(sound.power_at(got.samples, frequency) > 0.97, f"{frequency} Hz is not all that is heard")
        expect(got.lost == 0 and got.jumps == 0 and got.ssrcs == 1, f"lost {got.lost}, {got.jumps} jumps, {got.ssrcs} SSRCs")
        ours = max((late for when, late in list(Stream.lateness) if when >= began - 1), default=0.0)
        expect(got.longest_gap < 0.1 * SLOWNESS + ours,
               f"{got.longest_gap:.3f} s without a packet, and we sent {ours:.3f} s late at most")
        if level is not None:
            expect(abs(got.level - level) < 1.5, f"the level is {got.level:.1f} dBFS, wanted {level}")
        return got

    def expect_silence(self, seconds=0.5):
        """No packet at all."""
        time.sleep(0.1)
        self.forget()
        time.sleep(seconds)
        expect(not self.packets, f"{len(self.packets)} RTP packets came where none should")
