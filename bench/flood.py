#!/usr/bin/python3
"""Measures what a flood of SIP costs, and what 50 calls beside it notice.

    unshare -n sh -c 'ip link set lo up; bench/flood.py [--calls 50] [--seconds 8] [--executable build/switchroom]'

50 bridged calls with sound both ways, measured packet by packet (kernel time stamps): nothing else, then floods as fast
as one generator can send (sendmmsg), each from one address: of a stranger (unknown), of one that is banned (the socket
filter), of one that is banned beyond the thousand addresses that the filter holds, and rubbish that is not SIP. CPU is
user + system time of the whole Switchroom process, above what the calls alone take, for each packet that was sent. What
the kernel does for a packet that the filter drops is charged to the generator, as on a network to the interrupt.
Exits with 1 when a call ended.
"""
import argparse
import ctypes
import multiprocessing
import os
import pathlib
import selectors
import socket
import statistics
import struct
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests" / "system"))
from harness import case as cases, config, sip  # noqa: E402
from harness.switchroom import Switchroom  # noqa: E402

SERVER = "127.0.0.1:5060"
FLOODS = {  # name: (source, what it sends)
    "unknown address, REGISTER": ("198.51.100.66", "REGISTER"),
    "unknown address, rubbish": ("198.51.100.67", None),
    "banned, in the socket filter": ("203.0.113.66", "REGISTER"),
    "banned, beyond the filter": ("100.64.0.66", "REGISTER"),
}
SO_TIMESTAMPNS = 35


class Iovec(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]


class Message(ctypes.Structure):  # struct mmsghdr of a connected socket
    _fields_ = [("name", ctypes.c_void_p), ("name_length", ctypes.c_uint32), ("iov", ctypes.POINTER(Iovec)),
                ("iov_length", ctypes.c_size_t), ("control", ctypes.c_void_p), ("control_length", ctypes.c_size_t),
                ("flags", ctypes.c_int), ("sent", ctypes.c_uint32)]


def request(method, number, source):
    if method is None:
        return os.urandom(300)
    return (f"{method} sip:127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP {source}:5099;rport;branch=z9hG4bK{number:08x}\r\n"
            f"Max-Forwards: 70\r\nFrom: <sip:{number}@127.0.0.1>;tag={number:x}\r\nTo: <sip:{number}@127.0.0.1>\r\n"
            f"Call-ID: {number:08x}\r\nCSeq: 1 {method}\r\nContact: <sip:{number}@{source}:5099>\r\nUser-Agent: phone\r\n"
            "Content-Length: 0\r\n\r\n").encode()


def flood(source, method, seconds, result):
    """As fast as it goes; `result` gets how many went out, and the generator's own CPU."""
    wire = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    wire.bind((source, 5099))
    wire.connect(("127.0.0.1", 5060))
    libc = ctypes.CDLL(None, use_errno=True)
    size, batches = 64, []
    for batch in range(64):  # 4096 different requests, over and over
        texts = [ctypes.create_string_buffer(request(method, batch * size + i, source)) for i in range(size)]
        parts = [Iovec(ctypes.cast(text, ctypes.c_void_p), len(text) - 1) for text in texts]
        made = (Message * size)(*[Message(iov=ctypes.pointer(part), iov_length=1) for part in parts])
        batches.append((made, parts, texts))
    sent, deadline, at = 0, time.monotonic() + seconds, 0
    while time.monotonic() < deadline:
        done = libc.sendmmsg(wire.fileno(), batches[at % 64][0], size, 0)
        sent += max(done, 0)
        at += 1
    result.put((sent, time.process_time()))


class Sound:
    """Both directions of all calls: 160 bytes every 20 ms with their time inside."""

    def __init__(self, pairs):
        """`pairs`: (socket, where it sends) twice for each call: the two ends."""
        self.ends = [end for pair in pairs for end in pair]

    def run(self, seconds, result):
        events, delays, sent = selectors.DefaultSelector(), [], 0
        for wire, _ in self.ends:
            wire.setblocking(False)
            wire.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
            events.register(wire, selectors.EVENT_READ)
        began, step = time.monotonic(), 0.02 / len(self.ends)
        serial = int(time.time() * 1000) & 0x7FFF
        count = int(seconds / step)
        while sent < count or time.monotonic() < began + seconds + 0.5:
            now = time.monotonic()
            while sent < count and now >= began + sent * step:
                wire, to = self.ends[sent % len(self.ends)]
                turn = sent // len(self.ends)
                head = struct.pack(">BBHII", 0x80, 0, (serial + turn) & 0xFFFF, (turn * 160) & 0xFFFFFFFF, 1 + sent % len(self.ends))
                wire.sendto(head + struct.pack(">Q", time.time_ns()) + bytes(152), to)
                sent += 1
            for key, _ in events.select(0.0005):
                while True:
                    try:
                        data, extra, _, _ = key.fileobj.recvmsg(2048, 128)
                    except BlockingIOError:
                        break
                    if len(data) == 172:
                        sec, nsec = struct.unpack("qq", extra[0][2][:16])
                        delays.append((sec * 1_000_000_000 + nsec - struct.unpack(">Q", data[12:20])[0]) / 1e6)
        result.put((sent, delays))


