"""Messages that no honest phone sends, and the one question asked between them: does it still answer?"""
import random
import socket
import time

from harness import sip
from harness.case import SLOWNESS, expect, expect_equal

SERVER = ("127.0.0.1", 5060)
NEVER_LOOKED_UP = "trap.example"  # in Via, Contact, Route, SDP: a server that looks it up asks a DNS server

# The media line that sofia-sip's own SDP parser never ends with.
ENDLESS_SDP = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 6000 R\x0f\x0fTP/AVP 0 12\r\n"

SDP = ("v=0\r\no=- 4711 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0 8 101\r\n"
       "a=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=sendrecv\r\n")


def message(method="INVITE", uri="sip:9196@127.0.0.1", body=None, more="", **changes):
    """A whole request as text; `changes` replace header values by name (via, from_, to, call_id, cseq, contact)."""
    number = random.getrandbits(48)
    body = (SDP if method == "INVITE" else "") if body is None else body
    lines = [f"{method} {uri} SIP/2.0",
             f"Via: {changes.get('via', f'SIP/2.0/UDP 127.0.0.1:9;rport;branch=z9hG4bK{number:x}')}",
             f"Max-Forwards: {changes.get('forwards', 70)}",
             f"From: {changes.get('from_', f'<sip:1001@127.0.0.1>;tag={number:x}')}",
             f"To: {changes.get('to', '<sip:9196@127.0.0.1>')}",
             f"Call-ID: {changes.get('call_id', f'{number:x}')}",
             f"CSeq: {changes.get('cseq', f'1 {method}')}",
             f"Contact: {changes.get('contact', '<sip:1001@127.0.0.1:9>')}"]
    if body:
        lines.append("Content-Type: application/sdp")
    if more:
        lines.append(more)
    lines.append(f"Content-Length: {changes.get('length', len(body.encode('utf-8', 'surrogateescape')))}")
    return "\r\n".join(lines) + "\r\n\r\n" + body


