"""RFC 4475's messages one by one over the wire, each with the answer that the RFC asks for.

The messages are the files of tests/sip/torture. docs/security/sip-parsing.md names where the RFC leaves a choice and
what was chosen; the unit test beside the files has what the parser makes of each.
"""
import re
import socket
from pathlib import Path

from harness import config, sip
from harness.calls import expect_nothing_left
from harness.case import SLOWNESS, expect, expect_equal
from harness.switchroom import Switchroom

FILES = Path(__file__).resolve().parents[1] / "sip" / "torture"
OPEN = ("127.0.0.1", 5080)   # a profile that challenges no call
HERE = ("127.0.0.2", 5060)   # answers to a Via without rport go to port 5060

# By name: the status of the answer, None where nothing may come back; and what must stand in it.
# 3.1.1: valid messages
VALID = {
    "wsinv": (481, ("To:.*;tag=1918181833n", r'From: "L House \\\\\\"" <sip:lighthouse@example.com>;tag=98asjd8',
                    "CSeq: 9 INVITE", "branch=390skdjuw", "branch=z9hG4bK9ikj8", "branch=z9hG4bK30239")),
    "intmeth": (501, (r"CSeq: 139122385 !interesting-Method0123456789_\*\+`\.%indeed'~", "Allow:", r"tag=_token~1'\+`\*%!-\.")),
    "esc01": (486, ("To: <sip:user@example.com>",)),      # routed as sips:user@example.com, see CONTEXTS
    "escnull": (401, ("null-%00-null@example.com",)),     # not cut at the NUL
    "esc02": (501, ("CSeq: 7 RE%47IST%45R",)),            # no REGISTER: a method is not unescaped
    "lwsdisp": (200, ("caller",)),
    "longreq": (200, ("sip1.example.com", "sip33.example.com", "m=audio")),
    "dblreq": (401, ()),                                  # and no second answer: what is behind the first is no request
    "semiuri": (200, ()),
    "transports": (200, ("SCTP", "UNKNOWN", "TLS")),
    "mpart01": (405, ("Allow:",)),                        # MESSAGE is not supported
    "unreason": (None, ()),                               # answers to nothing that was asked
    "noreason": (None, ()),
}
# 3.1.2: not valid
INVALID = {
    "badinv01": (400, ()), "clerr": (400, ()), "ncl": (400, ()), "scalar02": (400, ()), "scalarlg": (None, ()),
    "quotbal": (400, ()), "ltgtruri": (400, ()), "lwsruri": (400, ()), "lwsstart": (400, ()), "trws": (400, ()),
    "escruri": (400, ()), "baddate": (200, ("m=audio",)), "regbadct": (400, ()), "badaspec": (400, ()),
    "baddn": (400, ()), "badvers": (505, ()), "mismatch01": (400, ()), "mismatch02": (400, ()), "bigcode": (None, ()),
}
# 3.2 to 3.4: transactions, applications, the RFC before
FURTHER = {
    "badbranch": (200, ()), "insuf": (400, ("CSeq: 193942 INVITE", "branch=z9hG4bKkdj.insuf")), "unkscm": (416, ()),
    "novelsc": (416, ()), "unksm2": (400, ()),
    "bext01": (420, ("(?i)Unsupported: nothingSupportsThis, nothingSupportsThisEither",)),
    "invut": (415, ("Accept: application/sdp",)), "regaut01": (401, ("WWW-Authenticate: Digest",)), "multi01": (400, ()),
    "mcl01": (400, ()), "bcast": (None, ()), "zeromf": (200, ()), "cparam01": (401, ()), "cparam02": (401, ()),
    "regescrt": (401, ()), "sdp01": (406, ("Accept: application/sdp",)), "inv2543": (200, ("m=audio", "Record-Route: <sip:UserB@example.com;maddr=ss1.example.com>")),
}
ALL = {**VALID, **INVALID, **FURTHER}

CONTEXTS = config.DEFAULT_CONTEXT + r"""
[[contexts.public]]
when = { destination_number = '^sips:user@example\.com$' }
do   = ["respond 486"]

[[contexts.public]]
when = { destination_number = '^\w+$' }
do   = ["answer", "hangup"]
"""


def office(case):
    profile = '\n[profiles.external]\nlisten = ["udp:127.0.0.1:5080", "tcp:127.0.0.1:5080"]\ncontext = "public"\nauth = false\n'
    return Switchroom(case, config.office(case.folder, CONTEXTS, profile=profile))


def message(name):
    """With a branch of its own, where the files share one: otherwise one would be another's retransmission."""
    return (FILES / f"{name}.sip").read_bytes().replace(b"z9hG4bKtorture", b"z9hG4bK" + name.encode())


