"""A name server of the test's own, and an /etc/resolv.conf that names it. A, AAAA, SRV, each with its TTL."""
import ctypes
import socket
import struct
import threading

from harness.case import Skip

A, AAAA, SRV, NAPTR = 1, 28, 33, 35
NAMES = {A: "A", AAAA: "AAAA", SRV: "SRV", NAPTR: "NAPTR"}


def encoded(name):
    return b"".join(bytes([len(part)]) + part.encode() for part in name.split(".") if part) + b"\0"


class NameServer:
    """dns = NameServer(case); dns.set("sip.test", "127.0.0.2"); dns.srv("_sip._udp.sip.test", [(10, 0, 5060, "a.test")])
    What it does not know does not exist. `asked` has every question as "A sip.test"."""

    def __init__(self, case):
        use_resolv_conf(case)
        self.records = {}
        self.asked = []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 53))
        self.socket.settimeout(0.1)
        self.over = False
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()
        case.defer(self.close)

    def set(self, name, *addresses, ttl=60):
        self.records[(name, A)] = [(ttl, socket.inet_aton(address)) for address in addresses]

    def srv(self, name, records, ttl=60):
        """Records are (priority, weight, port, target)."""
        self.records[(name, SRV)] = [(ttl, struct.pack(">HHH", *one[:3]) + encoded(one[3])) for one in records]

    def close(self):
        self.over = True
        self.thread.join()
        self.socket.close()

    def _serve(self):
        while not self.over:
            try:
                query, source = self.socket.recvfrom(2048)
            except socket.timeout:
                continue
            self.socket.sendto(self._answer(query), source)

    def _answer(self, query):
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode())
            at += 1 + query[at]
        kind = struct.unpack(">H", query[at + 1:at + 3])[0]
        name = ".".join(labels).lower()
        self.asked.append(f"{NAMES.get(kind, kind)} {name}")
        found = self.records.get((name, kind), [])
        known = any(key[0] == name for key in self.records)
        flags = 0x8580 if known else 0x8583  # authoritative; no such name
        head = query[:2] + struct.pack(">HHHHH", flags, 1, len(found), 0, 0)
        body = b"".join(b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, ttl, len(data)) + data for ttl, data in found)
        return head + query[12:at + 5] + body


def use_resolv_conf(case):
    """127.0.0.1 is the name server of this network, for this process and those that it starts."""
    libc = ctypes.CDLL(None, use_errno=True)
    clone_newns, ms_bind, ms_rec, ms_private = 0x20000, 0x1000, 0x4000, 1 << 18
    mine = case.folder / "resolv.conf"
    mine.write_text("nameserver 127.0.0.1\n")
    if libc.unshare(clone_newns) != 0 or libc.mount(b"none", b"/", None, ms_rec | ms_private, None) != 0 or \
            libc.mount(str(mine).encode(), b"/etc/resolv.conf", None, ms_bind, None) != 0:
        raise Skip("no mount namespace here")
    case.defer(lambda: libc.umount2(b"/etc/resolv.conf", 2))