def torture():
    """By name: RFC 4475's kinds and what attackers added since. Bytes."""
    long = "x" * 3000
    found = {
        # 3.1.1: valid, and hard
        "short tortuous": "OPTIONS sip:vivekg@127.0.0.1;unknownparam SIP/2.0\r\nTO :\r\n sip:vivekg@127.0.0.1 ;   tag    = 1918181833n\r\n"
                          "from   : \"J Rosenberg \\\\\\\"\"       <sip:jdrosen@127.0.0.1>\r\n  ;\r\n  tag = 98asjd8\r\n"
                          "MaX-fOrWaRdS: 0068\r\nCall-ID: wsinv.ndaksdj@192.0.2.1\r\nContent-Length   : 0\r\ncseq: 0009\r\n  OPTIONS\r\n"
                          "Via  : SIP  /   2.0\r\n /UDP\r\n    127.0.0.1:9;branch=390skdjuw\r\ns :\r\nNewFangledHeader:   newfangled value\r\n"
                          " continued newfangled value\r\nUnknownHeaderWithUnusualValue: ;;,,;;,;\r\nContact: \"Quoted string \\\"\\\"\" <sip:a@127.0.0.1>\r\n\r\n",
        "odd method": message("!interesting-Method0123456789_*+`.%indeed'~", body=""),
        "escaped": message("OPTIONS", "sip:sips%3Auser%40example.com@127.0.0.1", body=""),
        "null in a name": message("OPTIONS", "sip:null-%00-null@127.0.0.1", from_="\"a\0b\" <sip:x%00@127.0.0.1>;tag=1", body=""),
        "percent is no escape": message("RE%47IST%45R", body=""),
        "long values": message("OPTIONS", body="", more="\r\n".join(f"Unknown-{long}{i}: {long}" for i in range(2))),
        "many headers": message("OPTIONS", body="", more="\r\n".join(f"X{i}: {i}" for i in range(900))),
        "many vias": message("OPTIONS", body="", via=", ".join("SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK" + str(i) for i in range(300))),
        "many routes": message(more="Route: " + ", ".join(f"<sip:r{i}.{NEVER_LOOKED_UP};lr>" for i in range(200))),
        "deep parameters": message("OPTIONS", body="", to="<sip:a@127.0.0.1>" + ";a=b" * 3000),
        # 3.1.2: not valid
        "extraneous separators": message(via="SIP/2.0/UDP 127.0.0.1:9;;,;,,", contact="\"\" <> ;,"),
        "content length larger": message(length=9999),
        "content length negative": message(length=-999),
        "content length huge": message(length="9" * 40),
        "content length twice": message(more="Content-Length: 3"),
        "numbers overflow": message("REGISTER", body="", cseq="36893488147419103232 REGISTER", forwards=300, more="Expires: 10000000000000000000000"),
        "response numbers overflow": "SIP/2.0 4294967301 better not break the receiver\r\nVia: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK1\r\n"
                                     "CSeq: 9292394834772304023312 OPTIONS\r\nCall-ID: x\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>;tag=2\r\nContent-Length: 0\r\n\r\n",
        "unterminated quote": message(to="\"Mr. J. User <sip:j.user@127.0.0.1>"),
        "angle brackets around the URI": message(uri="<sip:9196@127.0.0.1>"),
        "spaces in the URI": message(uri="sip:9196@127.0.0.1; lr"),
        "spaces after the version": message().replace("SIP/2.0\r\n", "SIP/2.0  \r\n", 1),
        "escaped header names in the URI": message(uri="sip:9196@127.0.0.1?Route=%3Csip:trap.example%3E"),
        "bad date": message(more="Date: Fri, 01 Jan 2010 16:00:00 EST"),
        "unknown version": message().replace("SIP/2.0\r\n", "SIP/7.0\r\n", 1),
        "method differs from CSeq": message(cseq="8 OPTIONS"),
        "unknown scheme": message(uri="nobodyKnowsThisScheme:totallyopaquecontent"),
        "no headers at all": "INVITE sip:9196@127.0.0.1 SIP/2.0\r\n\r\n",
        "no Call-ID": message().replace("Call-ID:", "X-Call-ID:"),
        "no From tag": message(from_="<sip:1001@127.0.0.1>"),
        "twice everything": message(more="From: <sip:a@b>;tag=2\r\nTo: <sip:a@b>\r\nCall-ID: 2\r\nCSeq: 2 INVITE\r\nMax-Forwards: 1"),
        "Max-Forwards of words": message(forwards="lots"),
        "unknown content type": message(body="hello", more="Content-Type: text/plain"),
        "multipart": message(body="--x\r\n", more="Content-Type: multipart/mixed; boundary=x"),
        "response that nobody asked for": "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bKx\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>;tag=2\r\n"
                                          "Call-ID: y\r\nCSeq: 1 INVITE\r\nContact: <sip:trap.example>\r\nContent-Length: 0\r\n\r\n",
        "ACK to nothing": message("ACK", body=""),
        "CANCEL of nothing": message("CANCEL", body=""),
        "BYE to nothing": message("BYE", body="", to="<sip:9196@127.0.0.1>;tag=nope"),
        "PRACK to nothing": message("PRACK", body="", to="<sip:a@b>;tag=1", more="RAck: 99999999999 1 INVITE"),
        "names in every place": message(via=f"SIP/2.0/UDP via.{NEVER_LOOKED_UP};branch=z9hG4bKnames;maddr=maddr.{NEVER_LOOKED_UP}",
                                        contact=f"<sip:a@contact.{NEVER_LOOKED_UP}>", uri=f"sip:9196@uri.{NEVER_LOOKED_UP}",
                                        more=f"Route: <sip:route.{NEVER_LOOKED_UP};lr>\r\nRecord-Route: <sip:rr.{NEVER_LOOKED_UP};lr>",
                                        body=SDP.replace("127.0.0.1", f"sdp.{NEVER_LOOKED_UP}")),
        "endless SDP": message(body=ENDLESS_SDP),
        "crypto challenge": message("REGISTER", "sip:127.0.0.1", body="", more="Authorization: Digest " + "a=\"" * 500),
        "authorization of commas": message("REGISTER", "sip:127.0.0.1", body="", more="Authorization: Digest " + "," * 4000),
        "tel": message(uri="tel:+1234;phone-context=" + "." * 500),
        "colons": message(uri="sip:" + ":" * 500), "at signs": message(uri="sip:" + "@" * 500),
        "brackets": message(uri="sip:[" + ":" * 100 + "]"), "scope": message(uri="sip:a@[fe80::1%eth0]"),
        "port overflow": message(uri="sip:9196@127.0.0.1:99999999999"),
    }
    as_bytes = {name: text.encode("utf-8", "surrogateescape") for name, text in found.items()}
    as_bytes |= {"empty": b"", "keepalive": b"\r\n\r\n", "zero": b"\0", "STUN": b"\0\1\0\0\x21\x12\xa4\x42" + b"\0" * 12,
                 "binary": random.Random(1).randbytes(1400), "all bytes 0": b"\0" * 65507, "all bytes 255": b"\xff" * 65507,
                 "one long line": b"INVITE " + b"a" * 65000, "only line ends": b"\r\n" * 32000,
                 "only colons": b"OPTIONS sip:a SIP/2.0\r\n" + b":\r\n" * 20000,
                 "oversized": message(body="x" * 64000).encode()[:65507].ljust(65507, b"x"),
                 "HTTP": b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 500}
    return as_bytes