def test_every_message_is_here(case):
    expect_equal(sorted(ALL), sorted(path.stem for path in FILES.glob("*.sip")), "the messages that have an answer")
    expect_equal(len(ALL), 49, "the RFC's messages")


class Wire:
    """Sends bytes and reads what comes back, by UDP or over one TCP connection."""

    def __init__(self, case, transport):
        kind = socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM
        self.socket = socket.socket(socket.AF_INET, kind)
        case.defer(self.socket.close)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.stream = transport == "tcp"
        self.socket.bind((HERE[0], 0) if self.stream else HERE)
        if self.stream:
            self.socket.connect(OPEN)
        self.buffer = b""
        self.past = set()  # Call-IDs whose answers may still be repeated

    def send(self, data):
        self.socket.sendall(data) if self.stream else self.socket.sendto(data, OPEN)

    def receive(self, seconds):
        """The next message as text; None when there is none, b'' of a stream that ended likewise."""
        self.socket.settimeout(seconds * SLOWNESS)
        try:
            if not self.stream:
                return self.socket.recv(65535).decode(errors="replace")
            while True:
                head, end, rest = self.buffer.partition(b"\r\n\r\n")
                length = re.search(rb"(?im)^Content-Length: *(\d+)", head)
                if end and len(rest) >= int(length[1]):
                    self.buffer = rest[int(length[1]):]
                    return (head + end + rest[:int(length[1])]).decode(errors="replace")
                more = self.socket.recv(65535)
                if not more:
                    return None
                self.buffer += more
        except (socket.timeout, ConnectionError):
            return None

    def answers(self, seconds=0.4):
        """All finals until it is silent; what is asked for is acknowledged, and a BYE answered."""
        found = []
        while (text := self.receive(seconds)) is not None:
            start = text.split("\r\n", 1)[0]
            status = re.match(r"SIP/2\.0 (\d\d\d)", start)
            if status is None:
                self.send(re.sub(r"^.*?\r\n", "SIP/2.0 200 OK\r\n", text, count=1).encode())
            elif int(status[1]) >= 200 and call_id(text) not in self.past:
                if not any(text.split("\r\n\r\n")[0] == old.split("\r\n\r\n")[0] for old in found):
                    found.append(text)
                if re.search(r"(?m)^CSeq: \d+ INVITE", text):
                    self.send(acknowledgement(text))
        return found

    def forget(self, answers):
        self.past |= {call_id(answer) for answer in answers}


def call_id(text):
    return re.search(r"(?m)^Call-ID: (.*?)\r?$", text)[1]


def acknowledgement(final):
    """In the transaction of the INVITE for a refusal; in one of its own for a 200."""
    head = final.split("\r\n\r\n")[0]
    lines = [line for line in head.split("\r\n") if re.match(r"(Via|From|To|Call-ID):", line)]
    via = next(line for line in lines if line.startswith("Via"))
    if final.startswith("SIP/2.0 200"):
        via = "Via: SIP/2.0/UDP 127.0.0.2;branch=z9hG4bKack"
    number = re.search(r"(?m)^CSeq: (\d+)", head)[1]
    others = [line for line in lines if not line.startswith("Via")]
    return "\r\n".join(["ACK sip:user@127.0.0.1:5080 SIP/2.0", via, *others, f"CSeq: {number} ACK", "Max-Forwards: 70",
                        "Content-Length: 0", "", ""]).encode()


def judge(name, answers):
    wanted, words = ALL[name]
    statuses = [int(answer[8:11]) for answer in answers]
    expect_equal(statuses, [] if wanted is None else [wanted], f"{name}: the answers")
    for word in words:
        expect(re.search(word, answers[0]), f"{name}: {word!r} is missing in\n{answers[0]}")


def test_by_datagrams(case):
    with office(case) as pbx:
        wire = Wire(case, "udp")
        for name in ALL:
            wire.send(message(name))
            answers = wire.answers()
            judge(name, answers)
            wire.forget(answers)
        expect_nothing_left(pbx)


def test_by_streams(case):
    """The same, but for what the stream makes of it."""
    with office(case) as pbx:
        for name in ALL:
            wire = Wire(case, "tcp")
            wire.send(message(name))
            answers = wire.answers()
            if name == "clerr":
                expect_equal(answers, [], "clerr: the rest of its body may still come")
            elif name == "dblreq":  # two requests, one behind the other: the second is one here
                expect_equal([int(answer[8:11]) for answer in answers], [401, 200], "dblreq: the answers")
            else:
                judge(name, answers)
            wire.socket.close()
        expect_nothing_left(pbx)


