"""A bad network between a raw RTP stream and the server: loss, bursts, jitter, duplicates, reordering, drift.

    bad = Network(case, loss=0.05, jitter=0.03)
    talk = Talk(case, offer=phone.sdp(bad.port, ...))      # the server sends to the network's port
    stream.start(bad.between(stream, to=talk.to_a))        # and the stream sends into it
"""
import heapq
import random
import select
import socket
import threading
import time

from harness.case import keep_time


class Network:
    """Carries packets between one stream and one port of the server. What the stream sends suffers, what
    comes back does not (or both, with `both=True`).

    loss: share of packets; burst: mean length of a loss in packets (1: random); jitter: each packet waits
    0 to so many seconds more (they overtake each other only with reorder); reorder: share of packets that
    wait 30 ms longer than those behind them; duplicates: share that comes twice; delay: of all, in seconds.
    The same seed does the same to the n-th packet."""

    def __init__(self, case, seed=1, both=False, **faults):
        self.random = random.Random(seed)
        self.both = both
        self.loss, self.burst = faults.get("loss", 0.0), faults.get("burst", 1.0)
        self.jitter, self.reorder = faults.get("jitter", 0.0), faults.get("reorder", 0.0)
        self.duplicates, self.delay = faults.get("duplicates", 0.0), faults.get("delay", 0.0)
        self.inside, self.outside = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
        for one in (self.inside, self.outside):
            one.bind(("127.0.0.1", 0))
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
            one.setblocking(False)
        self.port = self.outside.getsockname()[1]
        self.stream, self.server = None, None
        self.passed = self.lost = self.doubled = self.moved = 0
        self.losing, self.latest, self.count, self.queue = False, 0.0, 0, []
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()
        case.defer(self.close)

    def close(self):
        self.over.set()
        self.thread.join(2)
        self.inside.close()
        self.outside.close()

    def between(self, stream, to):
        """Where `stream` has to send from now on."""
        self.stream, self.server = ("127.0.0.1", stream.port), to
        return self.inside.getsockname()

    def calm(self):
        """No more faults."""
        self.loss = self.jitter = self.reorder = self.duplicates = 0.0

    def _lose(self):
        # Two states (Gilbert): a loss goes on with 1 - 1/burst, and begins so often that the share is right.
        if self.losing:
            self.losing = self.random.random() < 1 - 1 / self.burst
        else:
            begins = self.loss / (self.burst * (1 - self.loss)) if self.loss < 1 else 1.0
            self.losing = self.random.random() < begins
        return self.losing

    def _suffer(self, data, way, now):
        if self._lose():
            self.lost += 1
            return
        at = now + self.delay + self.random.uniform(0, self.jitter)
        if self.random.random() < self.reorder:
            at += 0.03
            self.moved += 1
        else:
            at = self.latest = max(at, self.latest)
        self._schedule(at, data, way)
        if self.random.random() < self.duplicates:
            self.doubled += 1
            self._schedule(at + 0.002, data, way)

    def _schedule(self, at, data, way):
        self.count += 1
        heapq.heappush(self.queue, (at, self.count, data, way))

    def _run(self):
        keep_time()
        while not self.over.is_set():
            wait = min(0.1, max(0.0, self.queue[0][0] - time.monotonic())) if self.queue else 0.1
            for ready in select.select([self.inside, self.outside], [], [], wait)[0]:
                try:
                    data, _ = ready.recvfrom(4096)
                except OSError:
                    continue
                way = "out" if ready is self.inside else "back"
                now = time.monotonic()
                if way == "out" or self.both:
                    self._suffer(data, way, now)
                else:
                    self._schedule(now, data, way)
            while self.queue and self.queue[0][0] <= time.monotonic():
                _, _, data, way = heapq.heappop(self.queue)
                sender, to = (self.outside, self.server) if way == "out" else (self.inside, self.stream)
                if to is None:
                    continue
                try:
                    sender.sendto(data, to)
                    self.passed += 1
                except OSError:
                    pass  # nobody listens there any more