def descriptions():
    """Bodies that are no description, or a strange one."""
    line = "m=audio 40000 RTP/AVP 0 8 101\r\n"
    return ["v=0", "v=1\r\n" + SDP[5:], "", "\0" * 100, "v=0\r\n" * 5000, SDP.replace("\r\n", "\n"), SDP.replace("\r\n", "\r"),
            SDP.replace(line, line * 500), SDP.replace("40000", "0"), SDP.replace("40000", "-1"), SDP.replace("40000", "70000"),
            SDP.replace("40000", "40000/99999"), SDP.replace("RTP/AVP", "RTP/SAVP"), SDP.replace("audio", "a" * 5000),
            SDP.replace(" 0 8 101", "".join(f" {n}" for n in range(5000))), SDP.replace(" 0 8 101", ""), SDP.replace(" 0 8 101", " 999 -3 x"),
            SDP.replace("PCMU/8000", "PCMU/0"), SDP.replace("PCMU/8000", "/" * 500), SDP.replace("rtpmap:0", "rtpmap:" + "9" * 50),
            SDP + "a=ptime:0\r\n", SDP + "a=ptime:99999999999\r\n", SDP + "a=ptime:-20\r\n", SDP + "a=" + "z" * 60000 + "\r\n", SDP + "a=x\r\n" * 9000,
            SDP.replace("IN IP4", "IN IP6"), SDP.replace("IN IP4 127.0.0.1", f"IN IP4 {NEVER_LOOKED_UP}"), SDP.replace("c=", "c=c=c="),
            SDP.replace("o=- 4711 1", "o=- " + "9" * 400 + " -1"), SDP + "a=fmtp:101 " + "0-15," * 5000 + "\r\n", ENDLESS_SDP,
            SDP + "a=rtcp:99999\r\n", SDP + "a=rtcp:4000 IN IP4 " + NEVER_LOOKED_UP + "\r\n", SDP + "a=candidate:" + "1 " * 3000 + "\r\n"]


SEEDS = [message(), message("REGISTER", "sip:127.0.0.1", body="", more="Expires: 60\r\nAuthorization: Digest username=\"1001\", realm=\"127.0.0.1\", "
                            "nonce=\"abc\", uri=\"sip:127.0.0.1\", response=\"00000000000000000000000000000000\", algorithm=MD5, qop=auth, nc=00000001, cnonce=\"x\""),
         message("OPTIONS", body="", more="Supported: timer, 100rel\r\nAccept: application/sdp\r\nRoute: <sip:127.0.0.1;lr>"),
         message(more=f"Session-Expires: 1800;refresher=uac\r\nMin-SE: 90\r\nPrivacy: id\r\nP-Asserted-Identity: \"A\" <sip:a@b.{NEVER_LOOKED_UP}>\r\n"
                      "Diversion: <sip:c@d>;reason=unconditional\r\nRequire: 100rel\r\nReplaces: a;to-tag=b;from-tag=c"),
         message("BYE", body="", to="<sip:9196@127.0.0.1>;tag=x", more="Reason: Q.850;cause=16;text=\"x\""),
         message("CANCEL", body=""), message("ACK", body=""), message("INFO", body="Signal=1\r\nDuration=100", more="Content-Type: application/dtmf-relay"),
         "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bKx\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>;tag=2\r\nCall-ID: y\r\n"
         "CSeq: 1 INVITE\r\nContact: <sip:a@127.0.0.1>\r\nContent-Length: 0\r\n\r\n"]