def test_a_branch_that_is_nothing_but_the_cookie(case):
    """3.2.1: it names no transaction, so each request is one by what RFC 2543 compares."""
    with office(case):
        wire = Wire(case, "udp")
        first = message("badbranch")
        wire.send(first)
        one = wire.answers()
        wire.send(first.replace(b"badbranch@", b"another@"))
        two = wire.answers()
        expect("another@" in two[0] and len(one) == len(two) == 1, two)
        wire.send(first)
        again = wire.answers()
        expect_equal(again, one, "the answer to a retransmission")


def registered(case, contact):
    """What 1001 gets back as its Contact."""
    phone = sip.Peer(case, "1001", config.password("1001"), server="127.0.0.1:5060")
    request = phone.request("REGISTER", "sip:127.0.0.1", to="<sip:1001@127.0.0.1>")
    request.set("Contact", contact)
    answer = phone.exchange(request)
    expect_equal(answer.status, 200, f"REGISTER with {contact}")
    return phone, [line for line in answer.all("Contact") if "@" + contact.split("@")[1][:8] in line]


def test_the_registrar_keeps_parameters_in_their_place(case):
    """3.3.12 to 3.3.14, by somebody who may register."""
    with office(case):
        _, bound = registered(case, "sip:+19725552222@gw1.example.net;unknownparam")
        expect(len(bound) == 1 and "<sip:+19725552222@gw1.example.net>" in bound[0], "a parameter of the header:", bound)
        _, bound = registered(case, "<sip:+19725552222@gw2.example.net;unknownparam>")
        expect(len(bound) == 1 and "<sip:+19725552222@gw2.example.net;unknownparam>" in bound[0], "one of the URI:", bound)
        phone, bound = registered(case, "<sip:user@example.com?Route=%3Csip:sip.example.com%3E>")
        expect(len(bound) == 1 and "?" not in bound[0], "headers of the URI are left out:", bound)
        # A call to it carries no header that the registration asked for.
        caller = sip.Peer(case, "1002", config.password("1002"), server="127.0.0.1:5060")
        call = caller.invite("sip:1001@127.0.0.1", caller.sdp(4000))
        invite = phone.expect("INVITE")
        expect("?" not in invite.uri and "sip.example.com" not in str(invite).replace(invite.uri, ""), invite)
        call.cancel()


def called(case):
    """A caller, its call, the phone that rings, and the INVITE there."""
    caller, phone = (sip.Peer(case, number, config.password(number), server="127.0.0.1:5060") for number in ("1001", "1002"))
    phone.register()
    call = caller.invite("sip:1002@127.0.0.1", caller.sdp(4000))
    return call, phone, phone.expect("INVITE")


def strange(phone, invite, line, body="", more=(), replace=()):
    """An answer of the phone with another first line."""
    answer = phone.response(invite, 200, body=body, headers=more, tag="b")
    text = re.sub(r"^.*?\r\n", lambda _: line + "\r\n", answer.encode().decode(), count=1)
    for old, new in replace:
        text = re.sub(old, new, text)
    phone.send(text.encode())


def test_reasons_of_a_phone(case):
    """3.1.1.12 and 3.1.1.13, as answers to what was asked."""
    with office(case) as pbx:
        call, phone, invite = called(case)
        strange(phone, invite, "SIP/2.0 180 ")
        expect_equal(call.peer.wait_for(180).status, 180)
        strange(phone, invite, "SIP/2.0 200 = 2**3 * 5**2 но сто девяносто девять - простое", phone.sdp(4002),
                (("Contact", phone.contact),))
        call.expect(200)
        call.ack()
        phone.expect("ACK")
        call.bye()
        bye = phone.expect("BYE")
        phone.reply(bye, 200)
        expect_nothing_left(pbx)


def test_numbers_of_a_phone_that_are_too_large(case):
    """3.1.2.5 and 3.1.2.19: such an answer is none; the call goes on by the next good one."""
    with office(case) as pbx:
        call, phone, invite = called(case)
        strange(phone, invite, "SIP/2.0 4294967301 better not break the receiver")
        strange(phone, invite, "SIP/2.0 503 Service Unavailable", replace=((r"CSeq: \d+", "CSeq: 9292394834772304023312"),))
        strange(phone, invite, "SIP/2.0 180 Ringing")
        call.peer.wait_for(180)
        strange(phone, invite, "SIP/2.0 486 Busy Here", more=(("Retry-After", "949302838503028349304023988"),
                                                             ("Warning", '1812 overture "In Progress"')))
        phone.expect("ACK")
        call.expect_failure(486)
        expect_nothing_left(pbx)