def talk(case, count):
    """`count` calls that are up, as pairs for Sound."""
    callee = sip.Peer(case, "1002", config.password("1002"), server=SERVER)
    callee.register()
    pairs = []
    for _ in range(count):
        caller = sip.Peer(case, "1001", config.password("1001"), server=SERVER)
        ours, theirs = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
        ours.bind(("127.0.0.1", 0))
        theirs.bind(("127.0.0.1", 0))
        pcmu = ((0, "PCMU/8000"),)
        call = caller.invite("sip:1002@127.0.0.1", caller.sdp(ours.getsockname()[1], formats=pcmu))
        incoming = callee.answer()
        incoming.accept(callee.sdp(theirs.getsockname()[1], formats=pcmu))
        port = [int(body.split("m=audio ")[1].split()[0]) for body in (call.expect(200).body, incoming.request.body)]
        call.ack()
        pairs.append(((ours, ("127.0.0.1", port[0])), (theirs, ("127.0.0.1", port[1]))))
    return pairs


def measure(pbx, sound, seconds, what=None):
    """(CPU seconds of Switchroom, sound packets sent, their delays, flood packets, the generator's CPU)"""
    result, report = multiprocessing.Queue(), multiprocessing.Queue()
    before = pbx.cpu_seconds()
    listener = multiprocessing.Process(target=sound.run, args=(seconds, result))
    listener.start()
    generator = None
    if what is not None:
        generator = multiprocessing.Process(target=flood, args=(*FLOODS[what], seconds, report))
        generator.start()
    sent, delays = result.get()
    listener.join()
    packets, own = report.get() if generator else (0, 0.0)
    if generator:
        generator.join()
    return pbx.cpu_seconds() - before, sent, sorted(delays), packets, own


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--calls", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--executable", default=str(pathlib.Path(__file__).resolve().parent.parent / "build" / "switchroom"))
    options = parser.parse_args()
    os.environ["SWITCHROOM"] = options.executable
    for source, _ in FLOODS.values():
        if os.system(f"ip address add {source}/32 dev lo") != 0:
            sys.exit("run it in a network namespace of its own, see --help")
    with tempfile.TemporaryDirectory() as folder:
        case = cases.Case("flood", pathlib.Path(folder) / "run")
        now = time.time_ns() // 1000
        bans = [FLOODS["banned, in the socket filter"][0], *(f"192.0.2.{i}" for i in range(256)),
                *(f"198.18.{i // 250}.{i % 250}" for i in range(1000)), FLOODS["banned, beyond the filter"][0]]
        (case.folder / "data").mkdir()
        (case.folder / "data" / "bans").write_text(
            "".join(f"{one} {now} {now + 3600_000_000} 1 hand bench\n" for one in bans))
        pbx = Switchroom(case, config.office(case.folder, log='level = "info"', listen=["udp:0.0.0.0:5060"]))
        pbx.pbxctl("log", "level", "warning")
        try:
            report(pbx, Sound(talk(case, options.calls)), options)
        finally:
            case.close()


def report(pbx, sound, options):
    measure(pbx, sound, 1)  # warms up
    base, sent, delays, _, _ = measure(pbx, sound, options.seconds)
    quiet = statistics.median(delays)
    print(f"{options.calls} calls, {sent} packets in {options.seconds:.0f} s, load average {os.getloadavg()[0]:.1f}; "
          f"Switchroom takes {base / options.seconds * 100:.1f} % of a core")
    print(f"{'flood':30} {'packets/s':>10} {'CPU/packet':>11} {'lost':>10} {'median':>9} {'99 %':>9} {'99.9 %':>9}")
    row("none", options, 0, 0.0, sent, delays)
    for what in FLOODS:
        before = read_by(pbx)
        cpu, sent, delays, packets, own = measure(pbx, sound, options.seconds, what)
        read = read_by(pbx) - before
        row(what, options, packets, max(0.0, cpu - base) / max(packets, 1), sent, delays)
        print(f"{'':30} the median is {statistics.median(delays) - quiet:+.3f} ms; the generator takes {own / options.seconds * 100:.0f} % of a core; "
              f"the process has read {read} of {packets}" + (f", {max(0.0, cpu - base) / read * 1e6:.2f} µs each" if read else ""))
    calls = len(pbx.pbxctl("calls"))
    status = pbx.pbxctl("status")
    print(f"{calls} calls are up; dropped by the limit for strangers: {status['over_limit']}, refused as banned by the "
          f"process: {status['refused_banned']}, received: {status['sip_received']}")
    if calls != options.calls:
        sys.exit(1)


def read_by(pbx):
    """Datagrams that came as far as the process."""
    status = pbx.pbxctl("status")
    return status["sip_received"] + status["sip_malformed"] + status["sip_refused"]


def row(what, options, packets, each, sent, delays):
    def at(share):
        return delays[min(len(delays) - 1, int(len(delays) * share))]
    print(f"{what:30} {packets / options.seconds:10.0f} {each * 1e6:8.2f} µs {sent - len(delays):4} of {sent:6} "
          f"{at(0.5):6.3f} ms {at(0.99):6.3f} ms {at(0.999):6.3f} ms", flush=True)


if __name__ == "__main__":
    main()