TOKENS = [b"\r\n", b"\r\n\r\n", b":", b";", b",", b"<", b">", b"\"", b"\\", b"%00", b"\0", b"=", b"@", b"[", b"]", b" ", b"\t", b"99999999999999999999",
          b"-1", b"\xff\xfe", b"SIP/2.0", b"sip:", b"tag=", b"\r\n ", b"(", b")", b"?", b"z9hG4bK", b"trap.example", b"\x0f", b"m=audio ", b"a=rtpmap:"]


def mutated(source):
    """One message with a handful of changes; `source` is a random.Random."""
    data = bytearray(source.choice(SEEDS).encode("utf-8", "surrogateescape"))
    data = bytearray(bytes(data).replace(b"branch=z9hG4bK", b"branch=z9hG4bK" + str(source.getrandbits(40)).encode(), 1))
    for _ in range(source.choice((1, 1, 2, 3, 8))):
        at, kind = source.randrange(len(data) + 1), source.randrange(6)
        if kind == 0 and data:
            data[min(at, len(data) - 1)] = source.randrange(256)
        elif kind == 1:
            data[at:at] = source.choice(TOKENS)
        elif kind == 2:
            del data[at:at + source.choice((1, 2, 5, 20, 100))]
        elif kind == 3:
            length = source.choice((1, 5, 20, 80))
            data[at:at] = data[at:at + length] * source.choice((1, 2, 10, 100))
        elif kind == 4:
            other = source.choice(SEEDS).encode("utf-8", "surrogateescape")
            begin = source.randrange(len(other))
            data[at:at] = other[begin:begin + source.choice((5, 30, 200))]
        else:
            del data[at:]
            if not data:
                data += b"x"
    return bytes(data[:65507])


class Prober:
    """Sends an OPTIONS and measures how long its answer takes, less the time for which the machine had no CPU
    for the server's thread or for us: a busy machine is no fault of the server's. What a virtual machine's host
    takes away is seen nowhere, so one late answer in two hundred is let pass; a message that stalls does so again."""

    def __init__(self, case, pbx):
        self.peer = sip.Peer(case, "probe", server=SERVER)
        self.pbx = pbx
        self.slowest, self.asked, self.late = 0.0, 0, 0

    def _waited(self):
        """Seconds in the run queue, of the server's call thread and of this one."""
        threads = f"/proc/{self.pbx.pid}/task/{self.pbx.pid}", "/proc/thread-self"
        return sum(int(open(f"{one}/schedstat").read().split()[1]) for one in threads) / 1e9

    def ask(self, what="", limit=0.1):
        waited, began = self._waited(), time.monotonic()
        answer = self.peer.options(seconds=5)
        took = time.monotonic() - began - (self._waited() - waited)
        self.slowest = max(self.slowest, took)
        expect_equal(answer.status, 200, f"OPTIONS after {what}")
        self.asked += 1
        self.late += took >= limit * SLOWNESS
        expect(took < 10 * limit * SLOWNESS and self.late <= 1 + self.asked // 200,
               f"OPTIONS took {took * 1000:.0f} ms after {what}, the {self.late}th late one of {self.asked}")


def bombard(case, pbx, count, seed, every=50):
    """`count` mutations by UDP, an OPTIONS after every fifty. Returns the slowest answer in seconds."""
    source, prober = random.Random(seed), Prober(case, pbx)
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sender.bind(("127.0.0.1", 0))
    sender.setblocking(False)
    try:
        for n in range(count):
            sender.sendto(mutated(source), SERVER)
            if (n + 1) % every == 0:
                while True:  # answers to them: nobody reads them
                    try:
                        sender.recv(65536)
                    except OSError:
                        break
                prober.ask(f"{n + 1} mutations of seed {seed}")
    finally:
        sender.close()
    return prober.slowest
